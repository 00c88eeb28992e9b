"""Where the time goes, and how near to the machine's limits the two loops are.

    python -m tests.benchmarks.where                 to tests/benchmarks/where.json, as the state after the changes
    python -m tests.benchmarks.where --as before     the same, as the state before them
    python -m tests.benchmarks.where --table         Markdown of what was measured

Stages are timed by wrapping functions from outside. Floating-point operations are those of matrix products and
convolutions, forward and backward, as ``torch.utils.flop_counter`` counts them (a multiplication and an addition are
two); a share is of the best bf16 matrix product that was measured on this machine.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from torch.utils.flop_counter import FlopCounterMode

from bench.classifiers import open_classifier
from bench.config import RunConfig
from bench.line import run_cell
from bench.memory import keep_freed_memory
from bench.store.files import write_atomically
from methods.biggan_logit.train import BigGANRecipe
from reports.page.render import write_report
from tests.benchmarks import limits, stages
from tests.benchmarks.measure import own_home, seconds
from tests.benchmarks.results import machine
from tests.benchmarks.stopwatch import Stopwatch, Watch
from tests.benchmarks.training_step import Both, shipped_images

FILE = Path(__file__).with_name("where.json")
ROOT = Path(__file__).resolve().parents[2]
CLASSIFIER = "robust_resnet152"
BF16 = "bf16 matrix product, GFLOP/s"
STATES = ("before", "after")
IMPORTS = "import bench.line, bench.inverters.opened, bench.metrics.evaluate, pyarrow.parquet"
Stages = dict[str, dict[str, float]]


def cell(method: str, count: int, watches: Sequence[Watch], out: Path) -> dict[str, float]:
    """Seconds by stage of a cell that is run for the first time, the start of the process among them."""
    watch = Stopwatch()
    with watch.running(watches):
        record = run_cell(RunConfig(method, CLASSIFIER, num_images=count, controls=False, out=out))
    if record.status != "complete":
        raise RuntimeError(f"The cell of {method} is {record.status}: {record.reason}")
    watch.add("start and imports", seconds(lambda: subprocess.run([sys.executable, "-c", IMPORTS], check=True)))
    return watch.table()


def report(out: Path) -> dict[str, float]:
    """Seconds by stage of a page of these runs and of the committed records."""
    shutil.copytree(ROOT / "reports" / "results", out / "committed")
    watch = Stopwatch()
    with watch.running(stages.REPORT):
        write_report(out, out / "report.html")
    return watch.table()


def training(quick: bool, steps: int) -> tuple[dict[str, float], float]:
    """Seconds by stage of one step at ch 64, the mean of some, and the operations in a step."""
    recipe = BigGANRecipe(channels=2 if quick else 64, batch=8 if quick else 64)
    with shipped_images():
        task = Both(recipe, open_classifier(CLASSIFIER)).ours
        operations = counted(lambda: task.step(0))
        watch = Stopwatch()
        with watch.running(stages.training()):
            for step in range(1, steps + 1):
                task.step(step)
    return watch.table(steps), operations


def descent(quick: bool) -> tuple[float, float]:
    """Seconds and operations of the optimisation loop alone, 50 images through 40 steps."""
    from baselines.optimization import mahendran_vedaldi
    from tests.benchmarks.optimization import Problem

    problem = Problem(CLASSIFIER, 2 if quick else 50)
    with patch.dict(mahendran_vedaldi.ITERATIONS, {"fast": (1, 1, 1) if quick else (10, 20, 10)}):
        inverter = mahendran_vedaldi.MahendranVedaldi(problem.target)

    def run() -> object:
        return inverter.invert(problem.logits, problem.seeds)

    operations = counted(run)
    return seconds(run), operations


def counted(run: Callable[[], object]) -> float:
    """Floating-point operations of matrix products and convolutions, in one call."""
    counter = FlopCounterMode(display=False)
    with counter:
        run()
    return float(counter.get_total_flops())


def measure(quick: bool) -> dict[str, Any]:
    """Everything; a minute or a few on two cores."""
    found: Stages = {}
    with own_home(), TemporaryDirectory() as folder:
        out = Path(folder)
        found["bench run, biggan-logit, 2,500 images"] = cell("biggan-logit", 20 if quick else 2_500, stages.RUN, out)
        found["bench run, mahendran-vedaldi, 50 images"] = cell(
            "mahendran-vedaldi", 2 if quick else 50, stages.OPTIMIZATION, out
        )
        found["bench report"] = report(out)
        step, step_operations = training(quick, 1 if quick else 3)
        found["training step at ch 64, batch 64"] = step
        descent_seconds, descent_operations = descent(quick)
    bounds = limits.limits(quick)
    rates = {
        "training step at ch 64": step_operations / step["total"] / 1e9,
        "optimisation loop": descent_operations / descent_seconds / 1e9,
    }
    return {
        "machine": machine(),
        "date": datetime.now(UTC).date().isoformat(),
        "limits": bounds,
        "stages": found,
        "rates": {name: {"GFLOP/s": rate, "share": rate / bounds[BF16]} for name, rate in rates.items()},
    }


def markdown(states: Mapping[str, Any]) -> str:
    """A table for each of the four, one of the limits, and the shares, before and after beside each other."""
    held = [name for name in STATES if name in states]
    if not held:
        return "Nothing was measured yet.\n"
    parts = []
    for title in dict.fromkeys(title for name in held for title in states[name]["stages"]):
        tables = {name: states[name]["stages"].get(title, {}) for name in held}
        names = dict.fromkeys(stage for table in tables.values() for stage in table if stage != "total")
        rows = [[stage, *(_time(tables[name], stage) for name in held)] for stage in (*names, "total")]
        parts.append(_table([title, *held], rows))
    names = dict.fromkeys(limit for name in held for limit in states[name]["limits"])
    rows = [[limit, *(f"{states[name]['limits'][limit]:.0f}" for name in held)] for limit in names]
    for loop in states[held[-1]]["rates"]:
        rows.append([f"{loop}, GFLOP/s (share of bf16 matrix product)", *(_rate(states[n], loop) for n in held)])
    parts.append(_table(["measured limits and rates", *held], rows))
    places = dict.fromkeys(f"{states[name]['machine']}, {states[name]['date']}" for name in held)
    return "\n\n".join([*parts, f"Measured on: {'; '.join(places)}."]) + "\n"


def _time(table: Mapping[str, float], stage: str) -> str:
    """Seconds and share of a stage; a dash where it was not met."""
    if stage not in table:
        return "-"
    return f"{table[stage]:.2f} s ({table[stage] / table['total']:.0%})"


def _rate(state: Mapping[str, Any], loop: str) -> str:
    rate = state["rates"][loop]
    return f"{rate['GFLOP/s']:.0f} ({rate['share']:.0%})"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and keep, or print what was measured."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.where", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--as", dest="state", choices=STATES, default="after", help="which column this is")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it run? Nothing is kept without --out")
    parser.add_argument("--table", action="store_true", help="measure nothing: print Markdown")
    parser.add_argument("--out", type=Path, help="file of the results; tests/benchmarks/where.json by default")
    given = parser.parse_args(arguments)
    path = given.out or FILE
    states: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    if not given.table:
        keep_freed_memory()  # as the command line does
        states[given.state] = measure(given.quick)
        if given.out or not given.quick:
            write_atomically(path, (json.dumps(states, indent=2, allow_nan=False) + "\n").encode())
    print(markdown(states), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
