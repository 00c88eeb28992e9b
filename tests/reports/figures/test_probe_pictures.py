from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bench.describe import known_probe
from reports.analysis.groups import Entry
from reports.analysis.probe_groups import together
from reports.figures.probe_pictures import GAP, Line, Sheet, sheet
from reports.page.probes.pages import probe_pages
from tests.reports.probe_records import CLASSIFIERS, NOISE, entry, levels_of, make_record, rendered, with_pictures


def decoded(line: Line) -> NDArray[np.uint8]:
    """The pictures of a strip, (C, H, W, 3), after a check that the gaps between them are transparent."""
    found = np.asarray(Image.open(io.BytesIO(base64.b64decode(line.source.partition(",")[2]))).convert("RGBA"))
    height, count = found.shape[0], len(line.captions)
    width = (found.shape[1] + GAP) // count - GAP
    padded = np.concatenate([found, np.zeros((height, GAP, 4), np.uint8)], axis=1).reshape(
        height, count, width + GAP, 4
    )
    assert (padded[:, :, width:, 3] == 0).all()
    assert (padded[:, :, :width, 3] == 255).all()
    return padded[:, :, :width, :3].transpose(1, 0, 2, 3)


def sheet_of(kind: str, *entries: Entry) -> Sheet:
    (group,) = together(entries)
    found = sheet(group, known_probe(kind).sheet)
    assert found is not None
    return found


def test_noise_is_a_grid_with_the_original_top_left(tmp_path: Path) -> None:
    one, pixels = with_pictures(tmp_path, make_record("noise"), [f"test-{k} (cat)" for k in range(8)], NOISE)
    found = sheet_of("noise", one)
    assert found.grid
    assert [block.title for block in found.blocks] == [f"test-{k} (cat)" for k in range(8)]  # 72 pictures fit
    for row, block in enumerate(found.blocks):
        (strip,) = block.strips
        assert [line.captions for line in strip.lines] == [NOISE[:3], NOISE[3:6], NOISE[6:]]
        assert np.array_equal(np.concatenate([decoded(line) for line in strip.lines]), pixels[row])
    assert found.remarks == ()
    page = rendered(probe_pages([one]))
    first = page.root.first("figure", class_="probe-grid").first("tr", class_="probe-judged").first("td")
    assert first.text.startswith("original")


def test_rows_stand_record_below_record_with_captions_and_judged_classes(tmp_path: Path) -> None:
    columns = ["original", *(name for name, _ in levels_of("shift"))]
    made = [
        with_pictures(tmp_path, make_record("shift", c), ["test-0 (cat)", "test-1 (dog)"], columns) for c in CLASSIFIERS
    ]
    found = sheet_of("shift", *(one for one, _ in made))
    assert [block.title for block in found.blocks] == ["test-0 (cat)", "test-1 (dog)"]
    for row, block in enumerate(found.blocks):
        assert block.columns == tuple(columns)
        assert [strip.classifier for strip in block.strips] == list(CLASSIFIERS)
        for strip, (one, pixels) in zip(block.strips, made, strict=True):
            (line,) = strip.lines
            assert np.array_equal(decoded(line), pixels[row])
            assert one.directory is not None
            for caption, judged in zip(columns, line.judged, strict=True):
                assert f"{caption} (judged {judged})" in line.alt
            assert (line.width, line.height) == (str(2 * (6 * 33 - 1)), "64")
    page = rendered(probe_pages([one for one, _ in made]))
    table = page.root.first("table", class_="probe-strips")
    assert [cell.text for cell in table.first("thead").all("th")] == ["record", *columns]
    assert [cell.text for cell in table.first("tr", class_="probe-judged").all("td")] == list(
        found.blocks[0].strips[0].lines[0].judged
    )


def test_many_records_show_fewer_rows_and_columns_and_say_so(tmp_path: Path) -> None:
    columns = ["original", *(name for name, _ in levels_of("transform"))]
    rows = [f"test-{k // 2}, {('image', 'reconstruction')[k % 2]}" for k in range(16)]
    made = [with_pictures(tmp_path, make_record("transform", c), rows, columns)[0] for c in CLASSIFIERS]
    found = sheet_of("transform", *made)
    assert [block.title for block in found.blocks] == rows[:2]  # what went in and what came back
    assert "rotate 15" in found.blocks[0].columns
    (remark,) = found.remarks
    assert remark.startswith(f"Shown here: 2 of 16 stored rows and 8 of {len(columns)} stored columns;")
    assert sheet_of("transform", made[0]).blocks[0].columns == tuple(columns)


def test_pictures_that_all_records_share_are_shown_once(tmp_path: Path) -> None:
    made = [
        with_pictures(tmp_path, make_record("ood", c), ["a, image", "a, reconstruction"], ["1", "2"], judged=False)
        for c in CLASSIFIERS
    ]
    for one, pixels in made:
        assert one.directory is not None
        pixels[0] = made[0][1][0]
        np.save(one.directory / "pictures.npy", pixels)
    first, second = sheet_of("ood", *(one for one, _ in made)).blocks
    assert [strip.classifier for strip in first.strips] == ["the same for all"]
    assert [strip.classifier for strip in second.strips] == list(CLASSIFIERS)
    assert np.array_equal(decoded(first.strips[0].lines[0]), made[0][1][0])
    assert first.strips[0].lines[0].judged == ()


def test_rows_of_other_images_carry_their_own_caption(tmp_path: Path) -> None:
    made = [
        with_pictures(
            tmp_path,
            make_record("misclassified", c),
            [f"{c}-image, misclassified", f"{c}-image, correct"],
            ["original", "reconstruction"],
        )[0]
        for c in CLASSIFIERS[:2]
    ]
    first, _ = sheet_of("misclassified", *made).blocks
    assert first.title == ""
    assert [strip.caption for strip in first.strips] == [f"{c}-image, misclassified" for c in CLASSIFIERS[:2]]


def test_large_pictures_are_shrunk_and_the_page_says_so(tmp_path: Path) -> None:
    one, _ = with_pictures(tmp_path, make_record("iterate"), ["a"], ["x"] * 6, side=128)
    found = sheet_of("iterate", one)
    assert decoded(found.blocks[0].strips[0].lines[0]).shape == (6, 64, 64, 3)
    assert found.remarks == ("Pictures are shrunk to at most 64 pixels a side.",)


def test_missing_and_damaged_pictures_are_said(tmp_path: Path) -> None:
    one, _ = with_pictures(tmp_path, make_record("shift"), ["a"], ["x", "y"])
    other = entry("shift", "resnet152")
    assert sheet_of("shift", one, other).remarks == ("No pictures lie beside the record of resnet152 · biggan-logit.",)
    assert "No pictures lie beside the record of resnet152" in rendered(probe_pages([other])).html
    assert one.directory is not None
    (one.directory / "captions.json").write_text('{"rows": ["a"], "columns": ["x"], "judged": null}')
    assert "No pictures lie beside" in rendered(probe_pages([one])).html
    (one.directory / "captions.json").write_bytes(b"half")
    assert "No pictures lie beside" in rendered(probe_pages([one])).html
    assert [fault.path.name for fault in one.faults] == ["pictures.npy", "captions.json"]
