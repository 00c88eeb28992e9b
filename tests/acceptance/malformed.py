"""Give ``bench`` some 400 malformed inputs: nothing may be lost or changed, and nobody may see a traceback.

    python -m tests.acceptance.malformed [--seed 0] [--only WORDS]

Each case is a process of its own, forked from one that has imported everything. Of each the following must hold: it
ends by itself within two minutes, with status 0, 1 or 2; it prints no traceback, and where it fails says something in
at most a few lines; the finished runs beside it are as they were, byte for byte; no temporary file is left. Takes some
minutes; prints what did not hold and exits with status 1.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.acceptance.cases import CLASSIFIER, PLUGINS, Case, every

SECONDS = 120
LINES = 12  # of an error at most; the usage of a command takes some


def main() -> int:
    """Try every case; 0 if all held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="cases whose title contains these words")
    options = parser.parse_args()
    cases = [case for case in every(options.seed) if options.only in case.title]
    _preload()
    failures = 0
    with tempfile.TemporaryDirectory() as scratch:
        finished = Path(scratch) / "finished"
        _finish(finished)
        for number, case in enumerate(cases):
            faults = tried(case, finished, Path(scratch) / f"case{number}")
            failures += bool(faults)
            for fault in faults:
                print(f"{case.title!r}: {fault}", flush=True)
    print(f"{len(cases) - failures} passed, {failures} failed")
    return int(failures > 0)


def _preload() -> None:
    """Import what every case needs, and open the networks that score, once."""
    import torch

    from bench.cell import networks

    for name in ("bench.cli.app", "bench.metrics.evaluate", "bench.line", "reports.page.render"):
        importlib.import_module(name)
    torch.set_num_threads(1)
    nets = networks(None, torch.device("cpu"), judge="judge")
    for name in ("judge", "efficientnet_lite0", "lpips_alex"):
        nets.open(name)


def _finish(folder: Path) -> None:
    """Two finished cells and a probe that every case gets a copy of."""
    for name in ("Grey", "Noisy"):
        cell = ["--method", f"{PLUGINS}:{name}", "--classifier", CLASSIFIER, "--num-images", "4"]
        status, printed = _bench(["run", *cell, "--no-controls", "--out", str(folder)], folder.parent)
        assert status == 0, printed


def tried(case: Case, finished: Path, folder: Path) -> list[str]:
    """What did not hold."""
    shutil.copytree(finished, folder / "runs")
    words = case.prepare(folder)
    before = digests(folder / "runs")
    began = time.monotonic()
    status, printed = _bench(words, folder)
    faults = []
    if time.monotonic() - began > SECONDS:
        faults.append(f"took more than {SECONDS} s")
    if status not in (0, 1, 2):
        faults.append(f"ended with {status}: {printed[-300:]}")
    if "Traceback" in printed:
        faults.append(f"shows a traceback: {printed[-600:]}")
    error = (folder / "stderr").read_text(errors="replace").strip()
    if status and not error:
        faults.append(f"fails with {status} and says nothing on stderr")
    if status and len(error.splitlines()) > LINES:
        faults.append(f"takes {len(error.splitlines())} lines to say what is wrong: {error[:300]}")
    if "\x1b" in printed:
        faults.append("prints an escape sequence")
    after = digests(folder / "runs")
    if not case.damages and any(after.get(path) != digest for path, digest in before.items()):
        faults.append("changed finished runs")
    left = [path for path in folder.glob("**/*.tmp") if path.is_file()]
    if left:
        faults.append(f"left {left[0].name} behind")
    shutil.rmtree(folder, ignore_errors=True)
    return faults


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder but locks and caches."""
    files = [path for path in sorted(folder.glob("**/*")) if path.is_file() and "lock" not in path.name]
    kept = [path for path in files if ".features" not in path.parts]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


def _bench(words: list[str], folder: Path) -> tuple[int, str]:
    """Exit status of the command in a forked process (negative: the signal that ended it), and what it printed."""
    child = os.fork()
    if child == 0:
        _become(words, folder)
    deadline = time.monotonic() + SECONDS
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.01)
    printed = "".join((folder / name).read_text(errors="replace") for name in ("stdout", "stderr"))
    return os.waitstatus_to_exitcode(status), printed


def _become(words: list[str], folder: Path) -> None:
    """Be the command: never returns."""
    for number, name in ((0, "/dev/null"), (1, folder / "stdout"), (2, folder / "stderr")):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(name, flags, 0o644), number)
    status = 1
    try:
        from bench.cli.app import main as bench_main

        os.environ["BENCH_HOME"] = str(folder / "home")
        sys.argv = ["bench", *words]
        bench_main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # what the interpreter would print
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    sys.exit(main())
