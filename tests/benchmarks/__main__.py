"""Every row of the table of speed requirements, measured side by side on this machine.

python -m tests.benchmarks                       all rows, results to tests/benchmarks/results.json
python -m tests.benchmarks --only scoring        one of them; the others keep what was measured before
python -m tests.benchmarks --table               the table of what was measured
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.benchmarks import results

ROWS = {  # as --only takes them: the module that measures
    "startup": "startup",
    "training-step": "training_step",
    "feed-forward": "feed_forward",
    "scaling": "scaling",
    "scoring": "scoring",
    "optimization": "white_box",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure or print; 1 where a row could not be measured."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=ROWS, metavar="ROW", help=f"one of {', '.join(ROWS)}")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it run? Nothing is kept without --out")
    parser.add_argument("--table", action="store_true", help="measure nothing: print what was measured as Markdown")
    parser.add_argument("--out", type=Path, help="file of the results; tests/benchmarks/results.json by default")
    given = parser.parse_args(arguments)
    out = given.out or (None if given.quick else results.RESULTS)
    if given.table:
        print(results.markdown(results.read(given.out or results.RESULTS)), end="")
        return 0
    failed = sum(not measure(name, given.quick, out) for name in ([given.only] if given.only else ROWS))
    return int(failed > 0)


def measure(name: str, quick: bool, out: Path | None) -> bool:
    """Measure the rows of one module and keep each at once; False where it failed."""
    began = time.perf_counter()
    try:
        for key, measured in import_module(f"tests.benchmarks.{ROWS[name]}").measure(quick):
            row = results.entry(measured)
            if out is not None:
                results.write({key: row}, out)
            print(line(key, row, time.perf_counter() - began), flush=True)
    except Exception as error:  # one row may fail in any way, and the others must go on
        print(f"{name} could not be measured: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return False
    return True


def line(key: str, row: dict[str, Any], seconds: float) -> str:
    """What was found for one row, for the terminal."""
    requirement = results.REQUIREMENTS[key]
    word = "reached" if requirement.reached(row["median"]) else "not reached"
    spread = f"{row['low']:.3g} to {row['high']:.3g}, {row['pairs']} pairs"
    return (
        f"{key}: {row['median']:.3g} {requirement.unit} ({spread}), "
        f"{requirement.sense} {requirement.bound:g}: {word}; after {seconds:.0f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
