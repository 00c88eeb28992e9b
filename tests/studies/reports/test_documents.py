"""What programs write into README and docs: between markers, once each, and a wrong marker is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import DataError
from studies.reports import tables
from studies.reports.documents import documents, update, written
from tests.benchmarks import tables as measured

PARTS = {"a": lambda: "new a\n", "b": lambda: "new b\n"}


def test_only_what_stands_between_the_markers_changes() -> None:
    text = "x\n<!-- k:a:begin -->\nold\n<!-- k:a:end -->\n<!-- other:a:begin --><!-- other:a:end -->\ny\n"
    found = written(text, "k", PARTS)
    assert found == text.replace("old", "new a")
    assert written(found, "k", PARTS) == found


def test_every_file_that_changes_is_written_and_named(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("1.md", "2.md", "3.md")]
    files[0].write_text("<!-- k:a:begin --><!-- k:a:end -->")
    files[1].write_text("<!-- k:b:begin -->\nnew b\n<!-- k:b:end -->")
    files[2].write_text("nothing")
    before = [path.read_text() for path in files]
    assert update(files, "k", PARTS, check=True) == files[:1]
    assert [path.read_text() for path in files] == before
    assert update(files, "k", PARTS) == files[:1]
    assert "new a" in files[0].read_text()
    assert update(files, "k", PARTS) == []


@pytest.mark.parametrize(
    "text",
    ["none", "<!-- k:a:begin -->", "<!-- k:c:begin --><!-- k:c:end -->", 2 * "<!-- k:a:begin --><!-- k:a:end -->"],
)
def test_a_wrong_marker_is_named_and_nothing_is_written(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(text)
    with pytest.raises(DataError, match="k:"):
        update([path], "k", PARTS)
    assert path.read_text() == text


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no\.md"):
        update([tmp_path / "no.md"], "k", PARTS)


@pytest.mark.parametrize(
    ("kind", "name"),
    [*(("table", name) for name in tables.TABLES), *(("benchmark", name) for name in measured.TABLES)],
)
def test_every_table_stands_once_in_the_documents(kind: str, name: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in documents()]
    assert sum(text.count(f"<!-- {kind}:{name}:begin -->") for text in texts) == 1
