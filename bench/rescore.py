"""Scores of finished runs: what is missing or outdated is computed from the stored images, and nothing is inverted.

Values that stand keep every bit. What a score is made of decides whether it is outdated (``bench.store.fingerprint``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.describe import cards_of, labelled
from bench.errors import BenchError, DataError, StorageError, UsageError, error_text, where
from bench.local import local_name
from bench.metrics.registry import asks_target, chosen, metrics
from bench.store.fingerprint import fingerprint_of
from bench.store.folder import CellFolder
from bench.store.record import SCHEMA_VERSION, Record, Score, stamped
from bench.store.remains import Images

if TYPE_CHECKING:
    import torch

    from bench.classifiers import LoadedClassifier
    from bench.metrics.base import Metric
    from bench.metrics.networks import Networks
    from bench.store.faults import Faults

MAPPINGS = ("extractors", "resizing", "metric_versions")  # of a protocol
FAILURE = r"[A-Za-z_]\w*(Error|Exception|Exit)\b"  # how the note of a score begins whose error is not bench's own
NO_SECOND = "The second draw was not kept, which {key} needs: bench run --force makes it anew."


@dataclass(frozen=True)
class Scored:
    """What became of one cell.

    Attributes:
        record: as it is now.
        folder: of the cell.
        filled: keys that were computed.
        reason: why some that were wanted were not, or None.
    """

    record: Record
    folder: Path
    filled: tuple[str, ...] = ()
    reason: str | None = None


def outdated(
    record: Record, parts: Mapping[str, Any], wanted: Collection[str] | None = None, *, failed: bool = False
) -> list[str]:
    """Keys of metrics that a complete record lacks, or has by another making than ``parts`` say.

    A score stays where the weights that it needs are not here, or nobody plays the judge.

    Args:
        record: of a cell.
        parts: of today's protocol, for the images of the record.
        wanted: the keys to look at; None looks at those that are always computed.
        failed: count those too that ended in an error of somebody else's code: memory may suffice today.
    """
    return [one.key for one in chosen(wanted) if _is_outdated(one, record.metrics.get(one.key), parts, failed)]


def _is_outdated(metric: Metric, score: Score | None, parts: Mapping[str, Any], failed: bool) -> bool:
    if score is None:
        return True
    if score.fingerprint == fingerprint_of(metric.key, parts):
        return failed and score.value is None and bool(re.match(FAILURE, score.note or ""))
    return all(name in parts["extractors"] for name in metric.needs.extractors)


def fill(
    record: Record, folder: CellFolder, parts: Mapping[str, Any], keys: Collection[str], networks: Networks
) -> Record:
    """Compute these scores from what lies beside the record, write them, and return the new record.

    Args:
        record: of the cell.
        folder: its own, locked.
        parts: of today's protocol, for the images of the record.
        keys: of the metrics.
        networks: what they look through; without a target where no key needs it.

    Raises:
        DataError: what lies there is not what the record was written with.
    """
    from bench.metrics.evaluate import evaluate

    images = Images.open(record, folder)
    found = evaluate(
        images.originals,
        images.reconstructions,
        labels=images.columns["label"],
        logits=images.logits,
        networks=networks,
        second_draw=images.second,
        stochastic=record.stochastic,
        gallery=parts["gallery"],
        cache=folder.path.parents[3] / ".features",
        wanted=keys,
    )
    scores = record.metrics | {key: stamped(key, score, parts) for key, score in found.metrics.items()}
    if images.second is None and record.stochastic:
        drawn = [one.key for one in chosen(keys) if one.needs.second]
        scores |= {key: replace(scores[key], note=NO_SECOND.format(key=key)) for key in drawn}
    written = ["per_image.parquet"] + (["reconstruction_logits.npy"] if found.reconstruction_logits is not None else [])
    untouched = {name: digest for name, digest in record.digests.items() if name not in written}
    # whoever is killed in between leaves files of which the record says nothing, and no false digest
    folder.finish(replace(record, digests=untouched, schema_version=SCHEMA_VERSION).to_json())
    folder.save_per_image(found.over(images.columns))
    if found.reconstruction_logits is not None:
        folder.save_logits(found.reconstruction_logits)
    ordered = {key: scores[key] for key in (*metrics(), *scores) if key in scores}
    filled = replace(
        record,
        metrics=ordered,
        cards=cards_of(replace(record, metrics=ordered)),
        protocol=_told(record.protocol, parts, scores),
        weights=record.weights | parts["extractors"],
        digests=untouched | {name: digest for name, digest in folder.digests().items() if name in written},
        schema_version=SCHEMA_VERSION,
    )
    folder.finish(filled.to_json())
    return filled


def _told(before: Mapping[str, Any], now: Mapping[str, Any], scores: Mapping[str, Score]) -> dict[str, Any]:
    """The parts of both: today's come first where every score that is always computed is of today's making."""
    todays = all(score.fingerprint == fingerprint_of(key, now) for key, score in scores.items() if key in metrics())
    first, then = (now, before) if todays else (before, now)
    pairs = {name: (first.get(name), then.get(name)) for name in MAPPINGS}
    both = {name: b | a for name, (a, b) in pairs.items() if isinstance(a, dict) and isinstance(b, dict)}
    return dict(first) | both


def score_runs(
    runs: Path,
    wanted: Collection[str] | None,
    *,
    classifiers: Collection[str] = (),
    inception: Path | None = None,
    judge: str | None = None,
    device: str = "auto",
    faults: Faults | None = None,
) -> Iterator[Scored]:
    """``bench score --runs``: fill every complete cell below ``runs``.

    Args:
        runs: folder of all runs.
        wanted: keys of metrics; None takes those that are always computed.
        classifiers: local ones, as ``path/to/file.py:function``, whose cells are among the runs.
        inception: torch-fidelity's weights, for ``fid``; by default the fetched ones.
        judge: the classifier that plays it; by default whoever did when the cell was run.
        device: ``auto``, ``cpu`` or ``cuda``.
        faults: takes the records that cannot be read.

    Yields:
        What became of each cell, as it is done.

    Raises:
        UnknownNameError: there is no such metric.
        UsageError: there is no such folder or file, or a classifier is none of a user's own.
    """
    from bench.cell import check_judge
    from bench.environment import resolve_device
    from bench.store.faults import Faults
    from bench.store.record import read_records

    chosen(wanted)  # a misspelt key is said before any work
    if judge is not None:
        check_judge(judge, None)
    if not runs.is_dir():
        raise UsageError(f"{runs} should be a folder of runs, and there is no such folder.")
    if inception is not None and not inception.is_file():
        raise UsageError(f"--inception-weights names {inception}, and there is no such file.")
    if shipped := [name for name in classifiers if ".py:" not in name]:
        raise UsageError(f"--classifier names a file of your own here, path/to/file.py:function, and not {shipped[0]}.")
    how = How(wanted, judge, inception, resolve_device(device), {local_name(name): name for name in classifiers})
    for record, path in read_records(runs, faults or Faults()):
        if record.status == "complete" and record.probe is None:
            yield _score_cell(record, CellFolder(Path(os.path.abspath(path))), how)


@dataclass(frozen=True)
class How:
    """How cells are scored again: see ``score_runs``; ``opened`` holds the classifiers so far, by full id."""

    wanted: Collection[str] | None
    judge: str | None
    inception: Path | None
    device: torch.device
    local: Mapping[str, str]
    opened: dict[str, LoadedClassifier] = field(default_factory=dict)

    def judge_of(self, record: Record) -> str | None:
        """Whoever plays the judge for the images of a record: never its target, and no file that is not named."""
        from bench.datasets import judge_of
        from bench.metrics.extractors import identity, playing

        named = self.judge or str(record.protocol.get("judge") or judge_of(record.dataset) or "")
        if not named or (self.judge is None and "." in named and ":" not in named):  # of a file the name alone is kept
            return None
        target = record.weights.get(record.classifier)
        return None if identity(playing(named, None)["judge"]) == target else named

    def parts(self, record: Record) -> dict[str, Any]:
        """Today's protocol for the images that a record was made of."""
        from bench.metrics.base import GALLERY
        from bench.protocol import protocol_of

        told, dataset = record.protocol, labelled(record)
        return protocol_of(
            dataset.name,
            str(told.get("order", "")),
            int(told.get("gallery", GALLERY)),
            judge=self.judge_of(record),
            inception=self.inception,
            asked=self.wanted or (),
            dataset=dataset,
        )


def _score_cell(record: Record, folder: CellFolder, how: How) -> Scored:
    """One cell, read again once it is locked; where some of its scores cannot be computed the others are."""
    from bench.cell import networks

    if not outdated(record, how.parts(record), how.wanted, failed=True):
        return Scored(record, folder.path)  # nothing is written, no lock either
    with folder.locked():
        now = _read(folder, record)
        if isinstance(now, Scored):
            return now
        record = now
        parts = how.parts(record)
        keys = outdated(record, parts, how.wanted, failed=True)
        classifier, reason = None, None
        if any(map(asks_target, keys)):
            try:
                classifier = _target(record, how)
            except BenchError as error:
                reason = str(error)
                keys = [key for key in keys if not asks_target(key)]
        if not keys:
            return Scored(record, folder.path, reason=reason)
        try:
            through = networks(classifier, how.device, judge=how.judge_of(record), inception=how.inception)
            filled = fill(record, folder, parts, keys, through.asked_about(labelled(record)))
        except StorageError:
            raise
        except Exception as error:  # of one cell: the others go on
            return Scored(record, folder.path, reason=f"{reason} {where(error)}" if reason else where(error))
    return Scored(filled, folder.path, tuple(keys), reason)


def _read(folder: CellFolder, before: Record) -> Record | Scored:
    """The record as it is now; what became of the cell where somebody has taken or replaced it meanwhile."""
    try:
        record = Record.from_json(folder.record.read_text(encoding="utf-8"))
    except (OSError, ValueError, DataError) as error:
        return Scored(before, folder.path, reason=f"record.json cannot be read any more: {error_text(error)}")
    return record if record.status == "complete" else Scored(record, folder.path)


def _target(record: Record, how: How) -> LoadedClassifier:
    """The classifier of a record, if these are the weights that it was run with.

    Raises:
        BenchError: it cannot be opened, or is another.
    """
    from bench.classifiers import open_classifier
    from bench.classifiers.provider import resolve, targets
    from bench.datasets import aliases_of

    aliases = aliases_of(record.dataset)
    name = how.local.get(record.classifier, record.classifier)
    if name not in targets(aliases) and ":" not in name:
        raise DataError(
            f"{record.classifier} is a file of your own: name it, --classifier path/to/{_as_typed(record.classifier)}"
        )
    full = resolve(name, aliases)
    if full not in how.opened:
        how.opened[full] = open_classifier(name, how.device, aliases=aliases)
    classifier = how.opened[full]
    if record.weights.get(record.classifier) != classifier.sha256:
        raise DataError(f"{record.classifier} has other weights now than those that the cell was run with.")
    return classifier


def _as_typed(name: str) -> str:
    return re.sub(r"\.([^.]+)$", r".py:\1", name)
