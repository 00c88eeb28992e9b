"""The tables of speed in README and docs are those of the files beside the benchmarks."""

from pathlib import Path

from tests.benchmarks import tables


def test_the_documents_show_what_was_measured() -> None:
    assert tables.main(["--check"]) == 0, "Type: python -m tests.benchmarks.tables"


def test_tables_are_written_between_their_markers_and_a_change_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    blocks = [f"<!-- benchmark:{name}:begin -->\nold\n<!-- benchmark:{name}:end -->" for name in tables.TABLES]
    path.write_text("\n".join(["before", *blocks, "after"]) + "\n")
    assert tables.main(["--check"], [path]) == 1
    assert "old" in path.read_text()
    assert tables.main([], [path]) == 0
    text = path.read_text()
    assert "old" not in text
    assert "full scoring of 2,500 images" in text
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert tables.main(["--check"], [path]) == 0
