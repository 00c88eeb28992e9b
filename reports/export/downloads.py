"""What a reader may take along, each as a link that holds or names its file: no script, no server, no network."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.store.reader import Left
from bench.store.record import Level, Record, Score
from reports.analysis.groups import Group
from reports.analysis.ranks import Rank, Standings
from reports.analysis.seeds import Spread, spread
from reports.export import exports
from reports.export.files import INSIDE, Files
from reports.export.latex import latex
from reports.words import text
from reports.words.bibliography import bibtex
from reports.words.ranks import basis

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
    "training_seed",
    "status",
    "reason",
    "probe",
)
LEVEL = ("level", "level_value")
SCORE = ("metric", "value", "ci95_low", "ci95_high", "n", "chance", "std", "higher_is_better", "note")
SPREAD = (
    *("dataset", "classifier", "method", "num_images", "metric", "mean", "ci95_low", "ci95_high"),
    *("trainings", "trainings_std", "trainings_range", "seeds", "seeds_std", "seeds_range"),
    *("trainings_std_in_half_intervals", "points"),  # training seed/seed: value
)
RANK = ("rank_low", "rank_high", "rank_note")  # of ranked inverters: what it rests on, or why there is none
COLUMNS = (*CELL, *LEVEL, *SCORE, *RANK, "fingerprint", "key")
JSON = "JSON"
FORMULA = ("=", "+", "-", "@", text.MINUS)  # what a spreadsheet runs when a cell begins with it


@dataclass(frozen=True)
class Download:
    """A link to its file, which it holds unless the page is a folder."""

    label: str
    file: str
    uri: str
    size: str
    about: str
    weight: int  # bytes of the link that holds it


def everything(
    cells: Sequence[Left], ranked: Sequence[Standings], files: Files = INSIDE, groups: Sequence[Group] = ()
) -> tuple[Download, ...]:
    """The files that hold all records of the page, with the ranks of its groups, and what several seeds do."""
    records = [one.record for one in cells]
    rows, documents = as_csv(records, ranked), as_json(records, ranked)
    return (
        _download(
            files, "CSV", "bench-scores.csv", "text/csv", rows, "a row for each record, level of a probe and metric"
        ),
        _download(
            files, "JSON", "bench-records.json", "application/json", documents, "the records, and each score's rank"
        ),
        *_seeds(groups, files),
        _download(
            files,
            "BibTeX",
            "bench-methods.bib",
            "application/x-bibtex",
            bibtex(cells),
            "how to cite what is shown: bench, and the papers, networks and data behind it",
        ),
    )


def _seeds(groups: Sequence[Group], files: Files) -> tuple[Download, ...]:
    """Nothing where no row is several cells."""
    if not any(entry.cells for one in groups for entry in one.complete):
        return ()
    about = "a row for each metric of a method with several seeds: mean, interval, spread"
    return (_download(files, "Seeds", "bench-seeds.csv", "text/csv", seeds_csv(groups), about),)


def seeds_csv(groups: Iterable[Group]) -> str:
    """A row for each metric of a row of several seeds: mean, interval over images, spread of trainings and of runs."""
    file = io.StringIO()
    writer = csv.DictWriter(file, SPREAD, lineterminator="\r\n")
    writer.writeheader()
    for entry in (entry for one in groups for entry in one.complete):
        for key, score in entry.record.metrics.items():
            if (found := spread(key, entry)) is not None:
                writer.writerow(_inert(_spread(entry.record, key, score, found)))
    return file.getvalue()


def _spread(record: Record, key: str, score: Score, found: Spread) -> dict[str, object]:
    low, high = score.ci95 or (None, None)
    row: dict[str, object] = {name: getattr(record, name) for name in SPREAD[:4]}
    row |= {"metric": key, "mean": score.value, "ci95_low": low, "ci95_high": high}
    for name, apart in (("trainings", found.trainings), ("seeds", found.runs)):
        if apart is not None:
            row |= {name: apart.number, f"{name}_std": apart.std, f"{name}_range": apart.reach}
    points = "; ".join(
        f"{'' if training is None else training}/{run}: {value!r}" for (run, training), value in found.points
    )
    return row | {"trainings_std_in_half_intervals": found.times, "points": points}


def tables(group: Group, ranked: Standings, anchor: str, files: Files = INSIDE) -> tuple[Download, ...]:
    """A group's leaderboard for a paper and for a README."""
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"bench-{anchor}-{group.classifier}-{group.dataset}")
    return (
        _download(
            files, "LaTeX", f"{stem}.tex", "application/x-tex", latex(group, ranked), "for a paper: booktabs, siunitx"
        ),
        _download(files, "Markdown", f"{stem}.md", "text/markdown", exports.markdown(group, ranked), "main metrics"),
    )


def as_csv(records: Iterable[Record], ranked: Iterable[Standings] = ()) -> str:
    """Long format: a row for each record and metric; a cell without scores has one row with its reason."""
    places = _places(ranked)
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for record in records:
        known = {name: getattr(record, name) for name in CELL}
        known |= {"fingerprint": record.fingerprint, "key": record.key}
        writer.writerows(_inert(known | row) for row in _rows(record, places))
    return file.getvalue()


def _inert(row: dict[str, object]) -> dict[str, object]:
    """Text that a spreadsheet would take for a formula begins with an apostrophe; numbers stay as they are."""
    return {name: f"'{cell}" if isinstance(cell, str) and _is_formula(cell) else cell for name, cell in row.items()}


def _is_formula(cell: str) -> bool:
    """Whether the first character, be it full-width or small, or what follows blanks, makes it one."""
    start = unicodedata.normalize("NFKC", cell[:16])
    return start.lstrip("\ufeff\0 ").startswith(FORMULA) or cell.startswith(("\t", "\r", "\n"))


Places = dict[tuple[int, str], dict[str, object]]


def _places(ranked: Iterable[Standings]) -> Places:
    """Rank, and what it rests on or why there is none, by record and metric."""
    return {
        (id(cell.record), one.key): _place(one.ranks.get(entry), basis(one))
        for standings in ranked
        for one in standings.values()
        for entry in one.entries
        for cell in entry.every
    }


def _place(rank: Rank | None, basis: str) -> dict[str, object]:
    low, high = (rank.low, rank.high) if rank is not None else (None, None)
    return {"rank_low": low, "rank_high": high, "rank_note": basis}


def _rows(record: Record, places: Places) -> Iterable[dict[str, object]]:
    if not record.metrics and not record.levels:
        yield {}
    for key, score in record.metrics.items():
        made = {"fingerprint": score.fingerprint} if score.fingerprint else {}
        yield _score(key, score) | places.get((id(record), key), {}) | made
    for level in record.levels:
        yield from (_level(level) | _score(key, score) for key, score in level.metrics.items())


def _level(level: Level) -> dict[str, object]:
    return {"level": level.name, "level_value": level.value}


def _score(key: str, score: Score) -> dict[str, object]:
    low, high = score.ci95 or (None, None)
    known = {name: getattr(score, name) for name in ("value", "n", "chance", "std", "higher_is_better", "note")}
    return {"metric": key, "ci95_low": low, "ci95_high": high} | known


def as_json(records: Iterable[Record], ranked: Iterable[Standings] = ()) -> str:
    """A list of records, each as in its ``record.json`` without the cards; ranked scores hold their ranks beside."""
    places, documents = _places(ranked), []
    for record in records:
        document = dataclasses.asdict(dataclasses.replace(record, cards=None))
        del document["cards"]  # the same for most of them
        for key, score in document["metrics"].items():
            score |= places.get((id(record), key), {})
        documents.append(document)
    return json.dumps(documents, allow_nan=False, separators=(",", ":"))


def _download(files: Files, label: str, file: str, kind: str, content: str, about: str) -> Download:
    data = content.encode(errors="replace")  # a file name that is no UTF-8 holds what cannot be encoded
    uri = files.put(f"downloads/{file}", f"{kind};charset=utf-8", data)
    return Download(label, file, uri, text.bytes_of(len(data)), about, len(data) * 4 // 3)
