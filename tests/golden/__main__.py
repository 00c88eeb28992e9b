"""The golden net: the same command lines must give the same scores, to the digit.

    make golden                        compare with what is stored
    python -m tests.golden --write     store what comes out now
    python -m tests.golden --only folder --only noise

Every value, interval and deviation of every score, and the SHA-256 of the reconstructions, beside ``values.json``. On
the processor, torch and number of threads that it names the comparison is exact; elsewhere it is within 1e-4, and the
reconstructions' digests are left out. The demo takes most of the time, some minutes on two cores; nothing need be
fetched, and what lies in the user's own BENCH_HOME is not looked at.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.store.files import write_atomically
from tests.golden.lines import lines, photographs

VALUES = Path(__file__).with_name("values.json")
FIELDS = ("value", "ci95", "std", "n", "chance", "note")
TOLERANCE = 1e-4
Values = dict[str, Any]


def main() -> int:
    """Compare, or store; 0 if nothing differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="store what comes out")
    parser.add_argument("--only", action="append", choices=lines(Path()), help="of the lines; repeats")
    options = parser.parse_args()
    found: Values = {}
    with tempfile.TemporaryDirectory() as scratch:
        photos = photographs(Path(scratch) / "photos")
        for name, words in lines(photos).items():
            if name in (options.only or lines(photos)):
                found[name] = _run(name, words, Path(scratch))
                if options.write:
                    _store(found)
    if options.write:
        print(f"stored in {VALUES.name}")
        return 0
    stored = json.loads(VALUES.read_text())
    exact = stored["made on"] == _made_on(found)
    print("to the bit" if exact else f"within {TOLERANCE:g}: this is {_made_on(found)}, stored: {stored['made on']}")
    wrong = [
        line for name, one in found.items() for line in differences(stored["lines"][name], one["cells"], name, exact)
    ]
    print("\n".join(wrong[:40]))
    print(f"{len(wrong)} differences in {sum(_count(one['cells']) for one in found.values())} scores")
    return int(bool(wrong))


def _store(found: Values) -> None:
    """Add what came out to what is stored, line by line, so that a run that is cut short leaves what it has."""
    stored = json.loads(VALUES.read_text()) if VALUES.exists() else {"lines": {}}
    known = stored["lines"] | {name: one["cells"] for name, one in found.items()}
    text = json.dumps({"made on": _made_on(found), "lines": known}, indent=1)
    write_atomically(VALUES, (text + "\n").encode())


def _run(name: str, words: tuple[str, ...], scratch: Path) -> Values:
    """The cells of one command line by (method, classifier), and where it ran."""
    out, alone = scratch / "runs", os.environ | {"BENCH_HOME": str(scratch / "home")}
    began = time.perf_counter()
    command = [sys.executable, "-m", "bench", *words, "--device", "cpu", "--out", str(out), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=alone)
    if done.returncode:
        raise SystemExit(f"{name}: {' '.join(command)} ended with {done.returncode}: {done.stderr[-2_000:]}")
    records = json.loads(done.stdout)
    records = records if isinstance(records, list) else [records]
    print(f"{name}: {len(records)} cells in {time.perf_counter() - began:.1f} s", flush=True)
    cells = {f"{one['method']} on {one['classifier']}": _scores(one) for one in records}
    return {"cells": cells, "environment": records[0]["environment"]}


def _scores(record: Mapping[str, Any]) -> Values:
    """Every digit of a record's scores, and of a probe's levels."""
    kept: Values = {"status": record["status"], "n": record["num_images"]}
    kept["digests"] = {k: v for k, v in (record.get("digests") or {}).items() if k.startswith("reconstructions")}
    kept["metrics"] = {key: _score(score) for key, score in record["metrics"].items()}
    if record.get("levels"):
        kept["levels"] = record["levels"]
    return kept


def _score(score: Mapping[str, Any]) -> Values:
    return {field: score[field] for field in FIELDS if score.get(field) is not None}


def _made_on(found: Values) -> Values:
    one = next(iter(found.values()))["environment"]
    return {"processor": one["processor"], "torch": one["packages"]["torch"], "threads": one["threads"]}


def differences(stored: Any, found: Any, where: str, exact: bool) -> list[str]:
    """A line for each value that is not what is stored; a score that is new is none."""
    if isinstance(stored, dict) and isinstance(found, dict):
        pairs = [(key, value) for key, value in stored.items() if exact or key != "digests"]
        return [
            line
            for key, value in pairs
            for line in differences(value, found.get(key, "nothing"), f"{where}/{key}", exact)
        ]
    if isinstance(stored, list) and isinstance(found, list) and len(stored) == len(found):
        pairs = [(str(k), value) for k, value in enumerate(stored)]
        return [line for k, value in pairs for line in differences(value, found[int(k)], f"{where}/{k}", exact)]
    if stored == found or (not exact and _near(stored, found)):
        return []
    return [f"{where}: {stored!r} is stored, {found!r} was found"]


def _near(a: Any, b: Any) -> bool:
    numbers = isinstance(a, int | float) and isinstance(b, int | float)
    return numbers and math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _count(cells: Values) -> int:
    return sum(len(one["metrics"]) for one in cells.values())


if __name__ == "__main__":
    sys.exit(main())
