"""``bench run --verify``: are the record and the arrays of a cell what was written? Nothing is computed."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import Literal

from bench.cell import Cell
from bench.config import RunConfig
from bench.store.folder import LOGITS, ORIGINALS
from bench.store.intact import intact

State = Literal["verified", "wrong", "missing", "unknown", "failed", "skipped"]


@dataclass(frozen=True)
class Verdict:
    """What was found in one cell.

    Attributes:
        method, classifier, dataset, num_images, seed, key: which cell.
        state: ``verified``; ``wrong``: a record of another cell, or a file that is not what was written; ``missing``:
            no finished record; ``unknown``: a record of an earlier bench, which has no digests; ``failed`` and
            ``skipped``: what the record says itself.
        reason: which file, or why.
        command: what to type, or null where nothing need be done.
    """

    method: str
    classifier: str
    dataset: str
    num_images: int
    seed: int
    key: str
    state: State
    reason: str | None = None
    command: str | None = None
    training_seed: int | None = None

    @property
    def good(self) -> bool:
        """Whether all that was asked for is here and right; a cell that makes no sense has nothing to show."""
        return self.state in ("verified", "skipped")

    def line(self) -> str:
        """For the terminal."""
        seeds = f"seed {self.seed}" + ("" if self.training_seed is None else f", training seed {self.training_seed}")
        cell = f"{self.method} on {self.classifier} ({self.dataset}, {self.num_images:,} images, {seeds})"
        told = f": {self.reason.rstrip('.')}." if self.reason else ""
        return f"{self.state}: {cell}{told}" + (f" Type: {self.command}" if self.command else "")


def verify_cell(config: RunConfig) -> Verdict:
    """Check one cell by the digests in its record.

    Raises:
        UsageError: the configuration names what does not exist or asks for more images than there are.
    """
    cell = Cell.open(config)
    draft = cell.draft
    state, reason = _judged(cell)
    verdict = Verdict(
        draft.method, draft.classifier, draft.dataset, draft.num_images, draft.seed, draft.key, state, reason,
        training_seed=config.training_seed,
    )  # fmt: skip
    if verdict.good:
        return verdict
    finished = state in ("wrong", "unknown")
    return replace(verdict, command=command(config, "--force" if finished else ""))


def _judged(cell: Cell) -> tuple[State, str | None]:
    record = cell.stored()
    if record is None:
        return "missing", "record.json cannot be read" if cell.folder.record.exists() else "there is no record"
    if foreign := cell.foreign(record):
        return "wrong", f"record.json is of another cell, {foreign}"
    if record.status != "complete":
        return record.status, record.reason
    if not record.digests:
        return "unknown", "the record is of an earlier bench and has no digests"
    places = {ORIGINALS: cell.dataset_folder, LOGITS: cell.classifier_folder}
    found = [intact(record, places.get(name, cell.folder.path) / name) for name in record.digests]
    reasons = [reason for reason in found if reason]
    return ("wrong", "; ".join(reasons)) if reasons else ("verified", None)


def command(config: RunConfig, *more: str) -> str:
    """What runs this very cell, without its controls."""
    default = RunConfig(config.method, config.classifier)
    words = ["bench", "run", "--method", config.method, "--classifier", config.classifier]
    options = ("dataset", "num_images", "seed", "training_seed", "device", "preset", "precision", "judge")
    for name in (*options, "classifier_weights", "inception_weights", "out"):
        if (value := getattr(config, name)) != getattr(default, name):
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join([*words, "--no-controls", *filter(None, more)])
