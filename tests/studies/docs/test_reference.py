"""The committed pages are what the code says, hold everything that is registered, and nothing of the machine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

import bench
from bench.classifiers.providers.zoo import ZOO
from bench.cli.app import app
from bench.registry import CLASSIFIERS, CONTROLS, DATASETS, EXTRACTORS, INVERTERS
from studies.docs import ours
from studies.docs.cli import commands
from studies.docs.reference import COMMAND, FOLDER, PAGES, main, outdated, written
from tests.documentation import anchors


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return written()


def lacking(text: str, names: Iterable[str]) -> list[str]:
    """Names that no heading of a page has."""
    found = anchors(text)
    return [name for name in names if name not in found]


def test_the_committed_pages_are_up_to_date(pages: dict[str, str]) -> None:
    assert outdated(pages) == [], f"Type: {COMMAND}"
    assert pages.keys() == {f"{name}.md" for name in PAGES} == {path.name for path in FOLDER.iterdir()}


def test_everything_that_is_registered_has_a_place(pages: dict[str, str]) -> None:
    assert lacking(pages["metrics.md"], ours.always() | ours.on_request()) == []
    assert all(f"| `{name}` |" in pages["metrics.md"] for name in ours.plugins(EXTRACTORS))
    assert lacking(pages["methods.md"], ours.plugins(INVERTERS) | ours.plugins(CONTROLS)) == []
    assert lacking(pages["classifiers.md"], {*ZOO, *ours.plugins(CLASSIFIERS)} - {"zoo"}) == []
    assert lacking(pages["datasets.md"], ours.plugins(DATASETS)) == []
    assert lacking(pages["probes.md"], ours.plugins("bench.probes")) == []
    assert lacking(pages["python.md"], bench.__all__) == []
    root: Any = get_command(app)
    assert lacking(pages["cli.md"], ("-".join(path) for path, _ in commands(root, ("bench",)))) == []


def test_what_others_have_installed_changes_no_page(pages: dict[str, str], outsider: Path) -> None:
    assert written() == pages


def test_no_page_speaks_of_this_machine(pages: dict[str, str]) -> None:
    for text in pages.values():
        plain = re.sub(r"https?://\S+", "", text)
        assert str(Path.home()) not in plain
        assert re.findall(r"(?<![\w.>)\]`])/(?:home|root|work|usr|tmp|opt)/\S*", plain) == []
        assert not re.search(r"<[\w.]+ object at |0x[0-9a-f]{6}|PosixPath", plain)


def test_checks_writes_and_notices_a_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"], tmp_path) == 1
    assert list(tmp_path.iterdir()) == []
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    page = tmp_path / "metrics.md"
    page.write_text(page.read_text().replace("LPIPS", "lpips"))
    (tmp_path / "gone.md").write_text("no page any more")
    capsys.readouterr()
    assert main(["--check"], tmp_path) == 1
    assert "gone.md, metrics.md" in capsys.readouterr().err
    assert main([], tmp_path) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{name}.md" for name in PAGES)
