"""The bar: silent where nobody looks, one line each where bars are nested."""

import io
from types import SimpleNamespace

import pytest

from bench import progress as module
from bench.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=Terminal()))


def lines() -> list[tuple[str, float]]:
    (screen,) = module._screens
    return [(task.description, task.completed) for task in screen.tasks]


def test_silent_where_stderr_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(2, "work") as bar:
        bar.advance()
        assert module._screens == []
    assert capsys.readouterr() == ("", "")


def test_a_bar_within_a_bar_is_its_next_line(terminal: None) -> None:
    with progress(2, "outer", start=1) as outer:
        with progress(3, "inner") as inner:
            inner.advance(2, note="half way")
            assert lines() == [("outer", 1), ("inner", 2)]
        assert lines() == [("outer", 1)]
        outer.advance()
        assert lines() == [("outer", 2)]


def test_the_screen_is_given_back_after_an_error(terminal: None) -> None:
    with pytest.raises(ValueError, match="broken"), progress(2, "outer"), progress(2, "inner"):
        raise ValueError("broken")
    with progress(1, "next"):
        assert lines() == [("next", 0)]
