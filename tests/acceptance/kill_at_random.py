"""Kill ``bench`` with SIGKILL at random moments; the end must equal an undisturbed run byte for byte.

    python -m tests.acceptance.kill_at_random [--kills 10] [--seed 0] [--only run|white-box|folder|probe|train]

Five lines of work, each killed so many times: a feed-forward inverter, an optimiser in image space, a folder of one's
own images with a local classifier, a probe, and the training of an inverter on that folder. Takes some ten minutes;
prints what it compared and exits with status 1 on any difference, and where a kill left a temporary file for good.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.datasets import cifar10
from bench.store.record import Record
from bench.weights.files import load_file

TILES = f"{Path(__file__).parent.parent / 'probes' / 'tiny.py'}:tiles"
SHIPPED = ("--method", "biggan-logit", "--classifier", "robust_resnet152")


@dataclass(frozen=True)
class Work:
    """Something that can be killed and goes on when it is typed again.

    Attributes:
        words: the command after ``bench``, for a folder of images and one to write to.
        same: which files must come out the same, as patterns below the latter.
        last: what is written last, a pattern; it is removed where a kill came too late.
    """

    words: Callable[[str, Path], list[str]]
    same: tuple[str, ...]
    last: str = "**/record.json"


CELL = ("**/reconstructions.npy", "**/reconstruction_logits.npy", "**/per_image.parquet")
SHARED = ("**/originals.npy", "**/logits.npz")
WORKS = {
    "run": Work(
        lambda photos, out: ["run", *SHIPPED, "--num-images", "1000", "--no-controls", "--out", str(out)],
        (*CELL, *SHARED),
    ),
    "white-box": Work(
        lambda photos, out: [
            "run", "--method", "mahendran-vedaldi", "--classifier", "robust_resnet152", "--num-images", "60",
            "--no-controls", "--out", str(out),
        ],
        (*CELL, *SHARED),
    ),
    "folder": Work(
        lambda photos, out: [
            "run", "--method", "examples/gradient_descent.py:GradientDescent", "--classifier", TILES, "--dataset",
            photos, "--no-controls", "--out", str(out),
        ],
        (*CELL, *SHARED),
    ),
    "probe": Work(
        lambda photos, out: ["probe", "noise", *SHIPPED, "--num-images", "60", "--out", str(out)],
        ("**/per_image.parquet", "**/*.npy", *SHARED),
    ),
    "train": Work(
        lambda photos, out: [
            "train", "inverter", "dosovitskiy-brox-2016b", "--classifier", TILES, "--dataset", photos, "--steps",
            "600", "--resume", "--out", str(out),
        ],
        ("*.safetensors",),
        last="*.safetensors",
    ),
}  # fmt: skip


def timed(words: list[str]) -> float:
    """Run to the end; returns the seconds that it took."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "bench", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"bench {' '.join(words)} ended with {done.returncode}: {done.stderr[-2_000:]}")
    return time.perf_counter() - began


def killed_after(seconds: float, words: list[str]) -> bool:
    """Start and kill it; False if it had finished by then."""
    command = [sys.executable, "-m", "bench", *words]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


def main() -> int:
    """Compare; 0 if nothing differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10, help="of each line of work")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=WORKS)
    options = parser.parse_args()
    rng, wrong = random.Random(options.seed), 0
    with tempfile.TemporaryDirectory() as scratch:
        photos = photographs(Path(scratch) / "photos")
        for name in [options.only] if options.only else WORKS:
            print(f"{name}:")
            wrong += disturbed(WORKS[name], photos, Path(scratch) / name, options.kills, rng)
    print(f"{wrong} differences")
    return int(wrong > 0)


def photographs(folder: Path) -> str:
    """Real images as files in two classes."""
    from PIL import Image

    pixels, _ = cifar10.shipped_test()
    for k, image in enumerate(pixels[:600]):
        path = folder / ("left", "right")[k % 2] / f"{k:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.asarray(image)).save(path)
    return f"folder:{folder}@32"


def disturbed(work: Work, photos: str, scratch: Path, kills: int, rng: random.Random) -> int:
    """The number of files that differ between an undisturbed run and one that was killed so many times."""
    whole, parts = scratch / "whole", scratch / "parts"
    seconds = timed(work.words(photos, whole))
    print(f"  undisturbed: {seconds:.1f} s")
    for k in range(kills):
        moment = rng.uniform(0.05, 1) * seconds
        late = not killed_after(moment, work.words(photos, parts))
        print(f"  kill {k + 1} after {moment:5.1f} s{' (had finished: anew)' if late else ''}", flush=True)
        if late:
            for path in parts.glob(work.last):
                path.unlink()
    timed(work.words(photos, parts))
    return compare(work, whole, parts)


def contents(path: Path) -> object:
    """A file's bytes; of weights those of the tensors alone: the seconds that training took stand beside them."""
    if path.suffix != ".safetensors":
        return path.read_bytes()
    return {name: value.numpy().tobytes() for name, value in load_file(path).items()}


def compare(work: Work, whole: Path, parts: Path) -> int:
    """Print every file and whether it is the same; the number of those that are not."""
    wrong = []
    for path in sorted({path for pattern in work.same for path in whole.glob(pattern)}):
        other = parts / path.relative_to(whole)
        if not other.exists() or contents(other) != contents(path):
            wrong.append(str(path.relative_to(whole)))
    for path in whole.glob("**/record.json"):
        a, b = (Record.from_json((root / path.relative_to(whole)).read_text()) for root in (whole, parts))
        if (a.metrics, a.levels) != (b.metrics, b.levels):
            wrong.append(f"the scores of {path.relative_to(whole)}")
    wrong += [f"left behind: {path.name}" for path in parts.glob("**/*.tmp")]
    for line in wrong or ["all the same"]:
        print(f"  {line}")
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main())
