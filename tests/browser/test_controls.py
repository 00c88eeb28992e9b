"""Every control of the report in both of its forms, one file and a folder, opened from disk in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from reports.page.render import write_report
from studies.reports.browser import Opened, opened

pytestmark = pytest.mark.browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DESK, PHONE = 1440, 390
TABLE = "table.sortable >> nth=0"


@pytest.fixture(params=["report", "folder"])
def form(request: pytest.FixtureRequest) -> Path:
    """The page of either form."""
    page: Path = request.getfixturevalue(request.param)
    return page


@pytest.fixture
def found(chromium: Browser, form: Path) -> Iterator[Opened]:
    """The page at a desk, which must not have complained, or asked for anything but its own files."""
    with opened(chromium, form, width=DESK) as page:
        page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield page
        assert page.errors == []
        own = form.parent.resolve().as_uri() if form.name == "index.html" else "nothing"
        assert [one for one in page.requests if not one.startswith(f"{own}/")] == []


def unfold(page: Page, anchor: str) -> None:
    """Open details and wait until what is in them is there."""
    page.locator(f"#{anchor}").evaluate("one => { one.open = true; one.scrollIntoView(); }")
    page.locator(f"#{anchor} table").first.wait_for()


def heads(page: Page) -> list[str]:
    """The metrics of the first leaderboard that are shown."""
    keys: list[str] = page.locator(f"{TABLE} >> th.metric:visible").evaluate_all("all => all.map(o => o.dataset.sort)")
    return keys


def hash_of(page: Page, wanted: str = "") -> str:
    """What the address holds behind its file, once it holds what is wanted."""
    for _ in range(100):
        page.wait_for_timeout(150)
        found: str = page.evaluate("decodeURIComponent(location.hash)")
        if wanted in found:
            break
    return found


def test_columns_are_hidden_in_every_leaderboard_and_stand_in_the_address(found: Opened, chromium: Browser) -> None:
    page = found.page
    before = heads(page)
    page.locator(".columns summary").first.click()
    page.locator(".columns").first.get_by_label("PSNR").uncheck()
    assert heads(page) == [key for key in before if key != "psnr"]
    assert page.locator("table.sortable td[data-key=psnr]:not([hidden])").count() == 0
    spans = "o => [...o.rows].map(r => [...r.cells].filter(c => !c.hidden).reduce((n, c) => n + c.colSpan, 0))"
    assert len(set(page.locator(f"{TABLE} >> tbody >> nth=0").evaluate(spans))) == 1
    page.keyboard.press("Escape")
    assert not page.locator(".columns fieldset").first.is_visible()
    assert "columns.psnr=0" in hash_of(page, "columns.psnr=0")
    page.reload()
    assert "psnr" not in heads(page)


def test_a_table_is_copied_as_it_is_shown_with_the_records_own_numbers(found: Opened) -> None:
    page = found.page
    raw = page.locator(f"{TABLE} >> td[data-key=lpips]").first.get_attribute("data-value")
    page.locator(".leaderboards .tools button", has_text="Copy table").first.click()
    page.get_by_text("Copied").first.wait_for()
    lines = [line.split("\t") for line in page.evaluate("navigator.clipboard.readText()").splitlines()]
    titles = next(line for line in lines if "LPIPS" in line)
    row = next(line for line in lines if line[0] == "biggan-logit")
    assert row[titles.index("LPIPS")] == raw


def test_a_figure_is_saved_in_the_colours_that_are_shown(found: Opened, tmp_path: Path) -> None:
    page = found.page
    tools = page.locator(".figure .tools").first
    with page.expect_download() as download:
        tools.get_by_role("button", name="SVG").click()
    assert download.value.suggested_filename.endswith(".svg")
    drawing = download.value.path().read_text()
    assert drawing.startswith("<svg")
    assert "var(" not in drawing
    assert "biggan-logit" in drawing
    with page.expect_download() as download:
        tools.get_by_role("button", name="PNG").click()
    download.value.save_as(tmp_path / "figure.png")
    pixels = np.asarray(Image.open(tmp_path / "figure.png").convert("RGB"))
    assert pixels.shape == (3 * 410, 3 * 440, 3)
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 50


@pytest.mark.parametrize("part", ["pairs", "images", "classes"])
def test_a_detail_shows_the_metric_that_is_chosen_and_keeps_it_in_the_address(found: Opened, part: str) -> None:
    page = found.page
    unfold(page, f"group-1-{part}")
    table = page.locator(f"#group-1-{part} table")
    before = table.inner_text()
    page.locator(f"#group-1-{part} select").select_option("psnr")
    after = table.inner_text()
    assert after != before
    assert "PSNR" in page.locator(f"#group-1-{part} .caption").inner_text()
    said = f"group-1-{part}.metric=psnr"
    assert said in hash_of(page, said)
    page.reload()
    unfold(page, f"group-1-{part}")
    assert table.inner_text() == after


def test_the_address_holds_metric_group_order_and_pictures(found: Opened) -> None:
    page = found.page
    page.locator(".matrix-chooser [name=metric]").select_option("ssim")
    page.locator(".boards label").nth(1).click()
    page.locator(f"{TABLE} >> [data-sort=lpips] .sort").click()
    page.locator("#group-1-pictures").scroll_into_view_if_needed()
    page.locator("#gallery-1-controls [name=set]").select_option("all")
    board, cell = (page.locator(one).first for one in ("table.board:visible .board-name a", ".matrix-cell .value"))
    shown = board.inner_text(), cell.inner_text()
    said = hash_of(page, "gallery-1.set=all")
    for one in ("matrix.metric=ssim", "group.board=group-2", "sort=lpips.ascending", "gallery-1.set=all"):
        assert one in said
    page.reload()
    assert (board.inner_text(), cell.inner_text()) == shown
    assert page.locator(f"{TABLE} >> [data-sort=lpips]").get_attribute("aria-sort") == "ascending"
    page.locator("#group-1-pictures").scroll_into_view_if_needed()
    page.locator("#gallery-1-controls").wait_for()
    assert page.locator("#gallery-1-controls [name=set]").input_value() == "all"
    assert "gallery-1.set=all" in hash_of(page, "gallery-1.set=all")


def test_a_link_unfolds_the_leaderboard_that_it_leads_to(found: Opened) -> None:
    page = found.page
    board = page.locator("table.sortable").nth(1)
    assert not board.is_visible()
    page.locator(".matrix th a[href='#group-2']").click()
    assert board.is_visible()
    assert hash_of(page) == "#group-2"
    page.locator("#group-2-pictures").scroll_into_view_if_needed()
    page.locator("#gallery-2 button.gallery-tile").first.wait_for()
    page.locator("#gallery-2 button.gallery-tile").first.click()
    assert page.locator("#gallery-2-dialog").is_visible()


def test_every_heading_has_an_address(found: Opened) -> None:
    heads = found.page.locator("main :is(h2, h3)[id]")
    assert heads.count() > 8
    for one in heads.all():
        assert one.locator(".anchor").get_attribute("href") == f"#{one.get_attribute('id')}"
    bare = "all => all.filter(o => !o.id && !o.closest('details:not([open])')).map(o => o.textContent)"
    assert found.page.locator("main h2").evaluate_all(bare) == []


def test_heads_stay_in_sight_below_the_bar(found: Opened) -> None:
    page = found.page
    page.locator(f"{TABLE} >> tbody tr >> nth=-1").evaluate(
        "one => one.scrollIntoView({block: 'end', behavior: 'instant'})"
    )
    head = page.locator(f"{TABLE} >> th.metric").first
    assert head.evaluate(
        "o => { const b = o.getBoundingClientRect(); return b.top >= 40 && b.bottom <= innerHeight / 2; }"
    )
    assert page.locator(TABLE).evaluate("one => one.getBoundingClientRect().top") < 0


def test_a_phone_shows_inverters_at_once_and_columns_with_values_first(chromium: Browser, form: Path) -> None:
    with opened(chromium, form, width=PHONE, height=844) as found:
        page = found.page
        inside = "all => all.filter(o => o.getBoundingClientRect().bottom <= innerHeight).length"
        assert page.locator("table.board:visible tr.board-inverter").evaluate_all(inside) >= 4
        cells = page.locator(f"{TABLE} >> tbody[data-kind=inverter] tr[data-access] >> nth=0").locator("td.score")
        assert "—" not in cells.first.inner_text()
        assert "—" in cells.last.inner_text() or "—" in cells.nth(cells.count() - 2).inner_text()


def test_a_folder_without_scripts_has_its_parts_as_pages(chromium: Browser, folder: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(folder.as_uri())
    assert "biggan-logit" in page.locator("table.board").first.inner_text()
    page.get_by_role("link", name="Pictures of robust_resnet152").click()
    assert page.locator("tr.gallery-original .gallery-tile").count() == 12
    loaded = page.locator("tr.gallery-original .gallery-tile").first.evaluate(
        "o => getComputedStyle(o).backgroundImage"
    )
    assert loaded == "none" or "pictures/" in loaded
    page.get_by_role("link", name="Back to the whole report").click()
    assert page.url.endswith("index.html")
    context.close()


def test_nothing_is_wider_than_a_phone(chromium: Browser, folder: Path) -> None:
    with opened(chromium, folder, width=PHONE) as found:
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert found.page.evaluate(wide) <= 0
        found.page.locator("main details").evaluate_all("all => all.forEach(one => one.open = true)")
        found.page.wait_for_timeout(300)
        assert found.page.evaluate(wide) <= 0


def test_leaderboards_that_come_late_are_sorted_filtered_and_lead_to_by_links(
    chromium: Browser, pictured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a page so large that its further groups are parts as a whole."""
    monkeypatch.setattr("reports.export.files.LARGEST", 10)
    with opened(chromium, write_report(pictured, tmp_path / "report"), width=DESK) as found:
        page = found.page
        assert page.locator("table.sortable").count() == 1
        page.locator(f"{TABLE} >> [data-sort=lpips] .sort").click()
        page.locator(".filters input[data-filter=white-box]").first.uncheck()
        page.locator(".matrix th a[href='#group-2']").click()
        page.locator("table.sortable").nth(1).wait_for()
        second = page.locator("table.sortable").nth(1)
        assert second.locator("[data-sort=lpips]").get_attribute("aria-sort") == "ascending"
        assert "mahendran-vedaldi" not in second.locator("tr:not([hidden]) .name").all_inner_texts()
        page.locator("#group-2-pictures").scroll_into_view_if_needed()
        page.locator("#gallery-2 button.gallery-tile").first.wait_for()
        assert found.errors == []
