"""Where workers compute: cores, GPUs, logs."""

import os
from pathlib import Path

import pytest

from bench.sweep.places import places_for
from bench.sweep.plan import Plan


def test_workers_have_cores_of_their_own_where_there_are_enough(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {2, 3, 4, 5, 6})
    plan = Plan(("m",), ("c",), threads=2)
    assert [place.cores for place in places_for(plan, tmp_path, None, "cpu")] == [(2, 3), (4, 5)]
    assert [place.cores for place in places_for(plan, tmp_path, 3, "cpu")] == [()] * 3
    assert [place.cores for place in places_for(plan, None, 1, "cpu")] == [()]  # in a job, which is placed already
    assert [str(place.log) for place in places_for(plan, tmp_path, 1, "cpu")] == [f"{tmp_path / 'worker-1.log'}"]


def test_workers_have_a_gpu_each(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    plan = Plan(("m",), ("c",))
    assert [place.gpu for place in places_for(plan, None, None, "cuda")] == ["3", "5"]
    assert [place.gpu for place in places_for(plan, None, 3, "cuda")] == ["3", "5", "3"]
