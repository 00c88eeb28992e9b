"""The README's tables of speed are those of the files beside the benchmarks."""

from pathlib import Path

import pytest

from tests.benchmarks import readme


def test_the_readme_shows_what_was_measured() -> None:
    assert readme.main(["--check"]) == 0, "Type: python -m tests.benchmarks.readme"


def test_tables_are_written_between_their_markers_and_a_change_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    blocks = [f"<!-- benchmark:{name}:begin -->\nold\n<!-- benchmark:{name}:end -->" for name in readme.TABLES]
    path.write_text("\n".join(["before", *blocks, "after"]) + "\n")
    assert readme.main(["--check"], path) == 1
    assert "old" in path.read_text()
    assert readme.main([], path) == 0
    text = path.read_text()
    assert "old" not in text
    assert "full scoring of 2,500 images" in text
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert readme.main(["--check"], path) == 0


def test_a_missing_marker_is_named() -> None:
    with pytest.raises(ValueError, match="benchmark:speed:begin"):
        readme.updated("nothing here", readme.TABLES)
