"""What a reader may take along, each as a link that holds its whole file: no script, no server, no network."""

from __future__ import annotations

import base64
import csv
import dataclasses
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.record import Level, Record, Score
from reports import exports, text
from reports.bibliography import bibtex
from reports.groups import Group
from reports.scores import Winners

# The columns of the CSV: what identifies the value, the value, and what is needed to read it.
CELL = (
    "dataset",
    "classifier",
    "method",
    "kind",
    "access",
    "training",
    "stochastic",
    "preset",
    "num_images",
    "seed",
    "status",
    "reason",
    "probe",
)
LEVEL = ("level", "level_value")
SCORE = ("metric", "value", "ci95_low", "ci95_high", "n", "chance", "std", "higher_is_better", "note")
COLUMNS = (*CELL, *LEVEL, *SCORE, "fingerprint", "key")
FORMULA = ("=", "+", "-", "@", text.MINUS)  # what a spreadsheet runs when a cell begins with it


@dataclass(frozen=True)
class Download:
    """A link with its file inside."""

    label: str
    file: str
    uri: str
    size: str
    about: str


def everything(records: Sequence[Record]) -> tuple[Download, ...]:
    """The files that hold all records of the page."""
    return (
        _download(
            "CSV", "bench-scores.csv", "text/csv", as_csv(records), "a row for each record, level of a probe and metric"
        ),
        _download("JSON", "bench-records.json", "application/json", as_json(records), "the records themselves"),
        _download(
            "BibTeX", "bench-methods.bib", "application/x-bibtex", bibtex(records), "the papers behind what is shown"
        ),
    )


def tables(group: Group, winners: Winners, anchor: str) -> tuple[Download, ...]:
    """A group's leaderboard for a paper and for a README."""
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"bench-{anchor}-{group.classifier}-{group.dataset}")
    return (
        _download("LaTeX", f"{stem}.tex", "application/x-tex", exports.latex(group, winners), "main metrics, booktabs"),
        _download("Markdown", f"{stem}.md", "text/markdown", exports.markdown(group, winners), "main metrics"),
    )


def as_csv(records: Iterable[Record]) -> str:
    """Long format: a row for each record and metric; a cell without scores has one row with its reason."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for record in records:
        known = {name: getattr(record, name) for name in CELL}
        known |= {"fingerprint": record.fingerprint, "key": record.key}
        writer.writerows(_inert(known | row) for row in _rows(record))
    return file.getvalue()


def _inert(row: dict[str, object]) -> dict[str, object]:
    """Text that a spreadsheet would take for a formula begins with an apostrophe; numbers stay as they are."""
    return {name: f"'{cell}" if isinstance(cell, str) and _is_formula(cell) else cell for name, cell in row.items()}


def _is_formula(cell: str) -> bool:
    """Whether the first character, be it full-width or small, or what follows blanks, makes it one."""
    start = unicodedata.normalize("NFKC", cell[:16])
    return start.lstrip("\ufeff\0 ").startswith(FORMULA) or cell.startswith(("\t", "\r", "\n"))


def _rows(record: Record) -> Iterable[dict[str, object]]:
    if not record.metrics and not record.levels:
        yield {}
    yield from (_score(key, score) for key, score in record.metrics.items())
    for level in record.levels:
        yield from (_level(level) | _score(key, score) for key, score in level.metrics.items())


def _level(level: Level) -> dict[str, object]:
    return {"level": level.name, "level_value": level.value}


def _score(key: str, score: Score) -> dict[str, object]:
    low, high = score.ci95 or (None, None)
    known = {name: getattr(score, name) for name in ("value", "n", "chance", "std", "higher_is_better", "note")}
    return {"metric": key, "ci95_low": low, "ci95_high": high} | known


def as_json(records: Iterable[Record]) -> str:
    """A list of records, each as in its ``record.json``."""
    return json.dumps([dataclasses.asdict(record) for record in records], allow_nan=False, separators=(",", ":"))


def _download(label: str, file: str, kind: str, content: str, about: str) -> Download:
    data = content.encode(errors="replace")  # a file name that is no UTF-8 holds what cannot be encoded
    uri = f"data:{kind};charset=utf-8;base64,{base64.b64encode(data).decode()}"
    return Download(label, file, uri, text.bytes_of(len(data)), about)
