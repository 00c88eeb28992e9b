"""Write the tables of README and ``docs/`` of what was timed, or compare them.

python -m tests.benchmarks.tables            between ``<!-- benchmark:NAME:begin -->`` and ``...:end -->``
python -m tests.benchmarks.tables --check    change nothing; status 1 where one is out of date
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from studies.biggan_logit import switches
from studies.reports.documents import documents, update
from tests.benchmarks import precision, results, where

OPTIMIZATION = Path(__file__).resolve().parents[2] / "studies" / "optimization"


def speed() -> str:
    """Each requirement and what was measured."""
    return results.markdown(results.read())


def stages() -> str:
    """Where the time goes."""
    return where.markdown(json.loads(where.FILE.read_text()) if where.FILE.exists() else {})


def precisions() -> str:
    """What bfloat16 does to the scores."""
    return precision.markdown(precision.read())


def switched() -> str:
    """BigGAN's switches at equal time."""
    path = Path(switches.__file__).with_name("switches.json")
    return switches.table(json.loads(path.read_text())["rows"]) + "\n" if path.exists() else "Not measured yet.\n"


def study(name: str) -> str:
    """What a script of ``studies/optimization`` measured."""
    rows = json.loads((OPTIMIZATION / f"{name}.json").read_text())["rows"]
    head = list(rows[0])
    lines = [head, ["---"] * len(head), *([_text(row.get(key)) for key in head] for row in rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _text(value: str | Sequence[float] | None) -> str:
    """A name, or a mean with its interval."""
    if value is None or isinstance(value, str):
        return (value or "–").replace(" - ", " − ")
    return "{:.3f} [{:.3f}, {:.3f}]".format(*value).replace("-", "−")


TABLES: dict[str, Callable[[], str]] = {
    "speed": speed,
    "precision": precisions,
    "where": stages,
    "switches": switched,
    "random-start": partial(study, "random_start"),
    "no-prior": partial(study, "no_prior"),
}


def main(arguments: Sequence[str] | None = None, files: Sequence[Path] | None = None) -> int:
    """Write and return 0; with ``--check`` 1 where something would change."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.tables", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a table is out of date")
    given = parser.parse_args(arguments)
    changed = update(documents() if files is None else files, "benchmark", TABLES, check=given.check)
    return int(given.check and bool(changed))


if __name__ == "__main__":
    sys.exit(main())
