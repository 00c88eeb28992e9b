"""The report as a reader uses it: opened from disk in Chromium, at the width of a desk and of a phone."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bench.metrics.bootstrap import mean_ci
from bench.store.record import Record, Score
from reports.page.render import write_report
from studies.reports.browser import Opened, opened
from tests.reports.synthetic import write_cell

pytestmark = pytest.mark.browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

WIDTHS = (1440, 390)
N = 100
GALLERY = "#gallery-1"
ORIGINALS = f"{GALLERY} tr.gallery-original"


@pytest.fixture(params=WIDTHS, ids=lambda width: f"{width}px")
def found(request: pytest.FixtureRequest, chromium: Browser, report: Path) -> Iterator[Opened]:
    """The page, which must not have complained or asked for anything when the test is over."""
    with opened(chromium, report, width=request.param) as page:
        yield page
        assert page.errors == []
        assert page.requests == []


def rows(page: Page, band: str = "inverter") -> list[str]:
    """Names in the first score table's band, in order."""
    names = page.locator("table.sortable").first.locator(f"tbody[data-kind={band}] tr:not([hidden]) .name")
    return names.all_inner_texts()


def places(page: Page, key: str) -> list[tuple[int, ...]]:
    """The ranks of a column in the band of the ranked inverters, as they are printed."""
    body = page.locator("table.sortable").first.locator("tbody[data-kind=inverter]").first
    found = [one.inner_text() for one in body.locator(f"td[data-key={key}] .rank").all()]
    return [tuple(int(place) for place in one.removeprefix("rank ").split("-")) for one in found]


def test_nothing_is_wider_than_the_window(found: Opened) -> None:
    wide = found.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0


def test_every_picture_is_there(found: Opened) -> None:
    found.page.locator("main details").evaluate_all("all => all.forEach(one => one.open = true)")
    widths = found.page.locator("main img").evaluate_all("all => all.map(one => one.naturalWidth)")
    assert widths
    assert min(widths) > 0


def test_a_head_sorts_each_band_by_itself_and_back(found: Opened) -> None:
    page = found.page
    before, controls = rows(page), rows(page, "control")
    head = page.locator("table.sortable").first.locator("[data-sort=lpips]")
    head.locator(".sort").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert places(page, "lpips") == sorted(places(page, "lpips"))
    head.locator(".sort").click()
    assert places(page, "lpips") == sorted(places(page, "lpips"), reverse=True)
    assert rows(page) != before
    assert sorted(rows(page)) == sorted(before)
    assert sorted(rows(page, "control")) == sorted(controls)
    head.locator(".sort").click()
    assert head.get_attribute("aria-sort") == "none"
    assert rows(page) == before


def test_no_order_is_shown_inside_a_tie(chromium: Browser, tmp_path: Path) -> None:
    """Values of one noise, with the means against the order of the names: sorted either way, the rows stay."""
    runs, noise = tmp_path / "runs", np.random.default_rng(0).normal(0, 1, (3, N))
    for k, values in enumerate(sorted(noise, key=np.mean, reverse=True)):
        mean, low, high = mean_ci(values)
        score = Score(mean, (low, high), N, None, False)
        record = Record(f"m{k}", "resnet152", "cifar10", N, 0, key=f"k{k}", metrics={"lpips": score})
        columns = {"image_id": [str(i) for i in range(N)], "lpips": values}
        write_cell(runs, record, columns, np.zeros((N, 1, 1, 3), np.uint8))
    with opened(chromium, write_report(runs, tmp_path / "report.html"), width=1440) as found:
        button = found.page.locator("table.sortable [data-sort=lpips] .sort")
        orders = [rows(found.page)]
        for _ in range(2):
            button.click()
            orders.append(rows(found.page))
        assert places(found.page, "lpips") == [(1, 3)] * 3
    assert orders == [["m0", "m1", "m2"]] * 3


def test_metric_names_survive_printing(found: Opened) -> None:
    """A button is not drawn again where a table's head is repeated on the next sheet of paper; its text alone is."""
    page = found.page
    heads = page.locator("table.sortable th[data-sort] .sort")
    assert heads.count() > 10
    page.emulate_media(media="print")
    assert set(heads.evaluate_all("all => all.map(one => getComputedStyle(one).display)")) == {"contents"}
    page.emulate_media(media="screen")
    assert "contents" not in heads.evaluate_all("all => all.map(one => getComputedStyle(one).display)")


def test_filters_hide_what_sees_more_and_the_controls(found: Opened) -> None:
    page = found.page
    assert "mahendran-vedaldi" in rows(page)
    page.locator(".filters input[data-filter=white-box]").first.uncheck()
    assert "mahendran-vedaldi" not in rows(page)
    assert "biggan-logit" in rows(page)
    page.locator(".filters input:not([data-filter])").first.uncheck()
    assert rows(page, "control") == []
    page.locator(".filters input:not([data-filter])").first.check()
    assert "oracle" in rows(page, "control")


def test_the_theme_goes_round_and_stays_readable(found: Opened) -> None:
    page, button = found.page, found.page.locator("[data-theme-switch]")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    assert button.inner_text() == "theme: auto"
    button.click()
    assert page.evaluate(paper) == light
    button.click()
    assert button.inner_text() == "theme: dark"
    assert page.evaluate(paper) != light
    page.reload()
    assert button.inner_text() == "theme: dark"


def tiles(page: Page) -> list[str]:
    """Ids of the images that the gallery shows."""
    seen = page.locator(f"{ORIGINALS} button.gallery-tile:visible")
    return [str(tile.get_attribute("data-image")) for tile in seen.all()]


def row(page: Page, method: str) -> Locator:
    """The gallery's row of one method."""
    return page.locator(f"{GALLERY} tr[data-method]", has=page.locator("th", has_text=method)).first


def tile(page: Page, method: str = "biggan-logit") -> Locator:
    """The first picture that the row shows."""
    return row(page, method).locator("button.gallery-tile:visible").first


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f"{GALLERY}-controls [name={name}]").select_option(value)


def test_the_gallery_filters_by_class_and_answer(found: Opened) -> None:
    page = found.page
    choose(page, "set", "all")
    status = page.locator(f"{GALLERY}-status")
    everything = status.inner_text()
    kinds = page.locator(f"{GALLERY}-controls [name=class] option").evaluate_all("all => all.map(one => one.value)")
    choose(page, "class", kinds[-1])
    assert status.inner_text() != everything
    labels = set(page.locator(f"{GALLERY} [data-part=class]:visible").all_inner_texts())
    assert len(labels) == 1
    choose(page, "answer", "wrong")
    assert tiles(page) == []  # the invented classifier is never wrong


def test_a_row_can_be_hidden(found: Opened) -> None:
    page = found.page
    assert row(page, "ridge").is_visible()
    page.locator(f"{GALLERY}-controls details").evaluate_all("all => all.forEach(one => one.open = true)")
    page.locator(f"{GALLERY}-controls label", has_text="ridge").locator("[name=row]").uncheck()
    assert not row(page, "ridge").is_visible()


def dialog(page: Page) -> Locator:
    return page.locator(f"{GALLERY}-dialog")


def test_an_image_opens_large_and_gives_the_focus_back(found: Opened) -> None:
    page = found.page
    first = tile(page)
    image = str(first.get_attribute("data-image"))
    first.focus()
    page.keyboard.press("Enter")
    assert dialog(page).is_visible()
    title = dialog(page).locator("[data-part=title]").inner_text()
    assert image in title
    assert "LPIPS" in dialog(page).locator("[data-part=scores]").inner_text()
    page.keyboard.press("ArrowRight")
    assert dialog(page).locator("[data-part=title]").inner_text() != title
    page.keyboard.press("ArrowLeft")
    assert dialog(page).locator("[data-part=title]").inner_text() == title
    page.keyboard.press("Escape")
    assert not dialog(page).is_visible()
    assert page.evaluate("document.activeElement.dataset.image") == image


def test_the_slider_wipes_between_original_and_reconstruction(found: Opened) -> None:
    page = found.page
    tile(page).click()
    wipe, over = dialog(page).locator("[data-part=wipe]"), dialog(page).locator("[data-part=over]")
    look = "one => JSON.stringify([getComputedStyle(one).clipPath, getComputedStyle(one).width])"
    before = over.evaluate(look)
    wipe.focus()
    page.keyboard.press("End")
    at_the_end = over.evaluate(look)
    page.keyboard.press("Home")
    assert len({before, at_the_end, over.evaluate(look)}) == 3
    assert dialog(page).is_visible()


def test_downloads_hold_the_records(found: Opened) -> None:
    page = found.page
    with page.expect_download() as download:
        page.locator("a[download$='.csv']").first.click()
    rows = list(csv.DictReader(download.value.path().read_text().splitlines()))
    lpips = [row for row in rows if (row["method"], row["metric"], row["probe"]) == ("biggan-logit", "lpips", "")]
    assert sorted(row["classifier"] for row in lpips) == ["resnet152", "robust_resnet152"]


@pytest.mark.parametrize(("width", "dark"), [(WIDTHS[0], False), (WIDTHS[1], True)], ids=["light", "dark"])
def test_axe_finds_nothing_serious(chromium: Browser, report: Path, width: int, dark: bool) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with opened(chromium, report, width=width, dark=dark) as found:
        found.page.locator("main details").evaluate_all("all => all.forEach(one => one.open = true)")
        page = Axe().run(found.page)
        tile(found.page).click()
        large = Axe().run(found.page)
    rules = [one for result in (page, large) for one in result.response["violations"]]
    assert [(one["id"], one["nodes"][0]["target"]) for one in rules if one["impact"] in ("serious", "critical")] == []


def test_without_scripts_the_scores_and_pictures_are_there(chromium: Browser, report: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert "biggan-logit" in page.locator("table.sortable").first.inner_text()
    assert row(page, "biggan-logit").is_visible()
    context.close()


def test_the_first_screen_holds_sentence_board_and_pictures(found: Opened) -> None:
    page, height = found.page, found.page.viewport_size["height"]  # type: ignore[index]
    board = page.locator("table.board:visible")
    assert board.count() == 1
    for one in (
        page.locator("h1"),
        page.locator(".deck"),
        board.locator("tbody tr").nth(1),
        board.locator(".gallery-tile").first,
    ):
        box = one.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= height


def test_another_classifier_has_its_board_without_scripts(chromium: Browser, report: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    before = page.locator("table.board:visible .board-name a").inner_text()
    page.locator(".boards label").nth(1).click()
    assert page.locator("table.board:visible").count() == 1
    assert page.locator("table.board:visible .board-name a").inner_text() != before
    assert page.locator("table.matrix:visible").count() == 1
    context.close()


def test_the_matrix_shows_the_metric_that_is_chosen_and_leads_to_its_leaderboard(found: Opened) -> None:
    page = found.page
    cell = page.locator(".matrix-cell a").first
    before = cell.inner_text()
    page.locator(".matrix-chooser [name=metric]").select_option("psnr")
    assert cell.inner_text() != before
    assert "PSNR" in page.locator(".matrix-about").inner_text()
    value = page.locator("#group-1 >> xpath=..").locator("td[data-key=psnr] .value").first.inner_text()
    assert cell.locator(".value").inner_text() == value
    assert cell.get_attribute("href") == "#group-1"


def test_a_metric_explains_itself_by_keyboard_and_without_scripts(chromium: Browser, report: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    button = page.locator("table.board:visible .about").first
    about = page.locator(f"#{button.get_attribute('popovertarget')}")
    assert not about.is_visible()
    button.focus()
    page.keyboard.press("Enter")
    assert about.is_visible()
    assert "class alone (floor)" in about.inner_text()
    page.keyboard.press("Escape")
    assert not about.is_visible()
    button.click()
    about.get_by_role("button", name="Close").click()
    assert not about.is_visible()
    context.close()


def test_a_method_has_one_colour_everywhere(found: Opened) -> None:
    page = found.page
    colour = "one => getComputedStyle(one.matches('th') ? one : one.querySelector('.name'), '::before').backgroundColor"
    rows = {
        "board": page.locator("table.board:visible tr.board-inverter").first,
        "matrix": page.locator("table.matrix tr.matrix-inverter").first,
        "table": page.locator("table.sortable tbody[data-kind=inverter] tr[data-access]").first,
        "gallery": page.locator(f"{GALLERY} tr.gallery-inverter > th").first,
    }
    seen = {name: one.evaluate(colour) for name, one in rows.items()}
    assert len(set(seen.values())) == 1, seen
