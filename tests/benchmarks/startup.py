"""What a user waits for before any work: a finished cell asked for again, and the help.

The finished cell is timed as a whole process. That it loaded no model is seen in another process: no weight file was
read (``safetensors`` was never imported) and no classifier was opened. The help is timed less an empty interpreter.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.measure import Measured, by_turns, own_home, seconds

ROOT = Path(__file__).resolve().parents[2]
PAIRS = 9
CELL = ("--method", "dosovitskiy-brox-2016a", "--classifier", "robust_resnet152", "--num-images", "20", "--no-controls")
LOADED = """
import contextlib, io, json, sys
from bench.cli import app as cli
with contextlib.redirect_stdout(io.StringIO()):
    try:
        status = cli.main()
    except SystemExit as done:
        status = done.code
print(json.dumps({"status": status or 0, "weights": "safetensors" in sys.modules, "torch": "torch" in sys.modules}))
"""


def call(*words: str) -> None:
    """A Python process that must succeed."""
    subprocess.run([sys.executable, *words], capture_output=True, cwd=ROOT, check=True)


def loaded(words: Sequence[str]) -> dict[str, int | bool]:
    """What a ``bench`` command has loaded when it is done: whether weight files were read, whether torch is there."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *words], capture_output=True, text=True, cwd=ROOT, check=True
    )  # fmt: skip
    found: dict[str, int | bool] = json.loads(done.stdout.splitlines()[-1])
    return found


def finished_cell(pairs: int) -> Measured:
    """Seconds of ``bench run`` on a cell that is there.

    Raises:
        RuntimeError: it read weights.
    """
    with own_home(), TemporaryDirectory() as folder:
        words = ("run", *CELL, "--out", folder)
        call("-m", "bench", *words)
        found = loaded(words)
        if found["status"] != 0 or found["weights"]:
            raise RuntimeError(f"A finished cell that was run again should read no weights: {found}")
        times = [seconds(lambda: call("-m", "bench", *words)) for _ in range(pairs)]
    return Measured(tuple(times), {"torch_imported": str(found["torch"])})


def help_text(pairs: int) -> Measured:
    """Seconds of ``bench --help`` beyond those of an empty interpreter."""
    timed = by_turns(lambda: call("-m", "bench", "--help"), lambda: call("-c", "pass"), pairs)
    return Measured(tuple(ours - empty for ours, empty in timed))


def measure(quick: bool) -> Iterator[tuple[str, Measured]]:
    """Both rows."""
    pairs = 1 if quick else PAIRS
    yield "finished-cell", finished_cell(pairs)
    yield "help", help_text(pairs)
