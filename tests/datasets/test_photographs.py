"""The photographs that scikit-image ships."""

from pathlib import Path

import pytest

from bench.datasets import photographs
from bench.errors import DataError


def test_every_photograph_ships_with_scikit_image() -> None:
    dataset = photographs.load(32)
    assert len(dataset) == len(photographs.FILES) == 16
    assert dataset.pixels(slice(0, 16)).shape == (16, 32, 32, 3)
    assert len({p.tobytes() for p in dataset.pixels(slice(0, 16))}) == 16


def test_a_scikit_image_without_any_says_where_they_were_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skimage.__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(DataError, match=f"should ship sample photographs in {tmp_path}/data, and there are none"):
        photographs.load(32)
