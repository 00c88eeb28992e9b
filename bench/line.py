"""The whole line: dataset -> classifier -> logits -> inverter -> reconstruction -> metrics -> record."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from bench.cell import Cell
from bench.cli.console import os_error_text
from bench.config import RunConfig
from bench.describe import cards_of
from bench.environment import describe, resolve_device
from bench.errors import SkipCellError, StorageError, UsageError, where
from bench.metrics.registry import asks_target
from bench.once import one_run
from bench.registry import CONTROLS, registered
from bench.rescore import fill, outdated
from bench.store import shared
from bench.store.neutral import neutral
from bench.store.record import Cost, Record, Status, stamped


def run(config: RunConfig) -> Record:
    """Run one cell and, unless the configuration says otherwise, the controls beside it.

    A finished cell is read, not run again. A cell that fails or makes no sense gives a record that says so.

    Raises:
        UsageError: the configuration names what does not exist or asks for more images than there are.
    """
    with one_run():
        cell = Cell.open(config)  # a misspelt name is said before any work
        if config.controls and cell.opens:
            run_controls(config)
        return run_cell(config)


def run_controls(config: RunConfig) -> list[Record]:
    """The protocol's controls for one (dataset, classifier, N, seed), each a cell of its own."""
    return [run_unasked(replace(config, method=name, training_seed=None)) for name in registered(CONTROLS)]


def run_unasked(config: RunConfig, *, wait: bool = True) -> Record:
    """A control that was not named: left out where it would cost far more than the run that it stands beside."""
    cell = Cell.open(config)

    def line(cell: Cell) -> Record:
        if reason := cell.too_dear():
            raise SkipCellError(reason)
        return _line(cell)

    if config.force and _left_out(cell):
        cell = replace(cell, config=replace(cell.config, force=False))  # what is finished stays
    return settle(cell, line, wait=wait)


def _left_out(cell: Cell) -> bool:
    try:
        return cell.too_dear() is not None
    except Exception:  # a plugin's own answer, which the line will give, too
        return True


def run_cell(config: RunConfig, *, wait: bool = True) -> Record:
    """One cell: what exists is returned, what was cut short is resumed.

    Raises:
        BusyError: another process works on it, and ``wait`` is off.
    """
    with one_run():
        return settle(Cell.open(config), _line, wait=wait)


def lend(config: RunConfig) -> None:
    """Make the shards of a cell that no other process makes, for whoever holds the cell to join and score."""
    with one_run():
        cell = Cell.open(config)
        if cell.finished() is not None:
            return
        device, n = resolve_device(config.device), cell.num_images
        originals = shared.originals(cell.dataset_folder, cell.dataset, n)
        classifier = cell.open_classifier(device)
        logits = shared.logits(cell.classifier_folder, classifier, cell.dataset, n, device)
        method = cell.open_method(classifier, logits.shape[1], originals.shape[1:3], device)
        method.prepare(n)
        for rows in cell.folder.unfinished(n, f"{config.method} on {classifier.name}", method.shard, wait=False):
            if cell.finished() is not None:
                return
            cell.folder.keep(rows, method.reconstruct(rows, originals, logits))


def settle(cell: Cell, line: Callable[[Cell], Record], *, wait: bool = True) -> Record:
    """The cell's record: what is finished is read, else ``line`` runs, and whatever comes of it is written.

    Raises:
        BusyError: another process works on the cell, and ``wait`` is off.
    """
    if not cell.config.force and (there := cell.finished()) is not None and not _outdated(cell, there):
        return there  # nothing is written, no lock either: it may lie where nobody may write
    with cell.folder.locked(wait=wait):
        if not cell.config.force and (record := cell.finished()) is not None:
            return _up_to_date(cell, record)
        if cell.config.force:
            cell.folder.clear()
        record, text = _attempt(cell, line)
        cell.folder.finish(text, keep_shards=record.status == "failed")
    return record


def _outdated(cell: Cell, record: Record) -> list[str]:
    """Keys of the scores that its finished record lacks, or has by another making; a probe's are its own."""
    return [] if record.probe else outdated(record, cell.draft.protocol, cell.config.metrics)


def _up_to_date(cell: Cell, record: Record) -> Record:
    """A finished record, with scores that are missing or outdated computed from the stored images."""
    keys = _outdated(cell, record)
    if not keys:
        return record
    device = resolve_device(cell.config.device)
    try:
        target = cell.open_classifier(device) if any(map(asks_target, keys)) else None
        return fill(record, cell.folder, cell.draft.protocol, keys, cell.networks(target, device))
    except StorageError:
        raise
    except Exception as error:  # the record is whole without what could not be added to it
        print(f"bench: {record.method} on {record.classifier}: {where(error)}", file=sys.stderr)
        return record


def _attempt(cell: Cell, line: Callable[[Cell], Record]) -> tuple[Record, str]:
    """The record of this attempt, and its JSON."""
    created = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        if cell.broken is not None:
            raise cell.broken
        record = line(cell)
        digests = record.digests | cell.folder.digests()
        record = replace(record, created=created, digests=digests, cards=cards_of(record))
        return record, record.to_json()
    except (UsageError, StorageError):  # nothing about the cell: it stays unfinished
        raise
    except SkipCellError as reason:
        record = _without(cell, "skipped", str(reason), created)
    except (Exception, SystemExit) as error:  # a plugin may fail in any way, and asks nobody to leave but itself
        record = _without(cell, "failed", _reason(error), created)
    return record, record.to_json()


def _without(cell: Cell, status: Status, reason: str, created: str) -> Record:
    """The record of a cell that has no scores; its reason names no folder of this machine."""
    return replace(cell.draft, status=status, reason=neutral(reason, cell.draft.dataset), created=created)


def _line(cell: Cell) -> Record:
    """A statement an arrow."""
    from bench.metrics.evaluate import evaluate

    config, n = cell.config, cell.num_images
    device = resolve_device(config.device)
    originals = shared.originals(cell.dataset_folder, cell.dataset, n, anew=config.force)
    classifier = cell.open_classifier(device)
    logits = shared.logits(cell.classifier_folder, classifier, cell.dataset, n, device, anew=config.force)
    method = cell.open_method(classifier, logits.shape[1], originals.shape[1:3], device)
    method.prepare(n)
    for rows in cell.folder.unfinished(n, f"{config.method} on {classifier.name}", method.shard):
        cell.folder.keep(rows, method.reconstruct(rows, originals, logits))
    reconstructions, second, seconds, peak = cell.folder.assemble(n, method.shard)
    began = time.perf_counter()
    evaluation = evaluate(
        originals,
        reconstructions,
        labels=cell.dataset.labels[:n],
        logits=logits,
        networks=cell.networks(classifier, device),
        second_draw=second,
        stochastic=method.stochastic,
        gallery=cell.draft.protocol["gallery"],
        cache=config.out / ".features",
        anew=config.force,
        wanted=config.metrics,
    )
    labels = {"image_id": cell.dataset.ids[:n], "label": cell.dataset.labels[:n]}
    cell.folder.save_logits(evaluation.reconstruction_logits)
    cell.folder.save_per_image(labels | evaluation.per_image)
    scoring = time.perf_counter() - began
    cost = Cost(seconds, seconds / n, peak, device.type, method.parameters, method.train_seconds, scoring)
    return replace(
        cell.draft,
        **method.facts(logits, cell.folder.pieces(n, method.shard)),
        cost=cost,
        metrics={key: stamped(key, score, cell.draft.protocol) for key, score in evaluation.metrics.items()},
        weights=cell.weights(classifier) | method.weights,
        digests=shared.shared_digests(originals, logits),
        environment=describe(device),
    )


def _reason(error: BaseException) -> str:
    """What went wrong in a line; for errors of a plugin's own, where."""
    if isinstance(error, OSError) and error.filename is not None:
        return os_error_text(error)
    return where(error)
