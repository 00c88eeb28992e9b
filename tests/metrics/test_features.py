from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bench.datasets.base import Pixels
from bench.metrics.features import FeatureCache, OpenExtractor, open_extractor

CPU = torch.device("cpu")


def pixels(seed: int = 0, n: int = 7) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (n, 8, 8, 3), dtype=np.uint8)


class Counting:
    """Mean colours, and how many images it was asked about."""

    def __init__(self) -> None:
        self.images = 0

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        self.images += len(images)
        return {"features": images.mean((2, 3))}


def counting(sha256: str = "a") -> tuple[Counting, OpenExtractor]:
    compute = Counting()
    return compute, OpenExtractor("mean", sha256, CPU, compute, batch=3)


def test_extractor_sees_images_in_0_1_and_any_batch_gives_the_same() -> None:
    _, extractor = counting()
    found = extractor(pixels())["features"]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, pixels().mean((1, 2)) / 255, rtol=1e-5)


def test_a_users_module_gives_logits_only() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(192, 5)).eval()
    assert {k: v.shape for k, v in open_extractor("own", "", net, CPU)(pixels()).items()} == {"logits": (7, 5)}


def test_a_users_module_gives_what_it_is_asked_for() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(192, 5)).eval()
    ask = {"features": net[0], "logits": net}
    found = open_extractor("own", "", net, CPU, ask=ask)(pixels())
    assert {k: v.shape for k, v in found.items()} == {"logits": (7, 5), "features": (7, 192)}


def test_an_entry_without_the_layer_that_is_wanted_is_made_again(tmp_path: Path) -> None:
    net, cache = nn.Flatten(), FeatureCache(tmp_path / "cache")
    cache.features(open_extractor("own", "", net, CPU), pixels(), keep=True)
    more = open_extractor("own", "", net, CPU, ask={"features": net})
    assert list(cache.features(more, pixels(), keep=True, layers={"features"})) == ["features"]


def test_second_reading_asks_nothing(tmp_path: Path) -> None:
    compute, extractor = counting()
    cache = FeatureCache(tmp_path / "cache")
    first = cache.features(extractor, pixels(), keep=True)["features"]
    again = cache.features(extractor, pixels(), keep=True)["features"]
    assert compute.images == 7
    np.testing.assert_array_equal(first, again)


def test_reconstructions_are_read_but_not_written(tmp_path: Path) -> None:
    compute, extractor = counting()
    cache = FeatureCache(tmp_path)
    cache.features(extractor, pixels(), keep=False)
    assert list(tmp_path.iterdir()) == []
    cache.features(extractor, pixels(), keep=True)
    cache.features(extractor, pixels(), keep=False)
    assert compute.images == 14


def test_other_pixels_or_weights_are_another_entry(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    for sha256, seed in (("a", 0), ("a", 1), ("b", 0)):
        cache.features(counting(sha256)[1], pixels(seed), keep=True)
    assert len(list(tmp_path.iterdir())) == 3


def test_another_resizing_is_another_entry(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    for resizing in ("", "to 8 px", "to 16 px", "to 8 px"):
        extractor = open_extractor("own", "a", nn.Flatten(), CPU, resizing=resizing)
        cache.features(extractor, pixels(), keep=True)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no archive"])
def test_damaged_entry_is_computed_anew(tmp_path: Path, damage: bytes) -> None:
    compute, extractor = counting()
    cache = FeatureCache(tmp_path)
    first = cache.features(extractor, pixels(), keep=True)["features"]
    next(tmp_path.iterdir()).write_bytes(damage)
    np.testing.assert_array_equal(cache.features(extractor, pixels(), keep=True)["features"], first)
    assert compute.images == 14
