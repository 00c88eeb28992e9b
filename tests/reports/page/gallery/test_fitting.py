from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench.store.record import Record
from reports.analysis.groups import Group
from reports.export.files import Files
from reports.page.gallery.fitting import FEWEST, LEAST_ROOM, galleries, room_beside
from tests.reports.figures.test_sprites import decoded
from tests.reports.gallery_runs import opened, three_classifiers
from tests.reports.synthetic import write_cell


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> list[Group]:
    return three_classifiers(tmp_path_factory)


def test_more_records_leave_less_room_and_never_none() -> None:
    assert room_beside(1) > room_beside(100) > room_beside(10_000) == LEAST_ROOM


def test_galleries_show_as_many_images_as_one_file_has_room_for(groups: list[Group]) -> None:
    every = [one for one in galleries(groups) if one is not None]
    weight = sum(one.weight for one in every)
    few = [one for one in galleries(groups, room=weight // 2) if one is not None]
    assert sum(one.weight for one in few) <= weight // 2
    for one, whole in zip(few, every, strict=True):
        assert FEWEST < len(one.ids) < len(whole.ids)
        assert one.held_back == len(whole.ids) - len(one.ids)
        assert whole.held_back == 0
        assert len(one.heads) == len(whole.heads) == 12
    least = [one for one in galleries(groups, room=1) if one is not None]
    assert all(FEWEST <= len(one.ids) < len(whole.ids) for one, whole in zip(least, every, strict=True))


def test_in_a_folder_large_pictures_lie_in_their_own_size_and_only_those_shown(tmp_path: Path) -> None:
    """Of so many images that reading them all would take minutes: the files are sparse."""
    record, rows = Record("m", "C", "folder:p", 50_000, 0, key="k", metrics={}), 50_000
    columns = {"image_id": [f"a/{row}" for row in range(rows)], "label": np.zeros(rows, np.int64)}
    cell = write_cell(tmp_path / "runs", record, columns, np.zeros((1, 1, 1, 3), np.uint8))
    for place in (cell / "reconstructions.npy", cell.parents[2] / "originals.npy"):
        place.unlink(missing_ok=True)
        made = np.lib.format.open_memmap(place, "w+", np.uint8, (rows, 224, 224, 3))
        made[:3] = 200
        made.flush()
    (one,) = opened(tmp_path / "runs")
    (view,) = galleries([one], Files(tmp_path))
    assert view is not None
    data = json.loads(view.data)
    for strip in (data["originals"], data["methods"][0]):
        assert len(strip["exact"]) == len(view.ids)
    first = str(view.ids.index("a/0"))
    picture = decoded((tmp_path / data["methods"][0]["exact"][first]).read_bytes())
    assert np.array_equal(picture, np.full((224, 224, 3), 200, np.uint8))
    names = dict.fromkeys((data["originals"]["sheet"], data["methods"][0]["sheet"]))
    assert [sheet.source for sheet in view.sheets] == [f"pictures/{name}.webp" for name in names]
