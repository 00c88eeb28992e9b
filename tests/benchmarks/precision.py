"""Did speed cost a score? The white-box inverters with the classifier in bfloat16, as they run, and in float32.

    python -m tests.benchmarks.precision            to tests/benchmarks/precision.json
    python -m tests.benchmarks.precision --table    Markdown of what was measured

Same images, starts and steps; both are scored by the protocol. Everything else computes in float32 wherever it runs:
the trained generators, the classifier's logits before and after, every metric (covariances in float64).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch

from baselines.optimization import frozen
from baselines.optimization.engstrom import Engstrom
from baselines.optimization.inverter import ImageSpaceInverter
from baselines.optimization.mahendran_vedaldi import MahendranVedaldi
from bench.inverters.base import Target
from bench.metrics.bootstrap import mean_ci, paired_difference
from bench.store.files import write_atomically
from studies.optimization.study import Columns, Study
from tests.benchmarks.measure import own_home
from tests.benchmarks.results import machine

FILE = Path(__file__).with_name("precision.json")
CLASSIFIERS, NUM_IMAGES = ("resnet152", "robust_resnet152"), 400
METHODS = (MahendranVedaldi, Engstrom)
METRICS = ("logit_error", "lpips", "psnr", "reid_class_target", "reid_class_judge")
HEAD = ("classifier", "method", "score", "bfloat16", "float32", "bfloat16 less float32", "")


def measure(count: int) -> list[dict[str, Any]]:
    """A row for each method and score: [mean, lower, upper] in both precisions, and of the paired difference."""
    rows: list[dict[str, Any]] = []
    with own_home():
        for study in (Study.open(name, "test", count, "fast") for name in CLASSIFIERS):
            for method in METHODS:
                fast = reconstructed(study, method, torch.bfloat16)
                with patch.object(frozen, "SPEEDUPS", frozen.EXACT):
                    exact = reconstructed(study, method, torch.float32)
                name = {"classifier": study.classifier.name, "method": method.name}
                rows += [name | row(metric, fast, exact) for metric in METRICS]
    return rows


def reconstructed(study: Study, method: type[ImageSpaceInverter], precision: torch.dtype) -> Columns:
    """Scores of a method whose network computes in this precision.

    Raises:
        ValueError: it computes in another one.
    """

    def make(target: Target) -> ImageSpaceInverter:
        inverter = method(target)
        if inverter.outputs.speedup.precision != precision:
            raise ValueError(f"The network computes in {inverter.outputs.speedup.precision}, not in {precision}.")
        return inverter

    return study.scores(study.reconstruct(make), judged=True)


def row(metric: str, fast: Columns, exact: Columns) -> dict[str, Any]:
    """One score in both precisions."""
    a, b = (np.asarray(columns[metric], dtype=np.float64) for columns in (fast, exact))
    values = {"bfloat16": mean_ci(a), "float32": mean_ci(b), "difference": paired_difference(a, b)}
    return {"metric": metric, **values}


def agree(found: Mapping[str, Any]) -> bool:
    """Whether each mean lies in the other's interval."""
    (a, a_low, a_high), (b, b_low, b_high) = found["bfloat16"], found["float32"]
    return bool(b_low <= a <= b_high and a_low <= b <= a_high)


def markdown(found: Mapping[str, Any]) -> str:
    """The table of a file."""
    if not found:
        return "Nothing was measured yet.\n"
    lines: list[Sequence[str]] = [HEAD, ("---", "---", "---", "---:", "---:", "---:", "---")]
    for one in found["rows"]:
        values = [_text(one[key]) for key in ("bfloat16", "float32", "difference")]
        verdict = "agree" if agree(one) else "differ"
        lines.append((*(f"`{one[key]}`" for key in ("classifier", "method", "metric")), *values, verdict))
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    place = f"{found['num_images']} images, {found['machine']}, {found['date']}"
    return f"{table}\n\nMeasured on: {place}.\n"


def _text(values: Sequence[float]) -> str:
    return "{:.4f} [{:.4f}, {:.4f}]".format(*values).replace("-", "−")


def read(path: Path = FILE) -> dict[str, Any]:
    """What was measured; empty where there is no file."""
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and keep, or print; status 1 where a score differs."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.precision", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--num-images", type=int, default=NUM_IMAGES)
    parser.add_argument("--table", action="store_true", help="measure nothing: print Markdown")
    parser.add_argument("--out", type=Path, default=FILE)
    given = parser.parse_args(arguments)
    if not given.table:
        facts = {"num_images": given.num_images, "machine": machine()}
        found = facts | {"date": datetime.now(UTC).date().isoformat(), "rows": measure(given.num_images)}
        write_atomically(given.out, (json.dumps(found, indent=1, allow_nan=False) + "\n").encode())
    found = read(given.out)
    print(markdown(found), end="")
    return int(not all(agree(one) for one in found.get("rows", [])))


if __name__ == "__main__":
    sys.exit(main())
