"""What a page of one file leaves out where it is too large: what weighs most and says least first, and it says what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reports.export import downloads
from reports.page.front.board import Pictures
from reports.page.summary import PICTURES, Page


def smaller(page: Page, excess: int) -> Page | None:
    """The page with about so many bytes less; None where it holds nothing more that can be left out."""
    bare = page
    for what, weight, cut in CUTS:
        saved = weight(bare)
        if excess <= 0 or not saved:
            continue
        left = cut(bare, saved - excess)
        excess -= saved - weight(left)
        bare = replace(left, without=(*left.without, what)) if what else left
    return bare if bare is not page else None


def _weight_of_json(page: Page) -> int:
    return sum(one.weight for one in page.downloads if one.label == downloads.JSON)


def _without_json(page: Page, room: int) -> Page:
    return replace(page, downloads=tuple(one for one in page.downloads if one.label != downloads.JSON))


def _weight_of_pictures(page: Page) -> int:
    shown = [one.gallery for one in page.sections if one.gallery is not None]
    return sum(one.weight + one.exact_size for one in shown)


def _fewer_pictures(page: Page, room: int) -> Page:
    return page.refit(page, max(0, room))


def _without_pictures(page: Page, room: int) -> Page:
    boards = tuple(replace(one, originals=Pictures()) for one in page.boards)
    return replace(page, boards=boards, sections=tuple(replace(one, gallery=None) for one in page.sections))


def _weight_of_records(page: Page) -> int:
    return sum(one.weight for one in page.downloads)


def _without_records(page: Page, room: int) -> Page:
    return replace(page, downloads=())


def _weight_of_details(page: Page) -> int:
    return sum(len(one.data) for section in page.sections for one in section.details)


def _without_details(page: Page, room: int) -> Page:
    return replace(page, sections=tuple(replace(one, details=()) for one in page.sections))


def _weight_of_sources(page: Page) -> int:
    held = (*(one.provenance.sources for one in page.sections), page.probe_sources)
    return sum(len(str(one)) for one in held if one)


def _without_sources(page: Page, room: int) -> Page:
    bare = (replace(one, provenance=replace(one.provenance, sources=())) for one in page.sections)
    return replace(page, sections=tuple(bare), probe_sources=())


CUTS: tuple[tuple[str, Callable[[Page], int], Callable[[Page, int], Page]], ...] = (
    ("the records as JSON, as each lies in its own folder", _weight_of_json, _without_json),
    ("", _weight_of_pictures, _fewer_pictures),  # which says itself how many
    ("the downloads of all records", _weight_of_records, _without_records),
    ("the tables of pairs, distributions and classes", _weight_of_details, _without_details),
    (PICTURES, _weight_of_pictures, _without_pictures),
    ("the weights, recipes and environments of the records", _weight_of_sources, _without_sources),
)
