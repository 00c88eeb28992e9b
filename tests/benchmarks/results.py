"""The table of requirements: what was measured for each row, the file that keeps it, and its Markdown."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from bench.environment import cpu_count, installed, processor
from bench.store.files import write_atomically
from tests.benchmarks.measure import Measured

RESULTS = Path(__file__).parent / "results.json"
HEAD = ("what", "against", "required", "measured", "spread", "pairs", "")


@dataclass(frozen=True)
class Requirement:
    """One row of the table.

    Attributes:
        what, against: in words.
        bound: the least (or most) that the median must reach.
        sense: on which side of the bound the median must lie.
        unit: ``x`` for ratios, ``s`` for seconds.
    """

    what: str
    against: str
    bound: float
    sense: Literal["at least", "at most", "under"]
    unit: Literal["x", "s"] = "x"

    def reached(self, median: float) -> bool:
        """Whether a median satisfies it."""
        if self.sense == "at least":
            return median >= self.bound
        return median <= self.bound if self.sense == "at most" else median < self.bound


REQUIREMENTS = {
    "training-step": Requirement(
        "BigGAN training step, ch 24, batch 64 (the recipe that ships)", "plain float32 PyTorch loop, same modules",
        2.0, "at least",
    ),
    "training-step-ch64": Requirement(
        "BigGAN training step, ch 64, batch 64", "plain float32 PyTorch loop, same modules", 2.0, "at least",
    ),
    "feed-forward": Requirement(
        "feed-forward inversion, images/s", "the same generator in float32, contiguous", 1.8, "at least",
    ),
    "mahendran-vedaldi": Requirement(
        "optimisation inversion, images/s to the same loss: mahendran-vedaldi, 200 images, resnet152",
        "plain float32 loop", 3.0, "at least",
    ),
    "engstrom": Requirement(
        "optimisation inversion, images/s to the same loss: engstrom, 60 images, resnet152",
        "plain float32 loop", 3.0, "at least",
    ),
    "scoring": Requirement(
        "full scoring of 2,500 images, second method on the same dataset",
        "torch-fidelity, lpips and scikit-image one after the other", 2.0, "at least",
    ),
    "scaling-cost": Requirement(
        "cost of an image at N = 10,000, without set-level distances", "at N = 1,000", 1.05, "at most"
    ),
    "scaling-memory": Requirement(
        "peak memory at N = 10,000, without feature matrices", "at N = 1,000", 1.10, "at most"
    ),
    "finished-cell": Requirement("finished cell run again, no model loaded", "-", 1.0, "under", "s"),
    "help": Requirement("`bench --help`", "less `python -c pass`", 0.3, "under", "s"),
}  # fmt: skip


def entry(measured: Measured) -> dict[str, Any]:
    """What the file says about one row."""
    return {
        "median": statistics.median(measured.values),
        "low": min(measured.values),
        "high": max(measured.values),
        "pairs": len(measured.values),
        "machine": machine(),
        "date": datetime.now(UTC).date().isoformat(),
        "details": measured.details,
    }


def machine() -> str:
    """The class of this machine, in words."""
    return f"{processor()}, {cpu_count()} cores, torch {installed('torch')}"


def read(path: Path = RESULTS) -> dict[str, Any]:
    """Every row that was measured, by its key; none where there is no file."""
    rows: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return rows


def write(rows: Mapping[str, Any], path: Path = RESULTS) -> None:
    """Keep these rows beside those that were measured before, in the order of the requirements."""
    merged = read(path) | dict(rows)
    ordered = {key: merged[key] for key in REQUIREMENTS if key in merged}
    write_atomically(path, (json.dumps(ordered, indent=2, allow_nan=False) + "\n").encode())


def markdown(rows: Mapping[str, Any]) -> str:
    """The table, a row a requirement, and where and when it was measured."""
    lines: list[tuple[str, ...]] = [HEAD, ("---", "---", "---", "---:", "---", "---:", "---")]
    lines += [_line(requirement, rows.get(key)) for key, requirement in REQUIREMENTS.items()]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    places = dict.fromkeys(f"{row['machine']}, {row['date']}" for row in rows.values())
    return f"{table}\n\nMeasured on: {'; '.join(places) or 'nothing was measured yet'}.\n"


def _line(requirement: Requirement, row: Mapping[str, Any] | None) -> tuple[str, ...]:
    unit = requirement.unit if requirement.unit == "x" else f" {requirement.unit}"
    required = f"{requirement.sense} {requirement.bound:g}{unit}"
    lead = (requirement.what, requirement.against, required)
    if row is None:
        return (*lead, "-", "-", "0", "not measured")
    near = f"{row['median']:.2f}" == f"{requirement.bound:.2f}"  # which side it is on must be seen
    digits = 3 if requirement.bound < 1.5 or near else 2
    median, low, high = (f"{row[name]:.{digits}f}" for name in ("median", "low", "high"))
    verdict = "reached" if requirement.reached(row["median"]) else "not reached"
    return (*lead, f"{median}{unit}", f"{low} to {high}", str(row["pairs"]), verdict)
