"""A bar with the time left on a terminal, a line every half minute elsewhere, one line each where bars are nested."""

import io
import threading
import time
from types import SimpleNamespace

import pytest
from rich.console import Console

from bench import progress as module
from bench.progress import each, progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "_clock", clock)
    monkeypatch.setattr(module, "_log", module._Log())
    return clock


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=Terminal()))


def lines() -> list[tuple[str, float]]:
    (screen,) = module._screens
    return [(task.description, task.completed) for task in screen.tasks]


def drawn() -> str:
    """What the terminal shows."""
    console = Console(file=io.StringIO(), width=200)
    console.print(module._screens[0].get_renderable())
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


def test_work_under_half_a_minute_is_silent_off_a_terminal(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with progress(2, "work") as bar:
        bar.advance()
        clock.now += 29.9
        bar.advance()
        assert module._screens == []
    assert capsys.readouterr() == ("", "")


def test_a_line_every_half_minute_says_what_is_done_the_rate_and_the_time_left(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with progress(2_500, "scoring", start=500) as bar:
        for _ in range(4):  # 250 in 25 s: 10 a second
            clock.now += 25
            bar.advance(250)
    assert capsys.readouterr() == (
        "",
        "bench: scoring: 1,000 of 2,500 (40%), 10 a second, 2:30 left\n"
        "bench: scoring: 1,500 of 2,500 (60%), 10 a second, 1:40 left\n",
    )


def test_slow_work_counts_seconds_and_is_heard_before_its_first_unit(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with progress(40, "a \x1b[31mbad\x1b[0m\nname") as bar:
        clock.now += 40
        bar.advance(0, note="loss 0.5")
        clock.now += 40
        bar.advance(1)
    said = capsys.readouterr().err
    assert said == (
        "bench: a ?[31mbad?[0m?name: 0 of 40 (0%), 0:40 so far, loss 0.5\n"
        "bench: a ?[31mbad?[0m?name: 1 of 40 (2%), 80 s each, 52:00 left, loss 0.5\n"
    )


def test_nested_work_is_one_line_and_many_short_parts_are_not_silent(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    for part in each(range(4), "outer"):
        with progress(2, f"inner {part}") as bar:
            clock.now += 10
            bar.advance()
    assert (
        capsys.readouterr().err
        == "bench: outer: 2 of 4 (50%), 10 s each, 0:10 left; inner 2: 1 of 2 (50%), 10 s each, 0:10 left\n"
    )
    for _ in range(4):  # one after the other; the last line was 10 seconds ago
        with progress(1, "next"):
            clock.now += 9
            module._log.tick()
    assert capsys.readouterr().err == "bench: next: 0 of 1 (0%), 0:09 so far\n"
    clock.now += 1_000  # nothing goes on: the next work is new
    with progress(1, "later") as bar:
        clock.now += 20
        bar.advance()
    assert capsys.readouterr().err == ""


def test_a_block_that_takes_long_is_not_silent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the real clock and a thread; nothing moves on."""
    monkeypatch.setattr(module, "EVERY", 0.05)
    with progress(9, "block"):
        time.sleep(0.4)
    assert "block: 0 of 9 (0%), 0:00 so far" in capsys.readouterr().err
    assert "progress" not in [thread.name for thread in threading.enumerate()]


def test_only_the_first_process_of_a_training_speaks(
    clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    with progress(2, "work") as bar:
        clock.now += 100
        bar.advance()
    assert capsys.readouterr().err == ""


def test_a_bar_within_a_bar_is_its_next_line(terminal: None) -> None:
    with progress(2, "outer", start=1) as outer:
        with progress(3, "inner") as inner:
            inner.advance(2, note="half way")
            assert lines() == [("outer", 1), ("inner", 2)]
        assert lines() == [("outer", 1)]
        outer.advance()
        assert lines() == [("outer", 2)]


def test_the_time_left_stands_on_the_terminal_from_the_first_block_on(terminal: None, clock: Clock) -> None:
    """Blocks of two minutes, which are longer than what rich looks back."""
    with progress(10, "slow [b]block[/b]", start=2) as bar:
        assert "left" not in drawn()
        clock.now += 120
        bar.advance(2)
        assert "6:00 left" in drawn()
        clock.now += 30
        assert "5:30 left" in drawn()
        assert "slow [b]block[/b]" in drawn()


def test_the_screen_is_given_back_after_an_error(terminal: None) -> None:
    with pytest.raises(ValueError, match="broken"), progress(2, "outer"), progress(2, "inner"):
        raise ValueError("broken")
    with progress(1, "next"):
        assert lines() == [("next", 0)]
