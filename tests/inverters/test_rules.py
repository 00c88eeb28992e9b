"""The rules of the interface, broken one at a time: each ends with its reason, and good methods are left alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from bench.classifiers import LoadedClassifier
from bench.datasets import cifar10
from bench.errors import BenchError
from bench.inverters import rules
from bench.inverters.base import Access, Inverter, Target
from bench.inverters.control import Control, Shard
from bench.inverters.opened import OpenMethod
from bench.seeding import sample_noise
from bench.store.folder import SHARD, Piece

N = 20


class Flat(Inverter):
    """Brightness from the first logit; counts its calls and the rows that it saw."""

    name = "flat"

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.sizes: list[int] = []

    def level(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        """(N,)"""
        return torch.sigmoid(logits[:, 0])

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        self.sizes.append(len(logits))
        return self.level(logits, seeds)[:, None, None, None].expand(-1, 3, 32, 32)


class Seeded(Flat):
    stochastic = True

    def level(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return torch.sigmoid(logits[:, 0]) * sample_noise(seeds, 1)[:, 0].sigmoid()


class SaysNotStochastic(Seeded):
    stochastic = False


class Neighbourly(Flat):
    def level(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return torch.sigmoid(logits[:, 0] - logits[:, 0].mean())


class Placed(Flat):
    def level(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return torch.linspace(0, 1, N)[: len(logits)]


class Pairs(Flat):
    """Looks at the row before it, wherever there is one."""

    def level(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return torch.sigmoid(10 * logits[:, 0].roll(1))


class Restless(Seeded):
    def level(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return torch.rand(len(logits))


class Writing(Flat):
    def level(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return torch.sigmoid(logits.mul_(2)[:, 0])


class Scaled(Flat):
    factor = 255.0

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return super().invert(logits, seeds) * self.factor


class Uint8(Scaled):
    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return super().invert(logits, seeds).to(torch.uint8)


class Signed(Flat):
    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return torch.full((len(logits), 3, 32, 32), -0.5)


class NumPy(Flat):
    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Any:
        return super().invert(logits, seeds).numpy()


class Bright(Flat):
    """The first column at 1.25."""

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        images = super().invert(logits, seeds).clone()
        images[:, :, :, 0] = 1.25
        images[:, :, :, 1] = 1 + 0.9 / 510  # rounds to 255 all the same
        return images


class Descending(Seeded):
    access: ClassVar[Access] = "white-box"


class DescendingPairs(Pairs):
    access: ClassVar[Access] = "white-box"


Fill = Callable[..., tuple[OpenMethod, Piece]]


@pytest.fixture
def fill(tiny_cifar: LoadedClassifier) -> Fill:
    """Open a method and fill the first shard, of ``size`` images in a cell of ``count``."""
    dataset = cifar10.load("test")
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(N, 5, generator=generator).numpy()
    originals = dataset.pixels(slice(0, N))

    def run(cls: type[Inverter] | type[Control], count: int = N, size: int = N) -> tuple[OpenMethod, Piece]:
        network = tiny_cifar.network if cls.access == "white-box" else None
        target = Target("linear", "ab" * 32, "cifar10", 5, (32, 32), torch.device("cpu"), network=network)
        method = OpenMethod(cls, target, dataset, tiny_cifar, 0)
        method.prepare(count)
        return method, method.reconstruct(range(size), originals[:count], logits[:count])

    return run


@pytest.mark.parametrize(
    ("cls", "words"),
    [
        (SaysNotStochastic, "of 255 grey levels.* another seed.*says that it is not stochastic.*stochastic = True"),
        (Neighbourly, r"flat breaks a rule of the interface: row \d+ differs by up to \d+ of 255.*in other company"),
        (Placed, "nor on its place"),
        (Pairs, "neither on its neighbours"),
        (Restless, "another one each time.*seeds are the only source of randomness"),
        (Writing, r"changed the \(20, 5\) numbers that it was given.*logits.clone"),
        (Scaled, r"reach from .* to 2\d\d.*Divide by 255"),
        (Uint8, r"floats in \[0, 1\] and returned torch.uint8.*/ 255"),
        (Signed, r"61,440 of 61,440 lie outside.*\(x \+ 1\) / 2"),
        (NumPy, "returned ndarray"),
        (DescendingPairs, "Descents amplify rounding"),
    ],
)
def test_a_broken_rule_is_named(cls: type[Inverter], words: str, fill: Fill) -> None:
    with pytest.raises(BenchError, match=words) as raised:
        fill(cls)
    assert "\n" not in str(raised.value)


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


def test_rows_are_fixed_and_spread() -> None:
    seeds = list(range(1000, 1000 + SHARD))
    rows = rules.chosen(seeds)
    assert rows == rules.chosen(seeds)
    assert [row * 4 // SHARD for row in rows] == [0, 1, 2, 3]
    assert rules.chosen([7, 8]) == [0, 1]


class Floats(Control):
    name = "floats"

    def reconstruct(self, shard: Shard) -> Any:
        return shard.originals / 255


class Half(Floats):
    def reconstruct(self, shard: Shard) -> Any:
        return shard.originals[:, ::2, ::2]


class Mean(Floats):
    """May see its neighbours."""

    def reconstruct(self, shard: Shard) -> Any:
        return np.broadcast_to(shard.originals.mean(0, keepdims=True).astype(np.uint8), shard.originals.shape)


def test_controls_give_pixels_and_may_look_at_their_neighbours(fill: Fill) -> None:
    assert fill(Mean)[1].pixels.shape == (N, 32, 32, 3)
    for cls, words in ((Floats, "of float64"), (Half, r"\(20, 16, 16, 3\) of uint8")):
        with pytest.raises(BenchError, match=rf"floats.reconstruct should return pixels .* returned .*{words}"):
            fill(cls)


def test_a_cell_of_images_in_grey_levels_fails_and_says_why(tmp_path: Path) -> None:
    """On dbbfab3 it ended as complete, with a PSNR of 4.7."""
    from bench.config import RunConfig
    from bench.line import run_cell

    reference = f"{__file__}:Scaled"
    record = run_cell(RunConfig(reference, "robust_resnet152", num_images=5, out=tmp_path, controls=False))
    assert record.status == "failed"
    assert "Divide by 255" in str(record.reason)
