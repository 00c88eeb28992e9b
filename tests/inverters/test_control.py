"""Controls answer in pixels, of the shape of the originals, and may see more than an inverter."""

from __future__ import annotations

import pytest

from bench.errors import BenchError
from tests.inverters.conftest import Fill
from tests.inverters.methods import Floats, Half, Mean, N


def test_controls_give_pixels_and_may_look_at_their_neighbours(fill: Fill) -> None:
    assert fill(Mean)[1].pixels.shape == (N, 32, 32, 3)
    for cls, words in ((Floats, "of float64"), (Half, r"\(20, 16, 16, 3\) of uint8")):
        with pytest.raises(BenchError, match=rf"floats.reconstruct should return pixels .* returned .*{words}"):
            fill(cls)
