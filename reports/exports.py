"""A group's leaderboard as a LaTeX table and as a Markdown table: main metrics, best in bold, names escaped."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.record import Record, Score
from reports import glossary, text
from reports.groups import Entry, Group
from reports.scores import DIRECTIONS, Winners
from reports.tables import escaped, markdown_lines

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
MEANS = "Scores of single images: means with half of their 95 % bootstrap interval."
SETS = "Distances between sets of images ({}) are one number each and have no such interval."
BOLD = "Bold: the inverter whose paired difference from every other ranked method leaves zero out."
WORDS = ("method", "access", "training")
STATUS = "status"  # the only other column where nobody has a score


def latex(group: Group, winners: Winners) -> str:
    """A ``table`` environment that needs the package booktabs."""
    keys = _keys(group)
    heads = [tex(key) + {True: r" $\uparrow$", False: r" $\downarrow$", None: ""}[_better(key)] for key in keys]
    span = len(WORDS) + (len(keys) or 1)
    blocks = []
    for title, entries in group.bands:
        heading = [[rf"\multicolumn{{{span}}}{{l}}{{\textit{{{tex(title)}}}}}"]] if title in APART else []
        blocks.append([*heading, *(_latex_row(entry, keys, winners) for entry in entries)])
    if chances := _chances(group, keys):
        blocks.append([["chance", "", "", *(_signs(one) for one in chances)]])
    body = "\\midrule\n".join("".join(f"{' & '.join(row)} \\\\\n" for row in block) for block in blocks)
    return (
        "% \\usepackage{booktabs}\n\\begin{table}\n\\centering\n"
        f"\\caption{{{tex(_about(group, keys))}}}\n\\begin{{tabular}}{{lll{'r' * len(keys) or 'l'}}}\n\\toprule\n"
        f"{' & '.join([*WORDS, *(heads or [STATUS])])} \\\\\n\\midrule\n"
        f"{body}\\bottomrule\n\\end{{tabular}}\n\\end{{table}}\n"
    )


def markdown(group: Group, winners: Winners) -> str:
    """A table with a line above it that says what it holds."""
    keys = _keys(group)
    heads = [f"`{key}` {DIRECTIONS[_better(key)][0]}".rstrip() for key in keys] or [STATUS]
    rows = []
    for title, entries in group.bands:
        rows += [[f"*{title}*", *[""] * (len(WORDS) - 1 + len(heads))]] if title in APART else []
        rows += [_markdown_row(entry, keys, winners) for entry in entries]
    if chances := _chances(group, keys):
        rows.append(["chance", "", "", *chances])
    return "\n".join([escaped(_about(group, keys)), "", *markdown_lines([*WORDS, *heads], rows)]) + "\n"


def tex(words: str) -> str:
    """Text that LaTeX shows as it stands, in one line."""
    return "".join(SPECIAL.get(character, character) for character in " ".join(words.split()))


def _about(group: Group, keys: Sequence[str]) -> str:
    """What the table holds and how to read it."""
    images = text.plural(group.num_images, "image")
    what = f"{group.classifier} on {group.dataset}, {images}, protocol {group.fingerprint or 'not recorded'}."
    sets = [key for key in keys if glossary.metric(key).level == "set"]
    means = [MEANS] if len(sets) < len(keys) else []
    return " ".join([what, *means, *([SETS.format(text.listing(sets))] if sets else []), *([BOLD] if keys else [])])


def _chances(group: Group, keys: Sequence[str]) -> list[str]:
    """What guessing scores in each metric, blank where records do not agree; empty where there is none at all."""
    chances = []
    for key in keys:
        scores = (_score(entry, key) for entry in group.complete)
        found = {text.number(key, score.chance) for score in scores if score is not None and score.chance is not None}
        chances.append(found.pop() if len(found) == 1 else "")
    return chances if any(chances) else []


def _signs(printed: str) -> str:
    return printed.replace(text.MINUS, "$-$").replace(text.DASH, "---")


def _keys(group: Group) -> list[str]:
    """The main metrics that anybody has a value of."""
    return [key for key in ("fid", *glossary.MAIN_METRICS) if any(_score(entry, key) for entry in group.complete)]


def _better(key: str) -> bool | None:
    return glossary.metric(key).higher_is_better


def _score(entry: Entry, key: str) -> Score | None:
    score = entry.record.metrics.get(key)
    return score if score is not None and score.value is not None else None


def _printed(entry: Entry, key: str, bold: Callable[[str], str], spread: Callable[[str], str], best: bool) -> str:
    score = _score(entry, key)
    if score is None or score.value is None:
        return text.DASH
    value = text.number(key, score.value)
    half = spread(text.half_width(key, score.value, score.ci95)) if score.ci95 else ""
    return (bold(value) if best else value) + half


def _latex_row(entry: Entry, keys: Sequence[str], winners: Winners) -> list[str]:
    record = entry.record
    lead = [tex(entry.label), tex(record.access), tex(record.training)]
    if not entry.complete:
        return [*lead, rf"\multicolumn{{{len(keys) or 1}}}{{l}}{{{tex(_lost(record))}}}"]

    def bold(value: str) -> str:
        return rf"\textbf{{{value}}}"

    def spread(half: str) -> str:
        return rf" {{\scriptsize $\pm${half}}}"

    cells = [_signs(_printed(entry, key, bold, spread, entry is winners.get(key))) for key in keys]
    return [*lead, *(cells or [record.status])]


def _markdown_row(entry: Entry, keys: Sequence[str], winners: Winners) -> list[str]:
    record = entry.record
    lead = [escaped(entry.label), escaped(record.access), escaped(record.training)]
    if not entry.complete:
        return [*lead, escaped(_lost(record)), *[""] * (len(keys) - 1)]
    cells = [_printed(entry, key, "**{}**".format, "±{}".format, entry is winners.get(key)) for key in keys]
    return [*lead, *(cells or [record.status])]


def _lost(record: Record) -> str:
    return f"{record.status}: {record.reason or 'no reason was recorded'}"
