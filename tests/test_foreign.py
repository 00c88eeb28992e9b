"""Code of others: what it prints goes to stderr whoever prints it, and however it fails is one error."""

import ctypes
import os
import sys

import pytest

from bench.errors import DataError, PluginError
from bench.foreign import aside, guarded


def test_whoever_prints_prints_to_stderr_and_stdout_is_as_before(capfd: pytest.CaptureFixture[str]) -> None:
    print("before")
    with aside():
        print("python")
        os.write(1, b"descriptor\n")
        ctypes.CDLL(None).puts(b"library")
        print("stream that was kept", file=sys.__stdout__)
    print("after")
    out, err = capfd.readouterr()
    assert out.split("\n") == ["before", "after", ""]
    assert set(err.splitlines()) == {"python", "descriptor", "library", "stream that was kept"}


def test_stdout_comes_back_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="x"), aside():
        raise ValueError("x")
    print("after")
    assert capfd.readouterr().out == "after\n"


@pytest.mark.parametrize(("error", "words"), [(ValueError("no"), "ValueError: no"), (SystemExit(3), "SystemExit: 3")])
def test_whatever_is_raised_is_one_error_that_names_it(error: BaseException, words: str) -> None:
    told = rf"^x cannot be built: {words} \(in test_foreign.py, line \d+"
    with pytest.raises(PluginError, match=told) as raised, guarded("x cannot be built", "Mend it."):
        raise error
    assert str(raised.value).endswith(". Mend it.")
    assert raised.value.__cause__ is error


def test_errors_of_ours_and_ctrl_c_stay_what_they_are() -> None:
    for error in (DataError("gone"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as raised, guarded("x cannot be built"):
            raise error
        assert raised.value is error
