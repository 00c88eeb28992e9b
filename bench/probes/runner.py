"""One probe from its name to its record."""

from __future__ import annotations

import hashlib
import inspect
import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from bench.cell import Cell
from bench.cli.listing import PROBES
from bench.config import RunConfig
from bench.datasets.labels import names_by_judge
from bench.describe import probe_card
from bench.environment import describe
from bench.errors import SkipCellError, UsageError
from bench.line import settle
from bench.local import source_of
from bench.once import one_run
from bench.probes import appearance, base, measures
from bench.probes.base import Findings, Pictures, Probe
from bench.progress import progress
from bench.registry import INVERTERS, load, registered
from bench.store.files import write_atomically
from bench.store.folder import CellFolder, save_array
from bench.store.record import Record
from bench.store.shared import shared_digests

if TYPE_CHECKING:
    from bench.probes.scene import Scene


@runtime_checkable
class OfCell(Protocol):
    """A probe whose numbers depend on something of the cell that the cell's own key leaves out."""

    def depends_on(self, cell: Cell) -> tuple[str, ...]:
        """What it is; part of the record's key."""
        ...


def run_probe(kind: str, config: RunConfig, *, wait: bool = True) -> Record:
    """Run one probe on one cell.

    A finished probe is read, not run again. One that fails or makes no sense gives a record that says so.

    Raises:
        BusyError: another process works on it, and ``wait`` is off.
        UsageError: the configuration names what does not exist, or a library is missing; says what to type.
    """
    probe = open_probe(kind)
    with one_run():
        return settle(open_cell(probe, config), partial(_line, probe), wait=wait)


def open_probe(kind: str) -> Probe:
    """A registered probe, or ``path/to/file.py:Class``, ready to run.

    Raises:
        UsageError: no such probe, or what it needs is not installed.
    """
    cls = load(PROBES, "probe", kind)
    if not (inspect.isclass(cls) and issubclass(cls, Probe)):
        raise UsageError(f"{kind} should be a subclass of bench.probes.base.Probe and is {cls!r}.")
    probe = cls()
    probe.check()
    return probe


def open_cell(probe: Probe, config: RunConfig) -> Cell:
    """The cell that the probe plays in, under a key and in a folder of its own.

    Raises:
        UsageError: a name is unknown, the method is a control, or N is larger than the dataset.
    """
    cell = Cell.open(replace(config, controls=False))
    if cell.draft.kind == "control":
        inverters = ", ".join(registered(INVERTERS))
        raise UsageError(f"{config.method} is a control, and probes ask inverters. Known inverters: {inverters}.")
    if config.num_images is None:
        cell = Cell.open(replace(config, controls=False, num_images=min(probe.num_images, cell.num_images)))
    more = probe.depends_on(cell) if isinstance(probe, OfCell) else ()
    decides = [cell.draft.key, cell.draft.fingerprint, probe.name, *probe.depends(), *more, _source(type(probe))]
    key = f"{probe.name}-{hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:16]}"
    assert cell.draft.cards is not None
    own = {card.key: card for card in probe.cards}
    cards = replace(cell.draft.cards, probe=probe_card(type(probe)), metrics=own)
    draft = replace(cell.draft, probe=probe.name, key=key, cards=cards)
    return replace(cell, draft=draft, folder=CellFolder(cell.folder.path.parent / key))


def _source(probe: type[Probe]) -> str:
    """SHA-256 of the code that decides the numbers: the files of the probe and of its bases, and what all share."""
    scene = Path(base.__file__).with_name("scene.py")  # importing it would import torch
    files = {Path(inspect.getfile(cls)) for cls in probe.__mro__ if issubclass(cls, Probe)}
    files |= {scene, *(Path(str(module.__file__)) for module in (appearance, base, measures))}
    return hashlib.sha256(b"".join(source_of(file) for file in sorted(files))).hexdigest()


def _line(probe: Probe, cell: Cell) -> Record:
    """Open the scene, ask, and keep the answers."""
    from bench.probes.scene import Scene

    scene = Scene.open(cell)
    if reason := probe.skip(scene):
        raise SkipCellError(reason)
    with progress(1, f"probe {probe.name}"):
        findings = probe.measure(scene)
    _save(scene, findings)
    return replace(
        cell.draft,
        **(scene.method.facts(scene.logits) | {"note": findings.note}),
        metrics=findings.metrics,
        levels=tuple(level.level for level in findings.levels),
        cost=scene.cost,
        weights=cell.weights(scene.classifier) | scene.method.weights | dict(findings.weights),
        digests=shared_digests(scene.originals, scene.logits),
        environment=describe(scene.device),
    )


def _save(scene: Scene, findings: Findings) -> None:
    """``per_image.parquet``, ``pictures.npy`` (rows x columns x H x W x 3, uint8) and ``captions.json``."""
    folder, pictures = scene.cell.folder, findings.pictures
    folder.save_per_image(findings.table())
    save_array(folder.path / "pictures.npy", pictures.pixels)
    captions: dict[str, Any] = {"rows": pictures.rows, "columns": pictures.columns, "judged": _judged(scene, pictures)}
    write_atomically(folder.path / "captions.json", (json.dumps(captions, indent=2) + "\n").encode())


def _judged(scene: Scene, pictures: Pictures) -> list[list[str]] | None:
    """The judge's class of every picture, or None where there is no judge for them, or its classes have no names."""
    if not (scene.judged and pictures.judged):
        return None
    shape, names = pictures.pixels.shape, names_by_judge(scene.cell.dataset.card, scene.cell.draft.protocol)
    logits = scene.view(pictures.pixels.reshape(-1, *shape[2:])).judge_logits
    if logits.shape[1] != len(names):
        return None
    return [[names[k] for k in row] for row in logits.argmax(axis=1).reshape(shape[:2]).tolist()]
