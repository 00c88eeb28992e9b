"""Where a browser is looked for, what is said without one, and what a page is not allowed to ask for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.errors import UsageError
from studies.reports import browser as module
from studies.reports.browser import NAMES, browser, executable


def test_the_browser_that_is_named_comes_before_those_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES[2:]:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    assert executable() == str(tmp_path / NAMES[2])
    monkeypatch.setenv("CHROMIUM", "/opt/mine")
    assert executable() == "/opt/mine"


def test_without_a_browser_it_says_what_to_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    assert executable() is None
    with pytest.raises(UsageError, match=r"none of chromium, .* is on the path. Name it in \$CHROMIUM"), browser():
        pass


def test_without_playwright_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/opt/mine")
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(UsageError, match=r"playwright is needed to drive Chromium\. Type: pip install"), browser():
        pass


def test_a_page_may_ask_for_itself_and_for_what_it_holds() -> None:
    asked: list[str] = []
    for url in ("file:///a.html", "file:///a.html#top", "data:image/png;base64,xx", "blob:1", "https://host/x.js"):
        module._note(asked, url, "file:///a.html")
    assert asked == ["https://host/x.js"]
