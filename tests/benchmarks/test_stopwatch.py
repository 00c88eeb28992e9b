"""Where the time goes: nested stages count once, everything watched exists, tables say what was measured."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from tests.benchmarks import limits, stages, stopwatch, where
from tests.benchmarks.stopwatch import Stopwatch, Watch, in_turn

ALL = {"run": stages.RUN, "optimization": stages.OPTIMIZATION, "training": stages.training(), "report": stages.REPORT}
HERE = "tests.benchmarks.test_stopwatch"


class Clock:
    """A clock that only moves when it is told to."""

    now = 0.0

    @classmethod
    def spend(cls, seconds: float) -> None:
        cls.now += seconds


def outer() -> str:
    Clock.spend(1)
    inner()
    Clock.spend(2)
    inner()
    return "done"


def inner() -> None:
    Clock.spend(10)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Clock, "now", 0.0)
    monkeypatch.setattr(stopwatch, "time", SimpleNamespace(perf_counter=lambda: Clock.now))


def test_inner_stages_are_not_counted_twice_and_the_rest_is_named() -> None:
    watch = Stopwatch()
    with watch.running([Watch(f"{HERE}:outer", "outer"), Watch(f"{HERE}:inner", "inner")]):
        Clock.spend(5)
        assert outer() == "done"
    assert watch.table() == {"outer": 3, "inner": 20, "other": 5, "total": 28}
    before = watch.table()
    outer()  # no longer watched
    assert watch.table() == before


def test_a_sealed_stage_keeps_what_it_calls() -> None:
    watch = Stopwatch()
    with watch.running([Watch(f"{HERE}:outer", "outer", sealed=True), Watch(f"{HERE}:inner", "inner")]):
        outer()
        inner()
    watch.add("before", 4)
    assert list(watch.table().items()) == [("before", 4), ("outer", 23), ("inner", 10), ("other", 0), ("total", 37)]
    assert watch.table(2)["total"] == 18.5


def test_calls_may_take_turns() -> None:
    watch = Stopwatch()
    with watch.running([Watch(f"{HERE}:inner", in_turn("first", "second"))]):
        for _ in range(3):
            inner()
    assert watch.table() == {"first": 20, "second": 10, "other": 0, "total": 30}


@pytest.mark.parametrize("name", ALL)
def test_every_function_that_is_watched_is_there(name: str) -> None:
    for watch in ALL[name]:
        owner, function = watch.owner()
        assert callable(getattr(owner, function)), watch.path


def test_a_function_that_is_gone_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no_such"):
        Watch(f"{HERE}:no_such", "nothing").owner()


def state(seconds: float, share: float) -> dict[str, object]:
    return {
        "machine": "a machine",
        "date": "2026-01-02",
        "limits": {"bf16 matrix product, GFLOP/s": 200.0},
        "stages": {"bench report": {"gallery": seconds, "other": 1.0, "total": seconds + 1}},
        "rates": {"training step at ch 64": {"GFLOP/s": 200 * share, "share": share}},
    }


def test_tables_show_before_and_after_with_shares() -> None:
    text = where.markdown({"after": state(1.0, 0.5), "before": state(3.0, 0.25)})
    assert "| bench report | before | after |" in text
    assert "| gallery | 3.00 s (75%) | 1.00 s (50%) |" in text
    assert "| training step at ch 64, GFLOP/s (share of bf16 matrix product) | 50 (25%) | 100 (50%) |" in text
    assert text.endswith("Measured on: a machine, 2026-01-02.\n")


def test_what_is_kept_can_be_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "where.json"
    path.write_text(json.dumps({"after": state(1.0, 0.5)}))
    assert where.main(["--table", "--out", str(path)]) == 0
    assert "| gallery | 1.00 s (50%) |" in capsys.readouterr().out


def test_rates_are_work_over_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "best", lambda run: (run(), 0.5)[1])
    assert limits.matrix_rate(100, torch.float32) == 2 * 100**3 / 0.5 / 1e9
    assert limits.memory_rate(4_000) == 2 * 4_000 / 0.5 / 1e9
    assert limits.convolution_rate(torch.float32, 1) == 2 * 9 * 256**2 * 32**2 / 0.5 / 1e9


def test_operations_of_a_product_and_its_gradient_are_counted() -> None:
    a = torch.randn(3, 5, requires_grad=True)
    b = torch.randn(5, 7)
    assert where.counted(lambda: torch.autograd.grad((a @ b).sum(), a)) == 2 * 2 * 3 * 5 * 7
