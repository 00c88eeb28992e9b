"""What changed at one look: every cell and metric in its place, the same quiet, what cannot be compared told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reports.page.compare.compare import write_comparison
from reports.page.compare.matrix import matrix
from tests.reports.html_page import Page, Tag
from tests.reports.page.compare.two import METHOD, change, compared, shift


def cells_of(page: Page, title: str) -> dict[str, Tag]:
    """The cells of a row by the titles of their columns."""
    table = page.root.first("table", class_="compare-matrix")
    heads = [tag.attributes.get("title", tag.text) for tag in table.first("thead").all("th")][1:]
    (row,) = (row for row in table.first("tbody").all("tr") if row.first("th").text.startswith(title))
    return dict(zip(heads, row.all("td"), strict=False))


def test_a_change_shows_its_sign_and_size_and_the_rest_is_quiet(before: Path, after: Path, tmp_path: Path) -> None:
    shift(after, "lpips", 0.125)
    shift(after, "psnr", 2.0)
    change(after, "ridge", status="failed", reason="out of memory", metrics={})
    found = compared(before, after)
    assert found.matrix is not None
    page = Page(write_comparison(before, after, tmp_path / "two.html").read_text())
    row = cells_of(page, METHOD)
    for key, verdict, size in (("lpips", "worse", "+0.125"), ("psnr", "better", "+2")):
        told = " ".join(row[key].text.split())
        assert told.startswith(f"{verdict} {size}")
        assert row[key].all("svg")
    assert row["ssim"].text.strip() == "=unchanged"
    assert not row["ssim"].all("svg")
    (barred,) = cells_of(page, "ridge").values()
    assert barred.text == "Nothing is compared: B failed."
    assert "1 better, 1 worse, " in found.matrix.sentence
    assert found.matrix.sentence.endswith("1 cell could not be compared.")
    assert found.matrix.sentence in " ".join(page.root.first("main").text.split())


def test_every_row_leads_to_its_detail(before: Path, after: Path, tmp_path: Path) -> None:
    page = Page(write_comparison(before, after, tmp_path / "two.html").read_text())
    table = page.root.first("table", class_="compare-matrix")
    targets = [row.first("a").attributes["href"].removeprefix("#") for row in table.first("tbody").all("tr")]
    details = page.root.all("details", class_="compare-cell")
    assert [one.first("section").attributes["id"] for one in details] == targets
    assert all("open" not in one.attributes for one in details)


def test_a_metric_that_one_cell_lacks_keeps_its_column(before: Path, after: Path) -> None:
    first, *others = compared(before, after).cells
    made = matrix([replace(first, metrics=first.metrics[1:]), *others])
    assert made is not None
    keys = [one.key for one in made.columns]
    assert set(keys) == {one.key for cell in others for one in cell.metrics}
    for row, cell in zip(made.rows, (replace(first, metrics=first.metrics[1:]), *others), strict=True):
        known = {one.key: one for one in cell.metrics}
        assert row.scores == tuple(known.get(key) for key in keys)
    assert matrix([]) is None
