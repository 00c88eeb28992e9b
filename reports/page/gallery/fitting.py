"""How many pictures the galleries of a page show: as many as one file has room for, or all in a folder."""

from __future__ import annotations

from collections.abc import Sequence

from reports.analysis.groups import Group
from reports.export.files import INSIDE, Files
from reports.page.gallery.choice import EMBEDDED
from reports.page.gallery.gallery import Gallery, Making, gallery, shown

FEWEST = 6  # images of a gallery, however little room there is
ROOM = 9_000_000  # bytes of all galleries in a page of one file, less what its records take
A_RECORD = 45_000
LEAST_ROOM = 1_500_000


def galleries(groups: Sequence[Group], files: Files = INSIDE, room: int = ROOM) -> list[Gallery | None]:
    """The gallery of every group; in a page of one file each shows as many images as all of them have room for.

    Args:
        groups: of the page, in its order.
        files: where the pictures go.
        room: bytes for pictures and data of all galleries, where the page is one file.
    """
    pictured = [one for one in groups if shown(one)]
    embedded = EMBEDDED
    if files.folder is None and len(pictured) > 1:
        first_one = gallery(pictured[0], groups, Making(budget=0))
        embedded = _fitting(EMBEDDED, room, len(pictured) * (first_one.weight if first_one else 0))
    while True:
        making = Making(files, embedded, room // (2 * max(1, len(pictured))))
        found = [gallery(one, groups, making) for one in groups]
        weight = sum(one.weight for one in found if one is not None)
        left = room - sum(one.exact_size for one in found if one is not None)
        if files.folder is not None or weight <= left or embedded == FEWEST:
            return found
        embedded = _fitting(embedded, left, weight)


def room_beside(num_records: int) -> int:
    """Bytes that the galleries may take beside the tables of so many records."""
    return max(LEAST_ROOM, ROOM - A_RECORD * num_records)


def _fitting(embedded: int, room: int, weight: int) -> int:
    """How many images a gallery may have where so many weigh so much."""
    return max(FEWEST, min(embedded, int(0.97 * embedded * room / max(1, weight))))
