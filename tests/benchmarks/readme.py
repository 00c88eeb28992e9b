"""Write the README's tables of what was timed, or compare them.

python -m tests.benchmarks.readme            between ``<!-- benchmark:NAME:begin -->`` and ``...:end -->``
python -m tests.benchmarks.readme --check    change nothing; status 1 where the README is out of date
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from bench.store.files import write_atomically
from studies.biggan_logit import switches
from tests.benchmarks import precision, results, where

OPTIMIZATION = Path(__file__).resolve().parents[2] / "studies" / "optimization"
README = Path(__file__).resolve().parents[2] / "README.md"


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


def updated(readme: str, tables: Mapping[str, Callable[[], str]]) -> str:
    """The text with every table anew.

    Raises:
        ValueError: a marker does not stand there once.
    """
    for name, table in tables.items():
        begin, end = f"<!-- benchmark:{name}:begin -->", f"<!-- benchmark:{name}:end -->"
        if readme.count(begin) != 1 or readme.count(end) != 1:
            raise ValueError(f"{begin!r} and {end!r} should stand once each in the README.")
        before, rest = readme.split(begin)
        readme = f"{before}{begin}\n{table()}{end}{rest.split(end)[1]}"
    return readme


def main(arguments: Sequence[str] | None = None, path: Path = README) -> int:
    """Write and return 0; with ``--check`` 1 where something would change."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.readme", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if the README is out of date")
    given = parser.parse_args(arguments)
    old = path.read_text()
    new = updated(old, TABLES)
    if given.check:
        return int(old != new)
    if old != new:
        write_atomically(path, new.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
