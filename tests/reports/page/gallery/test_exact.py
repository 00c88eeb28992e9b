from __future__ import annotations

import numpy as np
import pytest

from reports.page.gallery import exact as module
from reports.page.gallery.choice import Choice
from reports.page.gallery.exact import exact, sentence, sizes

RNG = np.random.default_rng(0)
CHOICE = Choice((4, 7, 9), {"random": (2,), "ends": (0,), "wrong": (), "first": (2,), "all": (0, 1, 2)}, (), ())


def test_as_many_images_as_fit_of_every_source_the_ones_met_first(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = [RNG.integers(0, 256, (10, 20, 20, 3), dtype=np.uint8) for _ in range(2)]
    whole = exact(sources, CHOICE)
    assert [list(one) for one in whole] == [[2, 0, 1], [2, 0, 1]]
    an_image = sum(len(one[2]) for one in whole)
    for budget, number in ((1, 1), (int(2.1 * an_image), 2), (int(9 * an_image), 3)):
        monkeypatch.setattr(module, "BUDGET", budget)
        assert [list(one) for one in exact(sources, CHOICE)] == [[2, 0, 1][:number]] * 2


def test_it_is_said_how_many_are_whole_and_what_size_they_have() -> None:
    assert sentence(({0: "", 1: ""},), 2) == "The large view shows every picture pixel by pixel, as it was scored."
    assert "shows 1 of 2 images pixel by pixel" in sentence(({0: ""},), 2)
    told = sizes((224, 200), (112, 100))
    assert told["exact"] == "Pictures as they were scored, 200 \N{MULTIPLICATION SIGN} 224 pixels."
    assert told["reduced"] == (
        "Reduced from 200 \N{MULTIPLICATION SIGN} 224 to 100 \N{MULTIPLICATION SIGN} 112 pixels and compressed."
    )
    assert sizes((32, 32), (32, 32))["reduced"].startswith("Pictures as they were scored, 32")
