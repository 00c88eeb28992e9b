"""Which batch shapes are used, and how images are put into them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from baselines.optimization import chunks
from baselines.optimization.chunks import OVERHEAD, cover, interchangeable
from baselines.optimization.chunks import sizes as sizes_for

CPU = torch.device("cpu")


AT_32 = chunks.SIZES["cpu"]


@pytest.fixture(autouse=True)
def sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(chunks.SIZES, "cpu", (4, 8, 2))


def test_sizes_that_round_alike_are_interchangeable() -> None:
    assert interchangeable(lambda x: x.square().sum((1, 2, 3)), (5, 5), CPU, 8) == (4, 8, 2)


def test_a_size_that_rounds_otherwise_is_left_out() -> None:
    def function(images: Tensor) -> Tensor:
        sums = images.sum((1, 2, 3))
        return sums.nextafter(sums + 1) if len(images) == 8 else sums  # a last bit

    assert interchangeable(function, (5, 5), CPU, 8) == (4, 2)


def test_a_row_that_depends_on_its_place_leaves_only_the_first_size() -> None:
    def function(images: Tensor) -> Tensor:
        return images.sum((1, 2, 3)) + torch.arange(len(images))

    assert interchangeable(function, (5, 5), CPU, 8) == (4,)


def test_sizes_beyond_the_images_at_hand_are_not_tried() -> None:
    seen: list[int] = []

    def function(images: Tensor) -> Tensor:
        seen.append(len(images))
        return images.sum((1, 2, 3))

    assert interchangeable(function, (5, 5), CPU, 7) == (4, 2)
    assert max(seen) == 4


def test_batches_of_larger_images_hold_as_many_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    """One image of 224 px is no batch of fifty; at 32 px, and below, nothing changes."""
    monkeypatch.setitem(chunks.SIZES, "cpu", AT_32)
    assert sizes_for((32, 32), CPU) == sizes_for((16, 16), CPU) == (50, 200, 100, 25, 10)
    assert sizes_for((64, 64), CPU) == (12, 50, 25, 6, 2)
    assert sizes_for((224, 224), CPU) == (1, 4, 2)
    assert sizes_for((512, 512), CPU) == sizes_for((2_048, 64), CPU)[:1] == (1,)
    assert sizes_for((224, 224), torch.device("cuda")) == (5,)
    seen: list[int] = []

    def function(images: Tensor) -> Tensor:
        seen.append(len(images))
        return images.sum((1, 2, 3))

    assert interchangeable(function, (224, 224), CPU, 1) == (1,)
    assert seen == [1] or not seen


def test_an_empty_pass_weighs_less_beside_larger_images() -> None:
    assert cover(3, (1, 4, 2)) == (4,)  # 22 against 39 for two and one
    assert cover(3, (1, 4, 2), OVERHEAD / 49) == (2, 1)  # 3.7 against 4.4


@pytest.mark.parametrize("sizes", [(50, 200, 100, 25, 10), (50, 100, 25, 10), (50,), (4, 2), (10,)])
def test_everyone_has_a_place_and_nobody_pays_for_an_empty_pass(sizes: tuple[int, ...]) -> None:
    for count in (*range(260), 2_500, 10_003):
        found = cover(count, sizes)
        assert set(found) <= set(sizes)
        assert sum(found) >= count
        assert sum(found[:-1]) < count or not found


def test_the_cheapest_cover_by_hand() -> None:
    assert OVERHEAD == 18
    sizes = (50, 200, 100, 25, 10)
    assert cover(0, sizes) == ()
    assert cover(1, sizes) == (10,)
    assert cover(11, sizes) == (25,)  # 43 against 56 for two tens
    assert cover(60, sizes) == (50, 10)  # 96 against 118 for one of a hundred
    assert cover(90, sizes) == (100,)  # 118 against 136 for two of fifty
    assert cover(170, sizes) == (200,)  # 218 against 211 + 25 for 100, 50, 25
    assert cover(250, sizes) == (200, 50)
