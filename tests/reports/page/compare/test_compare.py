"""Two folders of runs side by side: which cells meet, which never do, what the page holds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench.errors import DataError
from bench.store.record import Level, read_records
from reports.page.compare.compare import write_comparison
from reports.words import text
from tests.reports.html_page import Page
from tests.reports.page.compare.two import METHOD, cell, change, compared, folder_of, numbers, row, shift


def test_identical_folders_differ_by_exactly_nothing(before: Path, after: Path) -> None:
    found = compared(before, after)
    assert len(found.cells) == len(read_records(before))
    differences = [one.difference for page in found.cells for one in page.metrics if one.difference]
    assert len(differences) > 9 * len(found.cells)
    for one in differences:
        assert one.verdict == "equal"
        assert numbers(one.value) == [0]
        assert numbers(one.interval) == [0, 0]
        assert "+" not in one.value
        assert text.MINUS not in one.value
    assert not any(page.changes for page in found.cells)
    assert not any(folder.lone for folder in found.folders)


def test_other_weights_of_the_classifier_are_never_compared(before: Path, after: Path) -> None:
    record = next(record for record, _ in read_records(after) if record.method == METHOD)
    change(after, weights=record.weights | {record.classifier: "00" * 32})
    found = compared(before, after)
    assert "the weights of robust_resnet152 are not the same" in cell(found).obstacle
    assert row(found, "lpips").difference is None


def test_failed_cells_and_cells_of_one_folder_are_named(before: Path, after: Path) -> None:
    change(after, status="failed", reason="out of memory", metrics={})
    shutil.rmtree(folder_of(after, "ridge"))
    change(after, "oracle", seed=7)
    found = compared(before, after)
    page = cell(found)
    assert page.obstacle == "Nothing is compared: B failed."
    assert [(one.status, one.reason) for one in page.states] == [("complete", ""), ("failed", "out of memory")]
    assert page.metrics == ()
    assert [[one.title.split()[0] for one in folder.lone] for folder in found.folders] == [
        ["oracle", "ridge"],
        ["oracle"],
    ]
    assert "seed 7" in found.folders[1].lone[0].subtitle


def test_of_several_records_the_largest_complete_one_is_shown(before: Path, after: Path) -> None:
    folder = folder_of(after)
    shutil.copytree(folder, folder.with_name("copy"))
    change(after, key="larger", num_images=90)
    page = cell(compared(before, after))
    assert [one.images for one in page.states] == ["60 images", "90 images"]
    assert any("2 records" in note for note in page.notes)


def test_the_page_holds_every_number_and_escapes_every_name(before: Path, after: Path, tmp_path: Path) -> None:
    shift(after, "lpips", 0.125)
    change(after, "ridge", method="<script>alert(1)</script>", status="skipped", reason="<b>why</b>")
    change(after, "oracle", environment={"torch": "<i>x</i>"})
    odd = after.rename(after.with_name("<em>after"))
    out = write_comparison(before, odd, tmp_path / "two.html")
    page = Page(out.read_text())
    for tag in ("em", "i", "b"):
        assert not page.root.all(tag)
    assert all("alert(1)" not in tag.text for tag in page.root.all("script"))
    words = " ".join(page.root.first("main").text.split())
    for shown in ("<script>alert(1)</script> on robust_resnet152", "skipped: <b>why</b>", "<i>x</i>", "<em>after"):
        assert shown in words
    for found, section in zip(
        compared(before, odd).cells, page.root.all("details", class_="compare-cell"), strict=True
    ):
        told = " ".join(section.text.split())
        assert found.title in told
        for one in found.metrics:
            (line,) = (tag for tag in section.all("tr") if tag.attributes.get("data-key") == one.key)
            shown = " ".join(line.text.split())
            assert one.verdict in shown
            for part in (
                one.a.value,
                one.b.value,
                *((one.difference.value, one.difference.interval) if one.difference else ()),
            ):
                assert part in shown
    assert "://" not in out.read_text().replace("http://www.w3.org/2000/svg", "")


def test_a_folder_without_records_is_explained(before: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name, found in (("empty", "there is none below it"), ("gone", "there is no such folder")):
        with pytest.raises(DataError, match=found) as error:
            write_comparison(before, tmp_path / name, tmp_path / "x.html")
        assert f"bench run --method biggan-logit --classifier robust_resnet152 --out {tmp_path / name}" in str(
            error.value
        )
    assert not (tmp_path / "x.html").exists()


def test_probes_are_left_out_and_counted(before: Path, after: Path) -> None:
    change(after, "ridge", probe="noise", levels=(Level("draw 1"),))
    found = compared(before, after)
    assert "1 probe, which are not compared here" in found.folders[1].found
    assert [one.title.split()[0] for one in found.folders[0].lone] == ["ridge"]
