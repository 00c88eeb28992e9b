"""A group's leaderboard as a table for a paper: a few metrics by their titles, with siunitx and booktabs."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from reports.analysis.front import columns
from reports.analysis.groups import Entry, Group, has_value, held
from reports.analysis.metrics import first
from reports.analysis.ranks import Standings
from reports.export.exports import APART, chances_of, lost
from reports.words import glossary, seeds, text

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
PREAMBLE = (
    "% \\usepackage{booktabs}\n% \\usepackage{siunitx}\n% \\usepackage{etoolbox}  \\robustify\\bfseries\n"
    "% \\sisetup{detect-weight = true, detect-inline-weight = math}\n"
)
INTERVALS = "In brackets, in units of the last digit: half of the 95 % bootstrap interval over images."
BOLD = "Bold: certainly better than every other inverter (paired differences, p < 0.05 after Holm's correction)."
WIDTH = 8  # characters of a head that numbers with their intervals fill
NUMBER = re.compile(r"(-?)(\d+)(?:\.(\d+))?(?:\((\d+)\))?")  # a value, and half of its interval


def latex(group: Group, ranked: Standings) -> str:
    """A ``table`` environment with caption and label; a comment above it names the packages that it needs.

    Its columns are the metrics of the page's first screen and a distance between the sets, where anybody has values,
    and what a method sees, where ranked inverters differ in that. It fits a text of 140 mm.
    """
    keys, bands = chosen(group), glossary.bands(group)
    heads = [_head(group.metric(key).title, ARROWS[group.metric(key).higher_is_better]) for key in keys]
    seen = len({entry.record.access for title, entries in bands if title not in APART for entry in entries}) > 1
    before = 1 + seen
    span, blocks = before + (len(keys) or 1), []
    for title, entries in bands:
        heading = [[rf"\multicolumn{{{span}}}{{l}}{{\textit{{{tex(title)}}}}}"]] if title in APART else []
        blocks.append([*heading, *(row for one in entries for row in _rows(one, keys, ranked, before))])
    if chances := chances_of(group, keys):
        blocks.append([[*["chance", ""][:before], *(one.replace(text.MINUS, "-") for one in chances)]])
    body = "\\midrule\n".join("".join(f"{' & '.join(row)} \\\\\n" for row in block) for block in blocks)
    kinds = "".join(
        _kind([row[before + k] for block in blocks for row in block if len(row) == span]) for k in range(len(keys))
    )
    return (
        f"{PREAMBLE}\\begin{{table}}\n\\centering\n\\footnotesize\n\\setlength{{\\tabcolsep}}{{3pt}}\n"
        f"\\caption{{{tex(_caption(group, ranked, keys))}}}\n"
        f"\\label{{tab:{label(group)}}}\n\\begin{{tabular}}{{{'l' * before}{kinds or 'l'}}}\n\\toprule\n"
        f"{' & '.join([*['Method', 'Sees'][:before], *(heads or ['Status'])])} \\\\\n\\midrule\n"
        f"{body}\\bottomrule\n\\end{{tabular}}\n\\end{{table}}\n"
    )


def chosen(group: Group) -> list[str]:
    """The metrics of a paper's table."""
    distance = first(group.metrics, "distance")
    return [*columns([group]), *([distance] if distance and held(distance, group) else [])]


def label(group: Group) -> str:
    """What the table is referred to by, with letters, digits and dashes alone."""
    return re.sub(r"[^A-Za-z0-9]+", "-", f"{group.classifier}-{group.dataset}-{group.num_images}").strip("-")


def tex(words: str) -> str:
    """Text that LaTeX shows as it stands, in one line."""
    return "".join(SPECIAL.get(character, character) for character in " ".join(words.split()))


def _caption(group: Group, ranked: Standings, keys: Sequence[str]) -> str:
    told = f"Reconstructions from the logits of {group.classifier} for {text.plural(group.num_images, 'image')} of "
    told += f"{group.dataset}."
    level = {group.metric(key).level for key in keys}
    told += f" Means over images. {INTERVALS}" if "image" in level else ""
    told += "".join(f" {line}" for entry in group.complete for line in seeds.mean_of_row(entry))
    return told + (f" {BOLD}" if any(ranked[key].leaders for key in keys) else "")


def _head(title: str, arrow: str) -> str:
    """A title over a column of numbers, in two lines where it is wider than they are."""
    lines = textwrap.wrap(title, max(WIDTH, len(title) // 2 + 2), break_on_hyphens=False)
    stacked = r" \\ ".join(tex(line) for line in lines) + arrow
    return rf"{{\begin{{tabular}}[b]{{@{{}}c@{{}}}}{stacked}\end{{tabular}}}}" if len(lines) > 1 else f"{{{stacked}}}"


def _lead(entry: Entry) -> list[str]:
    return [tex(entry.label), tex(entry.record.access)]


def _rows(entry: Entry, keys: Sequence[str], ranked: Standings, before: int) -> list[list[str]]:
    """A method's row; of several seeds followed by their standard deviations."""
    apart = seeds.rows(entry, keys) if keys else []
    below = [[*[rf"\quad {name}", ""][:before], *(one or "{---}" for one in cells)] for name, cells in apart]
    return [[*_lead(entry)[:before], *_row(entry, keys, ranked)], *below]


def _row(entry: Entry, keys: Sequence[str], ranked: Standings) -> list[str]:
    if not entry.complete:
        return [rf"\multicolumn{{{len(keys) or 1}}}{{l}}{{{tex(lost(entry.record))}}}"]
    return [_cell(entry, key, ranked) for key in keys] or [entry.record.status]


def _cell(entry: Entry, key: str, ranked: Standings) -> str:
    """A number as siunitx reads it, or a dash in braces."""
    score = entry.record.metrics.get(key)
    if score is None or not has_value(entry, key) or text.is_by_definition(score):
        return "{---}"
    shown = text.concise(entry.metric(key), score.value or 0.0, score.ci95).replace(text.MINUS, "-")
    return (r"\bfseries " if entry in ranked[key].leaders else "") + shown


def _kind(cells: Sequence[str]) -> str:
    """A column of siunitx with room for the longest of each part of these numbers."""
    found = [one for one in (NUMBER.fullmatch(cell.removeprefix(r"\bfseries ")) for cell in cells) if one]
    if not found:
        return "c"
    sign = "-" if any(one[1] for one in found) else ""
    whole, rest, error = (max(len((one[k] or "").replace(".", "")) for one in found) for k in (2, 3, 4))
    return f"S[table-format={sign}{whole}.{rest}{f'({error})' if error else ''}]"
