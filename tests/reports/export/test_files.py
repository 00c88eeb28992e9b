from __future__ import annotations

import base64
import zipfile
from pathlib import Path

import pytest

from bench.errors import UsageError
from reports.export.files import INSIDE, Files, apart, filling, names_folder, packed, whole

HTML = '<p>before</p><!--part one: Its title--><a href="#here">a</a><a href="#there">b</a><i id="here"></i><!--/part-->'


def test_without_a_folder_the_address_holds_the_file() -> None:
    address = INSIDE.put("pictures/a.webp", "image/webp", b"\0\1")
    assert address.startswith("data:image/webp;base64,")
    assert base64.b64decode(address.partition(",")[2]) == b"\0\1"


def test_what_is_held_is_put_in_at_the_end() -> None:
    files = Files(held={})
    short = files.put("pictures/a.webp", "image/webp", b"\0\1")
    other = "held:" + "0" * 64
    assert len(short) == len(other)
    assert files.filled(f"<a href='{short}'>–</a>{other}").decode() == (
        f"<a href='{INSIDE.put('pictures/a.webp', 'image/webp', bytes([0, 1]))}'>–</a>{other}"
    )


def test_with_a_folder_the_address_is_a_place_below_it(tmp_path: Path) -> None:
    assert Files(tmp_path).put("pictures/a.webp", "image/webp", b"\0\1") == "pictures/a.webp"
    assert (tmp_path / "pictures" / "a.webp").read_bytes() == b"\0\1"


def test_a_folder_is_what_is_one_or_has_no_ending_of_a_page(tmp_path: Path) -> None:
    (tmp_path / "old.html").mkdir()
    (tmp_path / "file").write_text("x")
    asked = {name: names_folder(tmp_path / name) for name in ("report.html", "a.HTM", "report", "old.html", "file")}
    assert asked == {"report.html": False, "a.HTM": False, "report": True, "old.html": True, "file": False}


def test_one_file_keeps_its_parts_where_they_are() -> None:
    assert whole(HTML) == '<p>before</p><a href="#here">a</a><a href="#there">b</a><i id="here"></i>'


def test_parts_become_a_script_and_a_page_each_whose_links_lead_back(tmp_path: Path) -> None:
    html = apart(HTML, Files(tmp_path), "<h1>{title}</h1>{inside}")
    assert html == '<p>before</p><p class="part" data-part-of="one"><a href="part-one.html">Its title</a></p>'
    script = (tmp_path / "part-one.js").read_text()
    assert script.startswith('benchPart("one", "<a href=\\"#here\\">a</a><a href=\\"#there\\">')
    page = (tmp_path / "part-one.html").read_text()
    assert page.startswith('<h1>Its title</h1><a href="#here">a</a><a href="index.html#there">b</a>')


def test_folds_are_parts_where_the_page_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    html = f"<p>first</p><!--fold all: The fold-->{HTML}<!--/fold-->"
    small = apart(html, Files(tmp_path), "{inside}")
    assert small.startswith("<p>first</p><p>before</p><p class=")
    monkeypatch.setattr("reports.export.files.LARGEST", 10)
    large = apart(html, Files(tmp_path), "{inside}")
    assert large == '<p>first</p><p class="part" data-part-of="all"><a href="part-all.html">The fold</a></p>'
    assert 'data-part-of="one"' in (tmp_path / "part-all.html").read_text()
    assert whole(html) == f"<p>first</p>{whole(HTML)}"


def test_a_new_page_takes_the_place_of_the_old_one_and_of_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "report"
    for words in (b"old", b"new"):
        with filling(target) as files:
            files.put("index.html", "text/html", words)
            files.put(f"pictures/{words.decode()}.webp", "image/webp", words)
    assert sorted(one.name for one in target.rglob("*")) == ["index.html", "new.webp", "pictures"]
    with pytest.raises(ZeroDivisionError), filling(target):
        raise ZeroDivisionError
    assert (target / "index.html").read_bytes() == b"new"
    (target / "thesis.tex").write_text("mine")
    with pytest.raises(UsageError, match=r"in '.*report' lies 'thesis.tex'.*Type: --out report\.html or --out report/"):
        filling(target).__enter__()
    assert [one.name for one in tmp_path.iterdir()] == ["report"]


def test_the_archive_holds_the_folder_and_is_the_same_for_the_same_files(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    Files(folder).put("pictures/a.webp", "image/webp", b"a" * 1000)
    Files(folder).put("index.html", "text/html", b"page")
    archive = packed(folder)
    assert archive == tmp_path / "report.zip"
    first = archive.read_bytes()
    (folder / "index.html").touch()
    assert packed(folder).read_bytes() == first
    with zipfile.ZipFile(archive) as found:
        assert found.namelist() == ["report/index.html", "report/pictures/a.webp"]
        assert found.read("report/pictures/a.webp") == b"a" * 1000
