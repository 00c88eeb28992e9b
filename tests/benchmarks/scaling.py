"""Does an image cost the same, in time and memory, at N = 10,000 as at N = 1,000?

Each cell (a feed-forward method, no controls) is run by a process of its own into an empty folder, so that logits and
features of the originals are computed in both alike. The cost of an image is the time inside inversion and scoring,
divided by N. Starting, loading and the originals' logits are not counted, which would favour large N, nor is what the
first images alone cost (imports, kernels): a cell of 20 images is run before. Peak memory is the process's largest
resident size from the opening of the inverter to the end. Set-level distances, which N = 1,000 does not have and whose
feature matrices grow with N, are off in both. N = 10,000 needs ``bench data fetch cifar10``.

    python -m tests.benchmarks.scaling 1000     what one cell costs, as JSON
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from tests.benchmarks.measure import Measured

SMALL, LARGE, PAIRS = 1_000, 10_000, 5
WARM_UP = 20
METHOD, CLASSIFIER = "dosovitskiy-brox-2016a", "robust_resnet152"
ROOT = Path(__file__).resolve().parents[2]


def run_cell(count: int) -> dict[str, float]:
    """Run a cell of ``count`` images in this process."""
    from bench import line as runner
    from bench.config import RunConfig
    from bench.environment import peak_memory_mb
    from bench.memory import keep_freed_memory
    from bench.metrics import evaluate
    from bench.metrics.base import ExtractorMetric

    keep_freed_memory()  # as the command line does
    spent: list[float] = []
    whole = evaluate.evaluate

    def timed(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        found = whole(*args, **kwargs)
        spent.append(time.perf_counter() - began)
        return found

    with ExitStack() as stack, TemporaryDirectory() as folder:
        runner.run_cell(RunConfig(METHOD, CLASSIFIER, num_images=WARM_UP, controls=False, out=Path(folder, "first")))
        stack.enter_context(patch.object(evaluate, "evaluate", timed))
        stack.enter_context(patch.object(ExtractorMetric, "least_images", LARGE + 1))
        record = runner.run_cell(RunConfig(METHOD, CLASSIFIER, num_images=count, controls=False, out=Path(folder)))
    inverting = record.cost.invert_seconds if record.cost else None
    if record.status != "complete" or inverting is None:
        raise RuntimeError(f"The cell of {count} images is {record.status}: {record.reason}")
    return {"seconds_per_image": (inverting + spent[0]) / count, "peak_mib": peak_memory_mb("cpu") or 0.0}


def in_a_process(count: int) -> dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.scaling", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or "a process failed without a word").splitlines()[-1])
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(quick: bool) -> Iterator[tuple[str, Measured]]:
    """Time and memory come from the same processes."""
    small, large, pairs = (20, 40, 1) if quick else (SMALL, LARGE, PAIRS)
    found = []
    for pair in range(pairs):
        both = {count: in_a_process(count) for count in ((large, small) if pair % 2 else (small, large))}
        found.append((both[small], both[large]))
    for key, name in (("scaling-cost", "seconds_per_image"), ("scaling-memory", "peak_mib")):
        ratios = tuple(b[name] / a[name] for a, b in found)
        yield key, Measured(ratios, {f"{name}_small": found[0][0][name], f"{name}_large": found[0][1][name]})


if __name__ == "__main__":
    print(json.dumps(run_cell(int(sys.argv[1]))))
