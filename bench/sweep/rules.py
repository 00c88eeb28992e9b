"""``bench check`` of an executor: a cell and a failing one, run through it from the plan to the records."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.check import Checked
from bench.cli.listing import EXECUTORS
from bench.registry import registered
from bench.sweep.cells import plan_cells
from bench.sweep.executor import Executor, Work, open_executor
from bench.sweep.plan import Plan

FAILING = """from bench import Inverter
class Failing(Inverter):
    name = "failing"
    def invert(self, logits, seeds):
        raise ValueError("as it should")
"""


def is_executor(name: str) -> bool:
    """Whether a name, or what a file holds, is an executor."""
    if ".py:" not in name:
        return name in registered(EXECUTORS)
    from bench.local import load_file

    found = load_file(name)
    return isinstance(found, type) and issubclass(found, Executor)


def check_executor(name: str) -> Iterator[Checked]:
    """Try the rules in the folder that we are in, which workers elsewhere must see, too.

    Yields:
        A ``Checked`` a rule.

    Raises:
        UnknownNameError, PluginError: there is no such executor, or it cannot be loaded.
    """
    executor = open_executor(name)
    yield Checked("says in a line what it is", bool(executor.summary), executor.summary)
    if reason := executor.missing():
        yield Checked("can be used here", None, reason)
        return
    yield Checked("can be used here", True)
    with tempfile.TemporaryDirectory(prefix=".bench-check-", dir=Path.cwd()) as text:
        folder = Path(text)
        (folder / "failing.py").write_text(FAILING)
        methods = (f"{folder / 'failing.py'}:Failing", "oracle")
        plan = Plan(
            methods, ("robust_resnet152",), num_images=4, metrics=("psnr",), controls=False, device="cpu",
            slurm={"time": "00:10:00"},
        )  # fmt: skip
        cells = plan_cells(plan, folder / "runs", "cpu")
        outcomes = {one.cell.config.method: one for one in executor.run(Work(plan, cells, [None, None], folder, 1))}
        failing, good = (outcomes.get(method) for method in methods)
        written = [cell.state()[0] for cell in cells]
    kept = failing is not None and failing.status == written[0] == "failed"
    yield Checked("says that a cell failed, and why", kept and "as it should" in str(failing and failing.reason))
    yield Checked("goes on after it, and gives a record", good is not None and good.status == written[1] == "complete")
