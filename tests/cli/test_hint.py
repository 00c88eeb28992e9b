"""The line that says how to get ``fid``: where its weights are all that is missing, with the work that it will be."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.cli import hint as fid
from bench.cli.hint import hint, weights_missing
from bench.datasets.fetch_inception import NOT_HERE
from bench.metrics.networks import too_few
from bench.store.record import Record, Score


def record(method: str = "m", n: int = 2_500, note: str = NOT_HERE, value: float | None = None) -> Record:
    score = Score(value, note=None if value is not None else note)
    return Record(
        method=method, classifier="c", dataset="cifar10", num_images=n, seed=0, metrics={"fid": score},
        protocol={"order": "o"},
    )  # fmt: skip


def test_it_says_what_to_fetch_what_to_run_and_the_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fid, "IMAGES_A_SECOND", 10.0)
    wrapped = str(hint([record("a"), record("b"), record("oracle")]))
    line = " ".join(wrapped.split())
    assert "bench data fetch inception (91 MiB), then bench score --runs runs --metric fid" in line
    assert "changes no other score" in line
    assert "7,500 images" in line  # the originals, which oracle repeats, and two methods
    assert "about 12 minutes on two CPU cores" in line
    assert max(map(len, wrapped.splitlines())) <= fid.WIDTH


def test_originals_are_counted_once_for_each_set_of_them() -> None:
    other = replace(record("b"), dataset="folder:photos", protocol={"order": "p"})
    assert "10,000 images" in str(hint([record("a"), other]))


@pytest.mark.parametrize(
    "given",
    [
        record(value=12.5),
        record(n=2_047),
        record(note=too_few(100, 2_048)),
        replace(record(), status="failed"),
        replace(record(), metrics={}),
    ],
)
def test_nothing_is_said_where_the_weights_would_not_help(given: Record) -> None:
    assert hint([given]) is None
    assert "--runs elsewhere --metric fid" in str(hint([given, record()], Path("elsewhere")))


def test_a_metric_that_was_asked_for_and_lacks_weights_is_named_with_its_command() -> None:
    lacking = replace(record(), metrics={"fd_dinov2": Score(None, note="dinov2 is not here"), "psnr": Score(None)})
    there = replace(lacking, protocol={"extractors": {"dinov2": "ab"}})
    told = " ".join(str(weights_missing([there, lacking], ["psnr", "fd_dinov2", "fid"], Path("runs"))).split())
    assert told.startswith("fd_dinov2: no value for want of weights, and the line above says how to get them.")
    assert "bench score --runs runs --metric fd_dinov2, which inverts nothing" in told
    assert weights_missing([there], ["fd_dinov2"], Path("runs")) is None  # too few images, say
    assert weights_missing([lacking], [], Path("runs")) is None
    judged = replace(record(), metrics={"fd_judge": Score(None, note="There is no judge")})
    assert weights_missing([judged], ["fd_judge"], Path("runs")) is None
