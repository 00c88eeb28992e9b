from __future__ import annotations

from pathlib import Path

import pytest

from bench.store.record import read_records
from reports.analysis.groups import Entry
from reports.export.files import Files
from reports.page.cuts import smaller
from reports.page.summary import Page, page

MUCH = 100_000_000


@pytest.fixture(scope="module")
def made(runs: Path) -> Page:
    return page([Entry(*found) for found in read_records(runs)], Files(held={}))


def test_a_little_less_is_the_json_alone(made: Page) -> None:
    less = smaller(made, 1)
    assert less is not None
    assert [one.label for one in less.downloads] == ["CSV", "BibTeX"]
    assert less.without == ("the records as JSON, as each lies in its own folder",)
    assert less.sections == made.sections


def test_then_pictures_become_fewer_before_anything_else_goes(made: Page) -> None:
    before = made.sections[0].gallery
    assert before is not None
    less = smaller(made, sum(one.weight for one in made.downloads) + before.weight // 4)
    assert less is not None
    (section,) = less.sections
    assert section.gallery is not None
    assert len(section.gallery.ids) < len(before.ids)
    lost = len(before.ids) - len(section.gallery.ids)
    assert less.without[1] == f"{lost} pictures of each method and classifier"
    assert section.details


def test_in_the_end_nothing_is_left_to_leave_out(made: Page) -> None:
    less = smaller(made, MUCH)
    assert less is not None
    assert not less.downloads
    assert not less.sections[0].details
    assert not less.sections[0].provenance.sources
    assert less.sections[0].gallery is None
    assert less.boards[0].originals.tiles == ()
    assert smaller(less, MUCH) is None
    assert less.sections[0].main == made.sections[0].main
