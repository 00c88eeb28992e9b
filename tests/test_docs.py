"""The documentation builds without a warning, and every link in it leads to something."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documentation import DOCS, NAV, ROOT, anchors, broken, build, documents, links


@pytest.mark.processes
def test_the_site_builds_without_a_warning_and_holds_every_page(tmp_path: Path) -> None:
    done = build(tmp_path / "site")
    assert done.returncode == 0, done.stderr
    for page in NAV:
        assert (tmp_path / "site" / page).with_suffix(".html").is_file()


def test_every_page_is_in_the_navigation_once() -> None:
    assert sorted(NAV) == sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


@pytest.mark.parametrize("page", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_and_picture_is_there(page: Path) -> None:
    assert broken(page) == []


def test_a_page_of_the_site_leads_to_no_file_beside_it() -> None:
    """The README is read where all files are; the built site holds those of ``docs`` alone."""
    for page in DOCS.rglob("*.md"):
        places = [target.partition("#")[0] for target in links(page.read_text(encoding="utf-8"))]
        assert [one for one in places if not (page.parent / one).resolve().is_relative_to(DOCS)] == [], page.name


def test_a_link_to_nowhere_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# One\n\n## A `key_of` it!\n\n```\n# no heading\n```\n")
    page = tmp_path / "page.md"
    page.write_text(
        '# Page\n\n[a](other.md#a-key_of-it) [b](other.md#no-heading) [c](#page) [d](gone.md) ![e](gone.webp "E")\n'
        '<a id="Here"></a> [f](#Here) [g](#there) [h](https://example.org/#x) `[i](code.md)`\n'
    )
    assert broken(page) == ["other.md#no-heading", "gone.md", "gone.webp", "#there"]
    assert anchors("# The `run()` call\n") == {"the-run-call"}
