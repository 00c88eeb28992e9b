"""A group's leaderboard as a LaTeX table and as a Markdown table: main metrics, best in bold, names escaped."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.record import Score
from reports import glossary, text
from reports.groups import Entry, Group
from reports.scores import DIRECTIONS, Winners
from reports.tables import escaped, markdown_lines

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
READING = (
    "Means over images with half of their 95 % bootstrap interval. Bold: the inverter whose paired difference from "
    "every other ranked one leaves zero out."
)
Cells = Sequence[Sequence[str]]


def latex(group: Group, winners: Winners) -> str:
    """A ``table`` environment that needs the package booktabs."""
    keys = _keys(group)
    heads = [tex(key) + {True: r" $\uparrow$", False: r" $\downarrow$", None: ""}[_better(key)] for key in keys]
    bands = []
    for _, entries in group.bands:
        bands.append("".join(f"{' & '.join(_latex_row(e, keys, winners))} \\\\\n" for e in entries))
    about = f"{_about(group)} {READING}"
    return (
        "% \\usepackage{booktabs}\n\\begin{table}\n\\centering\n"
        f"\\caption{{{tex(about)}}}\n\\begin{{tabular}}{{lll{'r' * len(keys)}}}\n\\toprule\n"
        f"{' & '.join(['method', 'access', 'training', *heads])} \\\\\n\\midrule\n"
        + "\\midrule\n".join(bands)
        + "\\bottomrule\n\\end{tabular}\n\\end{table}\n"
    )


def markdown(group: Group, winners: Winners) -> str:
    """A table with a line above it that says what it holds."""
    keys = _keys(group)
    head = ["method", "access", "training", *(f"`{key}` {DIRECTIONS[_better(key)][0]}".rstrip() for key in keys)]
    rows = [_markdown_row(entry, keys, winners) for _, entries in group.bands for entry in entries]
    return "\n".join([f"{escaped(_about(group))} {READING}", "", *markdown_lines(head, rows)]) + "\n"


def tex(words: str) -> str:
    """Text that LaTeX shows as it stands, in one line."""
    return "".join(SPECIAL.get(character, character) for character in " ".join(words.split()))


def _about(group: Group) -> str:
    images = text.plural(group.num_images, "image")
    return f"{group.classifier} on {group.dataset}, {images}, protocol {group.fingerprint or 'not recorded'}."


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
    name = tex(entry.label) if record.kind == "inverter" else rf"\textit{{{tex(entry.label)}}}"
    lead = [name, tex(record.access), tex(record.training)]
    if not entry.complete:
        reason = f"{record.status}: {record.reason or 'no reason was recorded'}"
        return [*lead, rf"\multicolumn{{{len(keys)}}}{{l}}{{{tex(reason)}}}"] if keys else lead

    def bold(value: str) -> str:
        return rf"\textbf{{{value}}}"

    def spread(half: str) -> str:
        return rf" {{\scriptsize $\pm${half}}}"

    cells = [_printed(entry, key, bold, spread, entry is winners.get(key)) for key in keys]
    return [*lead, *(cell.replace(text.MINUS, "$-$").replace(text.DASH, "---") for cell in cells)]


def _markdown_row(entry: Entry, keys: Sequence[str], winners: Winners) -> list[str]:
    record = entry.record
    name = escaped(entry.label) if record.kind == "inverter" else f"*{escaped(entry.label)}*"
    lead = [name, escaped(record.access), escaped(record.training)]
    if not entry.complete:
        reason = f"{record.status}: {escaped(record.reason or 'no reason was recorded')}"
        return [*lead, reason, *[""] * (len(keys) - 1)] if keys else lead
    cells = (_printed(entry, key, "**{}**".format, "±{}".format, entry is winners.get(key)) for key in keys)
    return [*lead, *cells]
