from __future__ import annotations

import base64
import dataclasses
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.datasets.cifar10 import CLASS_NAMES, shipped_test
from bench.store.record import Record
from reports.analysis.groups import Group
from reports.figures import sprites
from reports.page.gallery.choice import EMBEDDED
from reports.page.gallery.fitting import galleries as galleries_of
from reports.page.gallery.gallery import Gallery, gallery
from reports.page.render import TEMPLATES
from tests.reports.figures.test_sprites import decoded
from tests.reports.gallery_runs import (
    METHODS,
    build,
    column,
    islands,
    opened,
    rendered,
    row_of,
    shown,
    three_classifiers,
)
from tests.reports.html_page import Page
from tests.reports.synthetic import fake, write_cell

HOSTILE = "<script>alert('&')</script>"


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> list[Group]:
    return three_classifiers(tmp_path_factory)


@pytest.fixture(scope="module")
def galleries(groups: list[Group]) -> list[Gallery]:
    return [one for one in galleries_of(groups) if one is not None]


@pytest.fixture(scope="module")
def data(groups: list[Group]) -> list[dict[str, Any]]:
    return islands(groups)


def test_every_tile_is_a_window_onto_the_very_pixels(
    groups: list[Group], galleries: list[Gallery], data: list[dict[str, Any]]
) -> None:
    sheets = {
        sheet.name: decoded(base64.b64decode(sheet.source.partition("base64,")[2]))
        for one in galleries
        for sheet in one.sheets
    }
    for one, view, found in zip(groups, galleries, data, strict=True):
        sources = [one.originals, *(entry.reconstructions for entry in one.complete)]
        names = [found["originals"]["sheet"], *(method["sheet"] for method in found["methods"])]
        assert [strip.sheet for strip in view.strips] == names
        assert [strip.label for strip in view.strips] == ["original", *(entry.label for entry in one.complete)]
        for source, name in zip(sources, names, strict=True):
            assert source is not None
            for place, image in enumerate(found["images"]):
                x, y = 32 * (place % found["columns"]), 32 * (place // found["columns"])
                assert np.array_equal(sheets[name][y : y + 32, x : x + 32], source[row_of(image["id"])])
        for strip in view.strips:
            places = [int(tile.row) * found["columns"] + int(tile.column) for tile in strip.tiles]
            assert [(found["images"][p]["label"], found["images"][p]["id"]) for p in places] == list(view.heads)


def test_each_sheet_is_embedded_once_a_page(galleries: list[Gallery], data: list[dict[str, Any]]) -> None:
    embedded = [sheet.name for one in galleries for sheet in one.sheets]
    assert len(embedded) == len(set(embedded))
    assert set(embedded) == {strip.sheet for one in galleries for strip in one.strips}
    by_label = {method["label"]: method["sheet"] for method in data[0]["methods"]}
    assert by_label["oracle"] == data[0]["originals"]["sheet"] == data[1]["originals"]["sheet"]
    html = rendered(galleries)
    assert html.count("data:image/webp;base64,") == len(embedded)
    assert all(html.count(f".gallery-sheet-{name}{{") == 1 for name in embedded)


def test_what_stands_below_a_tile(groups: list[Group], galleries: list[Gallery]) -> None:
    entry, strip = groups[0].complete[0], galleries[0].strips[1]
    for (name, image_id), tile in zip(galleries[0].heads, strip.tiles, strict=True):
        row = row_of(image_id)
        judged = CLASS_NAMES[column(entry, "prediction_judge_reconstruction")[row]]
        lpips = f"{column(entry, 'lpips')[row]:.3f}"
        assert (tile.judged, tile.score) == (judged, lpips)
        assert tile.alt == f"biggan-logit reconstruction of {image_id} ({name}), judged {judged}, LPIPS {lpips}"
        assert tile.changed == (judged != name)  # the invented judge knows every original


def test_names_are_text_and_nothing_ends_the_island(tmp_path: Path) -> None:
    (one,) = opened(build(tmp_path, "resnet152", 15))
    entry = one.complete[0]
    assert entry.directory is not None
    columns: dict[str, Any] = dict(entry.per_image)
    columns["image_id"] = [f"{HOSTILE}{row}" for row in range(15)]
    root = tmp_path / "hostile"
    record = dataclasses.replace(entry.record, method=HOSTILE)
    cell = root / "cifar10" / "resnet152" / "x" / "0"
    write_cell(root, dataclasses.replace(record, method="x", key="0"), columns, entry.reconstructions)
    (cell / "record.json").write_text(record.to_json())
    np.save(root / "cifar10" / "originals.npy", shipped_test()[0][:15])
    view = shown(opened(root)[0])
    assert "<" not in view.data
    assert ">" not in view.data
    assert "&" not in view.data
    data = json.loads(view.data)
    assert data["methods"][0]["label"] == HOSTILE
    assert data["images"][3]["id"] == f"{HOSTILE}3"
    page = Page(rendered([view]))
    assert [tag.attributes.get("type") for tag in page.root.all("script")] == ["application/json"]
    assert page.root.first("tbody").first("th").text == HOSTILE
    assert json.loads(page.root.first("script").text) == data


def test_without_a_script_the_random_images_are_there_and_no_control(galleries: list[Gallery]) -> None:
    page = Page(rendered(galleries[:1]))
    table = page.root.first("table", class_="gallery-table")
    heads, *rows = table.all("tr")
    assert len(heads.all("th")) == 1 + 12
    assert rows[0] in table.first("thead").all("tr")  # the originals stay in view
    for row in rows:
        tiles = row.all("span", role="img")
        assert len(tiles) == 12
        assert len({tile.attributes["class"] for tile in tiles}) == 1
    assert not table.all("button")
    assert "hidden" in page.root.first("form").attributes
    assert "open" not in page.root.first("dialog").attributes
    assert not re.search(r"<[^>]*\son[a-z]+=", page.html)
    tags = [tag for name in ("div", "form", "dialog", "script", "p", "h4", "datalist") for tag in page.root.all(name)]
    ids = [tag.attributes["id"] for tag in tags if "id" in tag.attributes]
    assert sorted(ids) == sorted(
        [
            "gallery-1",
            *(f"gallery-1-{part}" for part in ("classes", "controls", "dialog", "data", "ids", "status", "title")),
        ]
    )


def test_the_script_never_reads_data_as_markup() -> None:
    script = "".join((TEMPLATES / name).read_text() for name in ("gallery.js", "gallery_large.js"))
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|fetch\(|XMLHttp", script)


def test_four_classifiers_and_fifteen_rows_stay_below_ten_megabytes(galleries: list[Gallery]) -> None:
    photographs, rng = shipped_test()[0][:EMBEDDED], np.random.default_rng(0)
    noisy, smooth = fake(photographs, 0.6, 18, rng), fake(photographs, 3.4, 0, rng)  # as optimisation and ridge give
    per_classifier = ((9, photographs), (3, noisy), (2, smooth))  # the oracle shares the originals' sheet
    sheets = 4 * sum(amount * len(sprites.sheet(tiles)) * 4 // 3 for amount, tiles in per_classifier)
    html = rendered(galleries[:1])
    rest = len(html) - sum(len(sheet.source) for sheet in galleries[0].sheets)
    assert sheets + 4 * 15 * rest / (len(METHODS) + 1) < 10_000_000


def test_a_folder_of_pictures_without_classifiers_of_its_own(tmp_path: Path) -> None:
    record = Record("m", "C", "folder:some/photos", 3, 0, key="k", metrics={})
    pixels = np.random.default_rng(1).integers(0, 256, (3, 20, 30, 3), dtype=np.uint8)
    columns = {"image_id": ["a", "cats/b", "c"], "label": [0, 1, 2], "prediction_judge_reconstruction": [-1, -1, -1]}
    cell = write_cell(tmp_path, record, columns, pixels)
    (one,) = opened(tmp_path)
    assert gallery(one) is None  # no originals yet
    np.save(cell.parents[2] / "originals.npy", pixels)
    (one,) = opened(tmp_path)
    view = shown(one)
    assert sorted(view.heads) == [("cats", "cats/b"), ("class 0", "a"), ("class 2", "c")]
    assert "cannot be asked" in view.sentences[1]
    assert not view.answers
    assert view.strips[1].tiles[0].judged == ""
    assert [option.value for option in view.sets] == ["random", "first", "ids", "all"]
    assert "--gallery-ratio: 0.666667" in view.style
    rendered([view])


def test_large_pictures_are_small_in_the_table_and_whole_in_the_large_view(tmp_path: Path) -> None:
    record = Record("m", "C", "folder:some/photos", 2, 0, key="k", metrics={})
    pixels = np.random.default_rng(1).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    cell = write_cell(tmp_path, record, {"image_id": ["a", "b"], "label": [0, 1]}, pixels)
    np.save(cell.parents[2] / "originals.npy", pixels[::-1])
    view = shown(opened(tmp_path)[0])
    data = json.loads(view.data)
    assert view.shrunk
    assert view.exact == "The large view shows every picture pixel by pixel, as it was scored."
    assert "--gallery-large: 224px" in view.style
    assert "224 \N{MULTIPLICATION SIGN} 224" in data["sizes"]["exact"]
    for source, held in ((pixels[::-1], data["originals"]["exact"]), (pixels, data["methods"][0]["exact"])):
        for place, image in enumerate(data["images"]):
            payload = held[str(place)].partition(",")[2]
            decoded = np.asarray(Image.open(io.BytesIO(base64.b64decode(payload))).convert("RGB"))
            assert np.array_equal(decoded, source["ab".index(image["id"])])
    small = shown(opened(build(tmp_path / "small", "resnet152", 15))[0])
    assert json.loads(small.data)["originals"]["exact"] == {}


def test_pictures_that_are_not_there_are_named(tmp_path: Path) -> None:
    (one,) = opened(build(tmp_path, "resnet152", 15))
    for entry in one.complete[:1]:
        assert entry.directory is not None
        (entry.directory / "reconstructions.npy").unlink()
        (one.complete[1].directory or Path()).joinpath("per_image.parquet").unlink()
    (one,) = opened(tmp_path)
    view = shown(one)
    assert view.missing == "biggan-logit"
    assert [strip.label for strip in view.strips] == ["original", *METHODS[1:]]
    assert view.strips[1].tiles[0].score == ""
    assert "biggan-logit" in rendered([view])
    np.save(tmp_path / "cifar10" / "originals.npy", shipped_test()[0][:9])
    (one,) = opened(tmp_path)
    assert gallery(one) is None
    assert [fault.reason for fault in one.entries[0].faults] == [
        "it should hold 15 pictures of 8 bits and is uint8 of shape (9, 32, 32, 3)"
    ]


def test_pictures_of_another_size_than_the_originals_are_left_out(tmp_path: Path) -> None:
    (one,) = opened(build(tmp_path, "resnet152", 15))
    odd = one.complete[0]
    np.save((odd.directory or Path()) / "reconstructions.npy", np.zeros((15, 16, 16, 3), np.uint8))
    (one,) = opened(tmp_path)
    assert shown(one).missing == "biggan-logit"
    assert [fault.reason for fault in one.complete[0].faults] == [
        "its pictures have 16x16 pixels and the originals 32x32"
    ]
