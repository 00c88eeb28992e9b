from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reports.export.files import INSIDE, Files
from reports.page.gallery.choice import Choice
from reports.page.gallery.exact import exact, sentence, sizes
from tests.reports.figures.test_sprites import decoded

RNG = np.random.default_rng(0)
CHOICE = Choice((4, 7, 9), {"random": (2,), "ends": (0,), "wrong": (), "first": (2,), "all": (0, 1, 2)}, (), ())


def test_as_many_images_as_fit_of_every_source_the_ones_met_first(tmp_path: Path) -> None:
    sources = [RNG.integers(0, 256, (10, 20, 20, 3), dtype=np.uint8) for _ in range(2)]
    whole, spent = exact(sources, CHOICE, INSIDE, 10_000_000)
    assert [list(one) for one in whole] == [[2, 0, 1], [2, 0, 1]]
    assert spent == pytest.approx(sum(len(uri) for one in whole for uri in one.values()), rel=0.05)
    for budget, number in ((1, 1), (int(0.75 * spent), 2), (spent, 3)):
        few, size = exact(sources, CHOICE, INSIDE, budget)
        assert [list(one) for one in few] == [[2, 0, 1][:number]] * 2
        assert size <= max(budget, spent // 2)
    beside, size = exact(sources, CHOICE, Files(tmp_path), 1)
    assert size == 0
    for source, held in zip(sources, beside, strict=True):
        for place, address in held.items():
            assert np.array_equal(decoded((tmp_path / address).read_bytes()), source[CHOICE.rows[place]])


def test_it_is_said_how_many_are_whole_and_what_size_they_have() -> None:
    assert sentence(({0: "", 1: ""},), 2) == "The large view shows every picture pixel by pixel, as it was scored."
    assert "shows 1 of 2 images pixel by pixel" in sentence(({0: ""},), 2)
    told = sizes((224, 200), (112, 100))
    assert told["exact"] == "Pictures as they were scored, 200 \N{MULTIPLICATION SIGN} 224 pixels."
    assert told["reduced"] == (
        "Reduced from 200 \N{MULTIPLICATION SIGN} 224 to 100 \N{MULTIPLICATION SIGN} 112 pixels and compressed."
    )
    assert sizes((32, 32), (32, 32))["reduced"].startswith("Pictures as they were scored, 32")
