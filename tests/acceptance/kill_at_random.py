"""Kill ``bench run`` with SIGKILL at ten random moments; the end must equal an undisturbed run byte for byte.

    python -m tests.acceptance.kill_at_random [--method biggan-logit] [--num-images 1000] [--kills 10] [--seed 0]

Takes a few minutes; prints what it compared and exits with status 1 on any difference, where half a file was left, or
where ``bench run --verify`` finds fault. For shards of other sizes try a white-box method: --method engstrom.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.record import Record

FILES = ("reconstructions.npy", "reconstruction_logits.npy", "per_image.parquet")


def command(out: Path, options: argparse.Namespace, *more: str) -> list[str]:
    """One cell through the real command line."""
    return [
        sys.executable, "-m", "bench", "run", "--method", options.method, "--classifier", "robust_resnet152",
        "--num-images", str(options.num_images), "--no-controls", "--out", str(out), *more,
    ]  # fmt: skip


def timed(out: Path, options: argparse.Namespace) -> float:
    """Run to the end; returns the seconds that it took."""
    began = time.perf_counter()
    subprocess.run(command(out, options), check=True, capture_output=True)
    return time.perf_counter() - began


def killed_after(seconds: float, out: Path, options: argparse.Namespace) -> bool:
    """Start the run and kill it; False if it had finished by then."""
    process = subprocess.Popen(command(out, options), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
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
    parser.add_argument("--method", default="biggan-logit")
    parser.add_argument("--num-images", type=int, default=1_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as scratch:
        whole, parts = Path(scratch) / "whole", Path(scratch) / "parts"
        seconds = timed(whole, options)
        print(f"undisturbed: {seconds:.1f} s")
        for k in range(options.kills):
            moment = rng.uniform(0.05, 1) * seconds
            done = not killed_after(moment, parts, options)
            shards = len(list(parts.glob("**/shards/0*.npz")))
            print(
                f"kill {k + 1} after {moment:5.1f} s: {shards} whole shards" + (" (had finished: anew)" if done else "")
            )
            if done:
                for record in parts.glob("**/record.json"):
                    record.unlink()
        timed(parts, options)
        verified = subprocess.run(command(parts, options, "--verify"), check=False).returncode == 0
        return int(not verified or compare(whole, parts) > 0)


def compare(whole: Path, parts: Path) -> int:
    """Print every file and whether it is the same; 1 on any difference."""
    (a,), (b,) = list(whole.glob("**/record.json")), list(parts.glob("**/record.json"))
    same = {name: (a.parent / name).read_bytes() == (b.parent / name).read_bytes() for name in FILES}
    same["metrics"] = Record.from_json(a.read_text()).metrics == Record.from_json(b.read_text()).metrics
    same["originals.npy"] = (
        next(whole.glob("*/originals.npy")).read_bytes() == next(parts.glob("*/originals.npy")).read_bytes()
    )
    same["logits.npz"] = (
        next(whole.glob("*/*/logits.npz")).read_bytes() == next(parts.glob("*/*/logits.npz")).read_bytes()
    )
    same["half-written files"] = not list(b.parent.glob("**/.*.tmp")) and not list(parts.glob("*/.*.tmp"))
    for name, equal in same.items():
        print(f"{name}: {'the same' if equal else 'DIFFERENT'}")
    return int(not all(same.values()))


if __name__ == "__main__":
    sys.exit(main())
