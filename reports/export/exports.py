"""A group's leaderboard as a LaTeX table and as a Markdown table: main metrics, ranks, names escaped."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.store.record import Record
from reports.analysis.groups import Entry, Group, has_value, held, main_keys
from reports.analysis.ranks import Standings
from reports.words import glossary, text
from reports.words.glossary import DIRECTIONS
from reports.words.markdown import escaped, markdown_lines
from reports.words.ranks import IN_TABLE, legend

APART = glossary.BANDS[1:]  # the bands that carry a heading
SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    text.MINUS: "$-$",
}
ARROWS = {True: r" $\uparrow$", False: r" $\downarrow$", None: ""}
MEANS = "Scores of single images: means with half of their 95 % bootstrap interval."
SETS = "Distances between sets of images ({}) are one number each and have no such interval."
SUBSETS = "Kernel distances between sets of images ({}) are means over {} shared subsets and have no such interval."
WORDS = ("method", "access", "training")
STATUS = "status"  # the only other column where nobody has a score


def latex(group: Group, ranked: Standings) -> str:
    """A ``table`` environment that needs the package booktabs."""
    keys = _keys(group)
    heads = [tex(key) + ARROWS[group.metric(key).higher_is_better] for key in keys]
    span = len(WORDS) + (len(keys) or 1)
    blocks = []
    for title, entries in glossary.bands(group):
        heading = [[rf"\multicolumn{{{span}}}{{l}}{{\textit{{{tex(title)}}}}}"]] if title in APART else []
        blocks.append([*heading, *(_latex_row(entry, keys, ranked) for entry in entries)])
    if chances := _chances(group, keys):
        blocks.append([["chance", "", "", *(_signs(one) for one in chances)]])
    body = "\\midrule\n".join("".join(f"{' & '.join(row)} \\\\\n" for row in block) for block in blocks)
    about = tex(_about(group, ranked, keys))
    return (
        "% \\usepackage{booktabs}\n\\begin{table}\n\\centering\n"
        f"\\caption{{{about}}}\n\\begin{{tabular}}{{lll{'r' * len(keys) or 'l'}}}\n\\toprule\n"
        f"{' & '.join([*WORDS, *(heads or [STATUS])])} \\\\\n\\midrule\n"
        f"{body}\\bottomrule\n\\end{{tabular}}\n\\end{{table}}\n"
    )


def markdown(group: Group, ranked: Standings) -> str:
    """A table with a line above it that says what it holds."""
    keys = _keys(group)
    heads = [f"`{key}` {DIRECTIONS[group.metric(key).higher_is_better][0]}".rstrip() for key in keys] or [STATUS]
    rows = []
    for title, entries in glossary.bands(group):
        rows += [[f"*{title}*", *[""] * (len(WORDS) - 1 + len(heads))]] if title in APART else []
        rows += [_markdown_row(entry, keys, ranked) for entry in entries]
    if chances := _chances(group, keys):
        rows.append(["chance", "", "", *chances])
    return "\n".join([escaped(_about(group, ranked, keys)), "", *markdown_lines([*WORDS, *heads], rows)]) + "\n"


def tex(words: str) -> str:
    """Text that LaTeX shows as it stands, in one line."""
    return "".join(SPECIAL.get(character, character) for character in " ".join(words.split()))


def _about(group: Group, ranked: Standings, keys: Sequence[str]) -> str:
    """What the table holds and how to read it."""
    images = text.plural(group.num_images, "image")
    what = f"{group.classifier} on {group.dataset}, {images}, protocol {group.fingerprint or 'not recorded'}."
    sets = {key: _num_subsets(group, key) for key in keys if group.metric(key).level == "set"}
    told = [what]
    told += [MEANS] if len(sets) < len(keys) else []
    for number in sorted(set(sets.values())):
        names = text.listing(key for key, own in sets.items() if own == number)
        told.append(SUBSETS.format(names, text.count(number)) if number else SETS.format(names))
    told += [IN_TABLE] if any(ranked[key].ranks for key in keys) else []
    return " ".join([*told, *(legend(ranked, keys) if keys else [])])


def _num_subsets(group: Group, key: str) -> int:
    """Number of subsets that a distance is a mean over; 0 where it is one number for all images."""
    held = (entry.record.metrics[key].subsets for entry in group.complete if has_value(entry, key))
    return max((len(subsets) for subsets in held if subsets), default=0)


def _chances(group: Group, keys: Sequence[str]) -> list[str]:
    """What guessing scores in each metric, blank where records do not agree; empty where there is none at all."""
    chances = []
    for key in keys:
        scores = (entry.record.metrics[key] for entry in group.complete if has_value(entry, key))
        found = {text.number(group.metric(key), score.chance) for score in scores if score.chance is not None}
        chances.append(found.pop() if len(found) == 1 else "")
    return chances if any(chances) else []


def _signs(printed: str) -> str:
    return printed.replace(text.MINUS, "$-$").replace(text.DASH, "---")


def _keys(group: Group) -> list[str]:
    """The main metrics that anybody has a value of."""
    return [key for key in main_keys(group) if held(key, group)]


def _printed(
    entry: Entry, key: str, ranked: Standings, bold: Callable[[str], str], small: Callable[[str, str], str]
) -> str:
    """A value, what stands behind it in small (half an interval and a rank, or one of them, or none), or a dash."""
    score = entry.record.metrics.get(key)
    if score is None or score.value is None or text.is_by_definition(score):
        return text.DASH
    value, half = text.number(entry.metric(key), score.value, score.ci95), text.half_width(score.ci95)
    rank = ranked[key].ranks.get(entry)
    shown = bold(value) if entry in ranked[key].leaders else value
    return shown + small(half, f"({rank})" if rank is not None else "")


def _latex_row(entry: Entry, keys: Sequence[str], ranked: Standings) -> list[str]:
    record = entry.record
    lead = [tex(entry.label), tex(record.access), tex(record.training)]
    if not entry.complete:
        return [*lead, rf"\multicolumn{{{len(keys) or 1}}}{{l}}{{{tex(_lost(record))}}}"]

    def bold(value: str) -> str:
        return rf"\textbf{{{value}}}"

    def small(half: str, rank: str) -> str:
        told = " ".join(filter(None, (half and rf"$\pm${half}", rank)))
        return rf" {{\scriptsize {told}}}" if told else ""

    cells = [_signs(_printed(entry, key, ranked, bold, small)) for key in keys]
    return [*lead, *(cells or [record.status])]


def _markdown_row(entry: Entry, keys: Sequence[str], ranked: Standings) -> list[str]:
    record = entry.record
    lead = [escaped(entry.label), escaped(record.access), escaped(record.training)]
    if not entry.complete:
        return [*lead, escaped(_lost(record)), *[""] * (len(keys) - 1)]

    def small(half: str, rank: str) -> str:
        return (half and f"±{half}") + (rank and f" {rank}")

    cells = [_printed(entry, key, ranked, "**{}**".format, small) for key in keys]
    return [*lead, *(cells or [record.status])]


def _lost(record: Record) -> str:
    return f"{record.status}: {record.reason or 'no reason was recorded'}"
