"""Write the tables of README and ``docs/`` from the committed records: ``python -m studies.reports.tables``.

``--check`` compares and writes nothing.

``--collect runs`` first copies the complete records under ``runs`` into ``reports/results/``, without their pictures,
with every score of every image.

A table NAME lies between ``<!-- table:NAME:begin -->`` and ``<!-- table:NAME:end -->``, in one of these files.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bench.cli.printing import print_faults
from bench.errors import BenchError
from bench.metrics.base import MIN_SET_IMAGES
from bench.store.faults import Faults
from bench.store.files import write_atomically
from bench.store.folder import slug
from bench.store.record import Record, read_records
from reports.analysis.claims import board
from reports.analysis.claims.markdown import markdown
from reports.analysis.claims.reduced import is_read, reduced
from reports.analysis.controls import strongest
from reports.analysis.groups import Entry, group
from reports.page.tables import markdown_table
from reports.words import text
from reports.words.controls import against_markdown
from reports.words.markdown import escaped, markdown_lines
from studies.reports.access import PROBES, access
from studies.reports.documents import ROOT, documents, update
from studies.reports.overview import claims_in_short, overview
from studies.reports.seeds import trainings

SCORES = (
    "fd_efficientnet_lite0",
    "fd_judge",
    "lpips",
    "psnr",
    "logit_cosine",
    "reid_class_target",
    "reid_class_judge",
    "reid_within_class_judge_mrr",
)
FEW = (
    "logit_error",
    "reid_class_target",
    "reid_class_judge",
    "reid_gap",
    "lpips",
    "psnr",
    "reid_within_class_judge_mrr",
)
OVERVIEW = ("lpips", "reid_class_judge")
OURS = "biggan-logit"
FIRST = 1  # every recipe's own seed of the training
NONE_YET = "No records have been committed yet.\n"


@dataclass(frozen=True)
class Sources:
    """Where the tables come from.

    Attributes:
        results: folder of committed records.
        manifest: of the shipped weights.
        faults: takes the files that cannot be used; the tables are made without them.
    """

    results: Path = ROOT / "reports" / "results"
    manifest: Path = ROOT / "bench" / "zoo" / "manifest.json"
    faults: Faults = field(default_factory=Faults)


def scores(sources: Sources) -> str:
    """Every committed cell that has set-level scores, a table for each classifier."""
    return _table([one for one in _cells(sources) if one.record.num_images >= MIN_SET_IMAGES], SCORES)


def few(sources: Sources) -> str:
    """Every committed cell of fewer images, where methods that take seconds an image stand beside the others."""
    return _table([one for one in _cells(sources) if one.record.num_images < MIN_SET_IMAGES], FEW)


def _cells(sources: Sources) -> list[Entry]:
    return [entry for entry in _entries(sources) if entry.record.probe is None]


def _entries(sources: Sources) -> list[Entry]:
    found = read_records(sources.results, sources.faults)
    return [Entry(record, folder, faults=sources.faults) for record, folder in found]


def _table(entries: Sequence[Entry], metrics: Sequence[str]) -> str:
    return markdown_table(entries, metrics) if entries else NONE_YET


def classifiers(sources: Sources) -> str:
    """What the shipped networks were measured to do."""
    manifest = json.loads(sources.manifest.read_text(encoding="utf-8")) if sources.manifest.exists() else {}
    rows = [_classifier(name, facts) for name, facts in manifest.items() if isinstance(facts.get("measured"), dict)]
    if not rows:
        return "No classifier has been measured yet.\n"
    head = ("network", "train", "val", "test", "test, PGD-20", "mean logit margin", "parameters", "command")
    return "\n".join(markdown_lines(head, rows)) + "\n"


def _classifier(name: str, facts: Mapping[str, Any]) -> list[str]:
    measured = facts["measured"]
    shares = [measured.get(key) for key in ("train_accuracy", "val_accuracy", "test_accuracy", "test_pgd20")]
    margin, parameters, command = measured.get("test_margin"), facts.get("parameters"), facts.get("command")
    return [
        f"`{name}`",
        *(text.DASH if share is None else f"{100 * share:.1f} %" for share in shares),
        text.DASH if margin is None else f"{margin:.2f}".replace("-", text.MINUS),
        text.DASH if parameters is None else text.count(parameters),
        f"`{escaped(command)}`" if command else text.DASH,
    ]


def strongest_control(sources: Sources) -> str:
    """What biggan-logit won and lost against the strongest control of each classifier, and over all of them."""
    large = (one for one in _cells(sources) if one.record.num_images >= MIN_SET_IMAGES)
    found = []
    for one in group(large):
        inverter = next((entry for entry in one.contenders if entry.complete and entry.label == OURS), None)
        match = strongest(one, inverter) if inverter is not None else None
        if match is not None:
            found.append((one, match))
    return against_markdown(found) if found else NONE_YET


def strongest_short(sources: Sources) -> str:
    """The same in a sentence."""
    return strongest_control(sources).partition("\n")[0] + "\n"


def claims(sources: Sources) -> str:
    """The claims board, from committed records and the per-image values beside them."""
    entries = _entries(sources)
    return markdown(board(entries)) if entries else NONE_YET


def summary(sources: Sources) -> str:
    """Methods by classifiers in two metrics."""
    large = [one for one in group(_cells(sources)) if one.num_images >= MIN_SET_IMAGES and one.complete]
    return overview(large, OVERVIEW) if large else NONE_YET


def claims_short(sources: Sources) -> str:
    """The claims board, a row a claim."""
    entries = _entries(sources)
    return claims_in_short(board(entries)) if entries else NONE_YET


def _trainings(sources: Sources) -> str:
    """How far several trainings of one recipe lie apart."""
    return trainings(_cells(sources))


def _access(probe: str, sources: Sources) -> str:
    """What a probe of access found."""
    return access(_entries(sources), probe)


TABLES: dict[str, Callable[[Sources], str]] = {
    "scores": scores,
    "few": few,
    "classifiers": classifiers,
    "strongest-control": strongest_control,
    "strongest-short": strongest_short,
    "claims": claims,
    "summary": summary,
    "claims-short": claims_short,
    "trainings": _trainings,
    **{probe: partial(_access, probe) for probe in PROBES},
}


def collect(runs: Path, results: Path, faults: Faults | None = None) -> None:
    """Copy complete cells to ``results/<dataset>/<classifier>/<method>-<N>/``, and probes that claims or tables read.

    Weights of another training seed stand beside those of the first, ``<method>-training-<seed>-<N>``. The scores of
    every image go along, as float32. Own images stay, and other probes. Of two records for one place, that of seed 0 is
    kept, then the newest.
    """
    bad = Faults() if faults is None else faults
    for record, folder in sorted(read_records(runs, bad), key=_newest_last):
        if (
            record.status == "complete"
            and not record.dataset.startswith("folder:")
            and (record.probe is None or record.probe in PROBES or is_read(record))
        ):
            preset = record.preset if record.preset != "fast" else ""
            again = f"training-{record.training_seed}" if record.training_seed not in (None, FIRST) else ""
            name = "-".join(filter(None, (record.method, again, preset, record.probe, str(record.num_images))))
            place = results / slug(record.dataset) / slug(record.classifier) / slug(name)
            _copy(Entry(record, folder, faults=bad), folder, place)


def _newest_last(found: tuple[Record, Path]) -> tuple[bool, int, str, str]:
    record, _ = found
    return record.seed == 0, -record.seed, record.created, record.key


def _copy(entry: Entry, folder: Path, place: Path) -> None:
    """The record, a key a line, and the values that go with it or none; its digest becomes that of these values."""
    values, data = place / "per_image.parquet", None
    if entry.per_image:
        data = reduced(entry.per_image)
    raw = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    if values.name in raw.get("digests", {}):
        del raw["digests"][values.name]
        raw["digests"] |= {values.name: hashlib.sha256(data).hexdigest()} if data else {}
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in raw.items())
    write_atomically(place / "record.json", f"{{\n{lines}\n}}\n".encode())
    if data:
        write_atomically(values, data)
    else:
        values.unlink(missing_ok=True)


def main(arguments: Sequence[str] | None = None, sources: Sources | None = None) -> int:
    """Write the tables and return 0; with ``--check`` write nothing and return 1 where they are out of date."""
    parser = argparse.ArgumentParser(prog="python -m studies.reports.tables", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a table is out of date")
    parser.add_argument("--collect", type=Path, metavar="RUNS", help="copy the complete records of this folder first")
    parser.add_argument("--file", type=Path, action="append", help="these alone, in place of README and docs/")
    options, sources = parser.parse_args(arguments), sources or Sources()
    files = options.file or documents()
    parts = {name: partial(table, sources) for name, table in TABLES.items()}
    try:
        if options.collect is not None:
            collect(options.collect, sources.results, sources.faults)
        changed = update(files, "table", parts, check=options.check)
        print_faults(sources.faults)
    except BenchError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    if not changed or not options.check:
        return 0
    print(f"Out of date: {', '.join(map(str, changed))}. Type: python -m studies.reports.tables", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
