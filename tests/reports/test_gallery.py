from __future__ import annotations

import base64
import dataclasses
import io
from pathlib import Path

import numpy as np
from PIL import Image

from bench.record import Record, read_records
from reports.gallery import data_uri, gallery
from reports.groups import Entry, Group, group
from tests.reports.synthetic import write_cell


def opened(runs: Path) -> Group:
    (only,) = group(Entry(record, directory) for record, directory in read_records(runs))
    return only


def decoded(uri: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGB"))


def test_tiles_show_the_very_pixels_of_each_method(runs: Path) -> None:
    one = opened(runs)
    shown = gallery(one)
    assert shown is not None
    assert [len(block.heads) for block in shown.blocks] == [12, 12]
    originals = one.originals
    assert originals is not None
    for start, block in zip((0, 12), shown.blocks, strict=True):
        assert [strip.label for strip in block.strips] == ["original", *(entry.label for entry in one.complete)]
        for column in range(12):
            assert np.array_equal(decoded(block.strips[0].tiles[column].source), originals[start + column])
            for entry, strip in zip(one.complete, block.strips[1:], strict=True):
                assert entry.reconstructions is not None
                assert np.array_equal(decoded(strip.tiles[column].source), entry.reconstructions[start + column])


def test_a_tile_says_what_it_shows(runs: Path) -> None:
    one = opened(runs)
    shown = gallery(one)
    assert shown is not None
    entry, strip = one.inverters[0], shown.blocks[0].strips[1]
    for row, tile in enumerate(strip.tiles):
        lpips = entry.per_image["lpips"][row]
        assert tile.alt.startswith(f"{entry.label} reconstruction of test-{row:05d} (")
        assert f"judged {tile.judged}" in tile.alt
        assert f"LPIPS {lpips:.2f}" in tile.alt
        assert tile.changed == (entry.per_image["reid_class_judge"][row] == 0)


def test_extremes_are_the_ends_of_the_lpips_order(runs: Path) -> None:
    one = opened(runs)
    shown = gallery(one)
    assert shown is not None
    assert [extreme.label for extreme in shown.extremes] == [entry.label for entry in one.inverters]
    order = np.argsort(one.inverters[0].per_image["lpips"])
    first = shown.extremes[0]
    assert [image_id for image_id, _, _ in first.best] == [f"test-{row:05d}" for row in order[:6]]
    assert [image_id for image_id, _, _ in first.worst] == [f"test-{row:05d}" for row in order[::-1][:6]]


def test_large_pictures_are_shrunk_and_small_ones_exact() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert np.array_equal(decoded(data_uri(pixels)), pixels)
    large = np.zeros((224, 160, 3), np.uint8)
    assert decoded(data_uri(large)).shape == (112, 80, 3)


def test_a_folder_of_pictures_without_classes_or_judge(records: list[Record], tmp_path: Path) -> None:
    record = dataclasses.replace(records[0], dataset="folder:some/photos", num_images=3, kind="inverter")
    pixels = np.full((3, 20, 30, 3), 7, np.uint8)
    columns = {"image_id": ["a", "b", "c"], "label": [0, 1, 2], "prediction_judge_reconstruction": [-1, -1, -1]}
    cell = write_cell(tmp_path, record, columns, pixels)
    assert gallery(opened(tmp_path)) is None  # no originals yet
    np.save(cell.parents[2] / "originals.npy", pixels)
    shown = gallery(opened(tmp_path))
    assert shown is not None
    assert shown.blocks[0].heads == (("class 0", "a"), ("class 1", "b"), ("class 2", "c"))
    assert shown.blocks[0].strips[1].tiles[0].judged == ""
    assert shown.extremes == ()
