"""An opened method: what is run again to check it, what is counted, what it may not be given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from bench.datasets import cifar10
from bench.datasets.base import image_hashes
from bench.errors import SkipCellError, WeightsError
from bench.inverters.base import Access, Target
from tests.inverters.conftest import Fill
from tests.inverters.methods import Bright, Descending, Flat, N, Seeded


def test_good_methods_are_run_again_in_five_small_calls_whose_time_is_not_counted(fill: Fill) -> None:
    method, piece = fill(Flat)
    assert isinstance(method.method, Flat)
    assert method.method.sizes == [N, 4, 1, 1, 1, 1]
    assert (piece.outside, piece.furthest, piece.second.size) == (0, 0.0, 0)
    assert method.facts(np.zeros((N, 5), np.float32), [piece])["note"] is None
    method, piece = fill(Seeded)
    assert isinstance(method.method, Seeded)
    assert method.method.sizes == [N, N, 4, 1, 1, 1, 1]
    assert piece.second.shape == piece.pixels.shape


def test_only_the_first_shard_is_checked(fill: Fill) -> None:
    method, first = fill(Flat, size=10)
    assert isinstance(method.method, Flat)
    method.method.sizes.clear()
    dataset = cifar10.load("test")
    piece = method.reconstruct(range(10, N), dataset.pixels(slice(0, N)), np.zeros((N, 5), np.float32))
    assert method.method.sizes == [10]
    assert len(first.pixels) == len(piece.pixels) == 10


def test_methods_that_descend_are_checked_by_four_rows_or_less(fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    def sizes(size: int = N) -> list[int]:
        method = fill(Descending, size=size)[0].method
        assert isinstance(method, Descending)
        return method.sizes

    assert sizes() == [N, N, 4]
    assert sizes(4) == [4, 4]
    monkeypatch.setattr("bench.inverters.opened.FEW", N - 1)
    assert sizes() == [N, N, 4, 1]


def test_what_is_clipped_is_counted_in_the_note(fill: Fill) -> None:
    method, piece = fill(Bright)
    assert (piece.outside, piece.furthest) == (N * 3 * 32, 0.25)
    assert method.facts(np.zeros((N, 5), np.float32), [piece, piece])["note"] == (
        "3,840 of 122,880 values lay outside [0, 1], by up to 0.25, and were clipped"
    )


def test_the_second_draw_has_seeds_of_its_own(fill: Fill) -> None:
    _, piece = fill(Seeded)
    assert not np.array_equal(piece.second, piece.pixels)
    assert fill(Flat)[1].second.size == 0


def test_gradients_are_on_where_the_network_is_seen_and_nowhere_else(fill: Fill) -> None:
    class Asking(Flat):
        def level(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
            seen.append(torch.is_grad_enabled())
            return super().level(logits, seeds)

    class Seeing(Asking):
        access: ClassVar[Access] = "white-box"

    for cls, on in ((Asking, False), (Seeing, True)):
        seen: list[bool] = []
        fill(cls)
        assert set(seen) == {on}


def test_what_was_trained_on_is_not_reconstructed(fill: Fill) -> None:
    known = image_hashes(cifar10.load("test").pixels([3, 5]))

    class Trained(Flat):
        trained_on = frozenset(known)

    with pytest.raises(WeightsError, match=r"flat was trained on 2 of these 20 images of cifar10.*--dataset"):
        fill(Trained)
    assert fill(Trained, size=3)[1].pixels.shape == (3, 32, 32, 3)  # the fourth is the first that it knows


def test_a_method_that_declines_is_skipped_and_features_must_be_there(fill: Fill) -> None:
    class Declining(Flat):
        @classmethod
        def skip(cls, target: Target) -> str | None:
            return f"{target.classifier} will not do."

    class OfFeatures(Flat):
        access: ClassVar[Access] = "features"

    with pytest.raises(SkipCellError, match=r"^linear will not do\.$"):
        fill(Declining)
    with pytest.raises(SkipCellError, match=r"linear has no \.features\(images\)"):
        fill(OfFeatures)
