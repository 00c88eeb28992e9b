"""What commands print."""

import io
import sys

import pytest

from bench.cli.doctor import Check
from bench.cli.printing import print_checks, print_json, print_rows, say


def test_rows_are_aligned_and_missing_values_are_dashes(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"a": "x", "b": 0.12345}, {"a": "longer"}], "nothing")
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["a       b", "------  ------", "x       0.1235", "longer  -"]
    print_rows([], "nothing")
    assert capsys.readouterr().out == "nothing\n"


def test_a_failed_check_gives_1_and_shows_its_hint(capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = Check("a", True, "fine"), Check("b", False, "broken", "type this")
    assert print_checks(iter([good])) == 0
    assert print_checks(iter([good, bad])) == 1
    assert "-> type this" in capsys.readouterr().out


def test_json_refuses_nan() -> None:
    with pytest.raises(ValueError, match="nan"):
        print_json({"x": float("nan")})


def test_work_goes_on_where_nobody_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stderr", Full())
    say("something")
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    say("something")
