"""The built documentation as a reader has it: opened from disk in Chromium, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from studies.reports.browser import Opened, opened
from tests.documentation import NAV, build

pytestmark = [pytest.mark.browser, pytest.mark.processes]

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAPER = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pages were built."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    done = build(folder)
    assert done.returncode == 0, done.stderr
    return folder


def is_quiet(found: Opened) -> bool:
    """Whether nothing was reported, and nothing asked for but files of the site."""
    assert found.errors == []
    assert [one for one in found.requests if not one.startswith("file:")] == []
    return True


@pytest.mark.parametrize("page", NAV)
def test_a_page_opens_and_fits_a_phone(chromium: Browser, site: Path, page: str) -> None:
    with opened(chromium, (site / page).with_suffix(".html"), width=390, dark=True) as found:
        found.page.wait_for_load_state("networkidle")
        wide = found.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0
        pictures = found.page.locator("article img").evaluate_all("all => all.map(one => one.naturalWidth)")
        assert min(pictures, default=1) > 0
        assert is_quiet(found)


def test_search_finds_a_metric(chromium: Browser, site: Path) -> None:
    with opened(chromium, site / "reference" / "cli.html", width=1440) as found:
        found.page.locator("[data-md-component=search-query]").click()
        found.page.keyboard.type("lpips")
        result = found.page.locator(".md-search-result__link[href*='metrics.html']").first
        result.wait_for(state="visible", timeout=20_000)
        result.click()
        found.page.wait_for_url("**/metrics.html*")
        assert is_quiet(found)


def test_dark_follows_the_reader_and_a_button_changes_it(chromium: Browser, site: Path) -> None:
    page = site / "reference" / "metrics.html"
    with opened(chromium, page, width=1440) as found:
        light = found.page.evaluate(PAPER)
    with opened(chromium, page, width=1440, dark=True) as found:
        dark = found.page.evaluate(PAPER)
        assert dark != light
        found.page.get_by_title("Switch to light").first.click()
        assert found.page.evaluate(PAPER) == light
        assert is_quiet(found)


def test_code_can_be_copied(chromium: Browser, site: Path) -> None:
    with opened(chromium, site / "reference" / "cli.html", width=1440) as found:
        assert found.page.locator("button[data-clipboard-target]").count() > 10
