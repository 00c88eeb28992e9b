"""The README's pictures: one for each shot whose element the report holds, and a word where there is no report."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from studies.reports.browser import executable
from studies.reports.screenshots import FOLDER, SHOTS, main, take

PAGE = """<!doctype html><style>body {margin: 0; color-scheme: light dark; background: Canvas}
div {height: 3000px}</style><div>before</div><div id="summary">here</div>"""


def test_a_report_that_is_not_there_is_named_with_what_to_type(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.html"
    assert main([str(report), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.strip().endswith(f"was expected at {report}. Type: bench report --out {report}")
    assert not (tmp_path / "out").exists()


def test_without_a_browser_the_status_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "report.html").write_text(PAGE)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    assert main([str(tmp_path / "report.html"), "--out", str(tmp_path / "out")]) == 2
    assert "Chromium is needed" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_committed_pictures_are_those_of_the_shots() -> None:
    names = [shot.name for shot in SHOTS]
    assert len(set(names)) == len(names)
    assert {path.stem for path in FOLDER.glob("*.webp")} == {*names, "curves"}  # that one is a drawing


@pytest.mark.browser
@pytest.mark.skipif(executable() is None, reason="no Chromium on the path; install it or name it in $CHROMIUM")
def test_a_picture_is_as_large_as_its_window_and_others_are_left_out(tmp_path: Path) -> None:
    """The page has a summary and nothing else: only its first screen is taken, and that of a phone, in the dark."""
    (tmp_path / "report.html").write_text(PAGE)
    paths = take(tmp_path / "report.html", tmp_path / "out")
    shots = [shot for shot in SHOTS if shot.selector == "#summary"]
    assert paths == [tmp_path / "out" / f"{shot.name}.webp" for shot in shots]
    assert take(tmp_path / "report.html", tmp_path / "one", ["phone"]) == [tmp_path / "one" / "phone.webp"]
    (shot, path) = next((shot, path) for shot, path in zip(shots, paths, strict=True) if shot.dark)
    with Image.open(path) as picture:
        assert picture.size == (shot.width, shot.height)
        corner = picture.convert("RGB").getpixel((shot.width - 5, shot.height - 5))
    assert isinstance(corner, tuple)
    assert max(corner) < 64
