"""One training in several processes: the same losses as in one, a clear end where one of them dies, and a way on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.small import assert_same_state

pytestmark = pytest.mark.processes

SIMILAR = ("dosovitskiy-brox-2016a", "dosovitskiy-brox-2016b", "flow-matching", "nash-2019", "classifier")
KINDS = ("biggan-logit", *(pytest.param(kind, marks=pytest.mark.slow) for kind in SIMILAR))
ALONE = [sys.executable, "-m"]
NEEDS_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
IN_TWO = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]


def command(launcher: list[str], *arguments: object) -> list[str]:
    return [*launcher, "tests.training.worker", *(str(argument) for argument in arguments)]


def environment(tmp_path: Path) -> dict[str, str]:
    return os.environ | {"BENCH_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}


def train(launcher: list[str], tmp_path: Path, *arguments: object) -> None:
    done = subprocess.run(
        command(launcher, *arguments), env=environment(tmp_path), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]


def curve(folder: Path) -> dict[str, list[float]]:
    """Every scalar over the steps."""
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return {name: [row[name] for row in rows if name in row] for name in rows[0] if name not in ("step", "seconds")}


def checkpoint(folder: Path) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(folder / "checkpoint.pt", weights_only=True)
    return state


@pytest.mark.parametrize("kind", KINDS)
def test_two_processes_follow_the_curve_of_one(kind: str, tmp_path: Path) -> None:
    """20 steps at the same whole batch in float64, statistics of normalisation included."""
    train(ALONE, tmp_path, kind, tmp_path / "one", "--precision", "float64")
    train(IN_TWO, tmp_path, kind, tmp_path / "two", "--precision", "float64")
    one, two = curve(tmp_path / "one"), curve(tmp_path / "two")
    losses = [name for name in one if not name.startswith(("fake_std", "train_"))]
    assert losses
    for name in losses:
        assert len(one[name]) == 20
        np.testing.assert_allclose(two[name], one[name], rtol=1e-6, atol=1e-6, err_msg=name)
    assert len(set(one[losses[0]])) > 10  # it does train


@pytest.mark.slow
def test_without_synchronised_statistics_the_curves_part(tmp_path: Path) -> None:
    """The comparison above can fail: statistics of each process's own rows change the losses."""
    train(ALONE, tmp_path, "biggan-logit", tmp_path / "one", "--precision", "float64", "--steps", 4)
    train(
        IN_TWO, tmp_path, "biggan-logit", tmp_path / "two", "--precision", "float64", "--steps", 4, "--unsynchronised"
    )
    one, two = curve(tmp_path / "one"), curve(tmp_path / "two")
    assert not np.allclose(two["loss_d"], one["loss_d"], rtol=1e-6, atol=1e-6)


def test_parts_of_a_batch_add_up_to_the_whole(tmp_path: Path) -> None:
    """Where nothing normalises over the batch, three parts give the gradient of the whole."""
    kind = "dosovitskiy-brox-2016b"
    train(ALONE, tmp_path, kind, tmp_path / "whole", "--precision", "float64", "--steps", 6)
    train(ALONE, tmp_path, kind, tmp_path / "parts", "--precision", "float64", "--steps", 6, "--accumulate", 3)
    np.testing.assert_allclose(curve(tmp_path / "parts")["loss"], curve(tmp_path / "whole")["loss"], rtol=1e-9)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=NEEDS_GPU)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_training_resumes_bit_for_bit(kind: str, device: str, tmp_path: Path) -> None:
    there = ("--device", device)
    train(ALONE, tmp_path, kind, tmp_path / "whole", *there)
    folder = tmp_path / "killed"
    running = subprocess.Popen(
        command(ALONE, kind, folder, "--pause", 0.1, *there), env=environment(tmp_path), stderr=subprocess.DEVNULL
    )
    _wait_for(lambda: (folder / "checkpoint.pt").exists() and len(curve(folder)) > 0)
    time.sleep(0.15)  # beyond the checkpoint
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert checkpoint(folder)["step"] < 20
    train(ALONE, tmp_path, kind, folder, "--resume", *there)
    assert_same_state(checkpoint(folder)["task"], checkpoint(tmp_path / "whole")["task"])
    assert curve(folder) == curve(tmp_path / "whole")  # no row is missing or there twice


def test_a_killed_worker_stops_the_others_and_the_job_resumes(tmp_path: Path) -> None:
    kind, folder = "dosovitskiy-brox-2016b", tmp_path / "job"
    arguments = (kind, folder, "--precision", "float64")
    job = subprocess.Popen(
        command(IN_TWO, *arguments, "--pause", 0.2), env=environment(tmp_path), stderr=subprocess.PIPE, text=True
    )
    _wait_for(lambda: (folder / "checkpoint.pt").exists())
    os.kill(_workers(job.pid)[-1], signal.SIGKILL)
    _, said = job.communicate(timeout=120)
    assert job.returncode != 0
    assert "Signal 9 (SIGKILL)" in said
    assert checkpoint(folder)["step"] < 20
    train(IN_TWO, tmp_path, *arguments, "--resume")
    train(ALONE, tmp_path, kind, tmp_path / "whole", "--precision", "float64")
    np.testing.assert_allclose(curve(folder)["loss"], curve(tmp_path / "whole")["loss"], rtol=1e-6)


def _workers(launcher: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(launcher)], capture_output=True, text=True, check=True)
    return [int(line) for line in found.stdout.split()]


def _wait_for(condition: Any, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.05)
