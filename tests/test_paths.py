"""Where things live, and paths as text."""

import os
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.paths import home, readable


def test_a_user_without_an_entry_is_told_to_set_bench_home(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    def unknown(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    for name in ("HOME", "BENCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(UsageError, match="export BENCH_HOME=/path/to/folder"):
        home()
    monkeypatch.setenv("BENCH_HOME", "~/here")
    with pytest.raises(UsageError, match="no home folder"):
        home()
    monkeypatch.setenv("BENCH_HOME", "/somewhere")
    assert home() == Path("/somewhere")


def test_readable_paths() -> None:
    assert readable(Path("/a/é")) == "/a/é"
    assert readable(os.fsdecode(b"/a/\xff\xc3\xa9")) == "/a/\\xffé"
