"""How many images a run keeps at a time, and that they come out the same whatever their number."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from baselines.optimization import chunks
from baselines.optimization.engstrom import Engstrom
from baselines.optimization.mahendran_vedaldi import MahendranVedaldi
from bench.classifiers.base import Classifier
from bench.datasets.base import to_pixels
from bench.inverters.base import Target
from bench.store.folder import CellFolder, Piece
from tests.baselines.optimization.small import Small
from tests.plugins import Grey

CPU = torch.device("cpu")


class Enlarging(Classifier):
    """Looks at 4 times the side."""

    def prepare(self, images: Tensor) -> Tensor:
        return images.repeat_interleave(4, 2).repeat_interleave(4, 3)


class Own(Small):
    """A network of somebody's own, in which ``prepare`` means something else."""

    def prepare(self) -> None:
        raise AssertionError


def target(side: int, network: nn.Module | None = None) -> Target:
    return Target("small", "", "cifar10", 6, (side, side), CPU, "fast", network)


def test_a_method_of_that_name_in_a_network_of_ones_own_is_left_alone() -> None:
    assert Descending.shard(target(32, Own())) == 50


class Descending(Grey):
    """A plugin that sees the network and says nothing of its shards."""

    name = "descending"
    access = "white-box"


@pytest.mark.parametrize(("side", "count"), [(8, 800), (32, 50), (64, 12), (128, 3), (224, 1), (512, 1)])
def test_who_descends_keeps_as_many_as_have_so_many_pixels(side: int, count: int) -> None:
    assert Descending.shard(target(side, Small())) == count
    assert Grey.shard(target(side)) == 250


def test_what_the_network_enlarges_counts_but_leaves_a_batch() -> None:
    assert Descending.shard(target(32, Enlarging((0,), (1,)))) == 10
    assert Descending.shard(target(16, Enlarging((0,), (1,)))) == 12
    assert Descending.shard(target(224, Enlarging((0,), (1,)))) == 1


def test_a_gpu_keeps_the_batch_that_it_is_fast_at() -> None:
    meta = replace(target(32, Small()), device=torch.device("cuda"))
    assert Descending.shard(meta) == 250
    assert MahendranVedaldi.shard(meta) == 250


@pytest.mark.parametrize(
    ("side", "preset", "network", "of_mahendran_vedaldi", "of_engstrom"),
    [
        (32, "fast", Small, 250, 250),  # 200 steps: 10^8 / (200 x 32^2) = 488 images in about a minute
        (32, "paper", Small, 200, 10),  # 400 steps: 244; 10,000 steps: 9, and the smallest batch is of 10
        (32, "fast", lambda: Enlarging((0,), (1,)), 25, 25),  # the network sees 128 px: 30
        (224, "fast", Small, 4, 4),  # 9, in batches of 1, 2 or 4
        (224, "paper", Small, 4, 1),
    ],
)
def test_the_optimisers_keep_what_takes_them_about_a_minute(
    side: int, preset: str, network: Callable[[], nn.Module], of_mahendran_vedaldi: int, of_engstrom: int
) -> None:
    given = replace(target(side, network()), preset=preset)
    assert MahendranVedaldi.shard(given) == of_mahendran_vedaldi
    assert Engstrom.shard(given) == of_engstrom


@pytest.mark.parametrize("cls", [MahendranVedaldi, Engstrom])
def test_shards_of_any_size_give_the_same_bytes(
    cls: type[MahendranVedaldi | Engstrom], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(chunks.SIZES, "cpu", (4, 8, 2))
    monkeypatch.setattr("baselines.optimization.mahendran_vedaldi.ITERATIONS", {"fast": (4, 6, 4)})
    monkeypatch.setattr("baselines.optimization.engstrom.STEPS", {"fast": 10})
    network = Small()
    z = network(torch.rand(13, 3, 8, 8, generator=torch.Generator().manual_seed(1)))
    given = target(8, network)

    def bytes_of(size: int) -> bytes:
        method, folder = cls(given), CellFolder(tmp_path / str(size))

        def invert(rows: range) -> Piece:
            part = method.invert(z[rows.start : rows.stop], list(rows))
            pixels = to_pixels(part)
            return Piece(pixels, pixels[:0], 0.0, 0.0)

        for rows in folder.unfinished(len(z), "t", size):
            folder.keep(rows, invert(rows))
        folder.assemble(len(z), size)
        return folder.reconstructions.read_bytes()

    whole = bytes_of(250)
    assert all(bytes_of(size) == whole for size in (1, 4, 5))
