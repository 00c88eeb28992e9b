"""The report as a reader uses it: opened from disk in Chromium, at the width of a desk and of a phone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from bench.metrics.bootstrap import mean_ci
from bench.store.record import Record, Score, read_records
from reports.analysis.claims import board
from reports.analysis.groups import Entry
from reports.page.render import _environment, _layout, write_report
from studies.reports.browser import Opened, opened
from tests.reports.synthetic import write_cell

pytestmark = pytest.mark.browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

WIDTHS = (1440, 390)
N = 100
ROOT = Path(__file__).resolve().parents[2]
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
    kinds = page.locator(f"{GALLERY}-classes option").evaluate_all("all => all.map(one => one.value)")
    box = page.get_by_label("Class", exact=True).first
    box.focus()
    page.keyboard.type(kinds[-1][:-1].upper())  # a part of the name finds it, too
    assert status.inner_text() != everything
    labels = set(page.locator(f"{GALLERY} [data-part=class]:visible").all_inner_texts())
    assert labels == {kinds[-1]}
    box.fill("no such class")
    assert tiles(page) == []
    box.fill("")
    assert status.inner_text() == everything
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


def look(one: Locator, *names: str) -> list[str]:
    """Computed styles of an element."""
    return [one.evaluate(f"one => getComputedStyle(one)[{name!r}]") for name in names]


def test_the_originals_stay_in_view(found: Opened) -> None:
    page = found.page
    page.set_viewport_size({"width": page.viewport_size["width"], "height": 500})  # type: ignore[index]
    scroll, original = page.locator(f"{GALLERY} .gallery-scroll"), page.locator(ORIGINALS)
    scroll.evaluate("one => one.scrollTop = 200")
    assert scroll.evaluate("one => one.scrollTop") > 0
    top = scroll.bounding_box()
    box = original.bounding_box()
    assert top is not None
    assert box is not None
    assert top["y"] <= box["y"] < top["y"] + 80


def test_two_pictures_in_one_place_by_wipe_blink_and_difference(found: Opened) -> None:
    page = found.page
    tile(page).click()
    view, cover = dialog(page), dialog(page).locator("[data-part=cover]")
    wipe = view.get_by_label("first left")
    shapes = [look(cover, "clipPath")]
    wipe.focus()
    for key in ("End", "Home"):
        page.keyboard.press(key)
        shapes.append(look(cover, "clipPath"))
    assert len({one[0] for one in shapes}) == 3
    how = view.locator("[data-part=how]")
    how.select_option("blink")
    assert not wipe.is_visible()
    switch = view.get_by_role("button", name="Switch")
    switch.focus()
    assert look(cover, "visibility") == ["visible"]
    page.keyboard.press("Enter")
    assert look(cover, "visibility") == ["hidden"]
    view.get_by_label("by itself").check()
    for state in (":not(.gallery-under)", ".gallery-under"):
        page.locator(f"{GALLERY}-dialog{state}").wait_for()
    how.select_option("difference")
    assert look(cover, "visibility", "mixBlendMode") == ["visible", "difference"]
    view.get_by_label("brighter").fill("5")
    assert look(view.locator("[data-part=stack]"), "filter") == ["brightness(5)"]
    assert view.is_visible()


def test_the_difference_of_a_picture_with_itself_is_black(found: Opened) -> None:
    page = found.page
    tile(page, "oracle").click()
    view = dialog(page)
    view.locator("[data-part=how]").select_option("difference")
    stack = view.locator("[data-part=stack]")
    stack.scroll_into_view_if_needed()
    assert np.asarray(Image.open(io.BytesIO(stack.screenshot())).convert("RGB"))[4:-4, 4:-4].max() == 0
    view.locator("[data-part=method]").select_option(label="ridge")
    assert np.asarray(Image.open(io.BytesIO(stack.screenshot())).convert("RGB"))[4:-4, 4:-4].max() > 0


def test_the_reader_chooses_two_methods(found: Opened) -> None:
    page = found.page
    tile(page).click()
    view = dialog(page)
    first, second = (view.locator(f"[data-part={name}]") for name in ("method", "other"))
    second.select_option(label="oracle")
    assert view.locator("[data-part=reconstruction-words]").inner_text() == "A: biggan-logit"
    assert view.locator("[data-part=second-words]").inner_text() == "B: oracle"
    view.locator("[data-part=pair]").select_option(label="A and B")
    assert view.locator("[data-part=pair-words]").inner_text() == "biggan-logit and oracle"
    assert view.locator("[data-part=scores] tr").first.locator("td").count() == 2
    second.select_option(label="none")
    assert not view.locator("[data-part=second]").is_visible()
    assert view.locator("[data-part=pair-words]").inner_text() == "original and biggan-logit"
    assert view.locator("[data-part=scores] tr").first.locator("td").count() == 1
    first.select_option(label="ridge")
    assert view.locator("[data-part=reconstruction-words]").inner_text() == "A: ridge"


def test_all_pictures_are_zoomed_and_moved_together(found: Opened) -> None:
    page = found.page
    tile(page).click()
    view = dialog(page)
    across, down = view.get_by_label("across"), view.get_by_label("down")
    assert across.is_disabled()
    view.get_by_role("slider", name="Zoom").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    view.locator("[data-part=how]").select_option("difference")
    across.fill("20")
    moved = view.locator(".gallery-moved:visible")
    assert moved.count() == 5  # original, A, B, and the two that are compared
    seen = {tuple(look(one, "transform", "transformOrigin")) for one in moved.all()}
    assert len(seen) == 1
    assert next(iter(seen))[0] == "matrix(4, 0, 0, 4, 0, 0)"
    lens = view.locator(".gallery-lens").first
    lens.scroll_into_view_if_needed()
    box = lens.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + 30)
    page.mouse.up()
    assert float(across.input_value()) > 20
    assert float(down.input_value()) > 50
    assert len({tuple(look(one, "transform", "transformOrigin")) for one in moved.all()}) == 1


def test_a_claim_leads_to_its_evidence_without_scripts(chromium: Browser) -> None:
    """With the committed records: the synthetic ones decide nothing."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    made = board([Entry(*found) for found in read_records(ROOT / "reports" / "results")])
    claims = _environment().get_template("_claims.html").module.claims_board(made)  # type: ignore[attr-defined]
    page.set_content(f"<style>{_layout(beside=False).styles}</style><main>{claims}</main>")
    evidence = page.locator("#claim-1-cases")
    assert not evidence.is_visible()
    page.locator(".claim-matrix [href='#claim-1-cases']").first.click()
    assert evidence.is_visible()
    context.close()


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

    kinds: dict[str, list[str]] = {"resultTypes": ["violations"]}
    if dark:  # nothing else depends on the colours
        kinds["runOnly"] = ["color-contrast"]
    with opened(chromium, report, width=width, dark=dark) as found:
        found.page.locator("main details").evaluate_all("all => all.forEach(one => one.open = true)")
        page = Axe().run(found.page, options=kinds)
        tile(found.page).click()
        large = Axe().run(found.page, context="dialog[open]", options=kinds)
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
