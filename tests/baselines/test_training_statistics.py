"""What controls need of the training split: ridge regression against known maps, class means without loss."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from baselines import training_statistics
from bench.classifiers import LoadedClassifier
from bench.datasets import cifar10
from bench.errors import SkipCellError


def in_blocks(z: torch.Tensor, pixels: torch.Tensor) -> training_statistics.Blocks:
    """Of unequal lengths."""
    return lambda: zip(torch.split(z, 70), torch.split(pixels, 70), strict=True)


def test_ridge_regression_recovers_a_linear_map() -> None:
    torch.manual_seed(0)
    z, b = torch.randn(400, 6).double() * 3 + 1, torch.randn(6, 3072).double()
    pixels = z @ b
    found, _, mse = training_statistics._ridge(in_blocks(z[:300], pixels[:300]), in_blocks(z[300:], pixels[300:]))
    assert mse < 1e-3 * float(pixels.var())
    assert found["left"].shape == (6, 6)
    assert found["right"].shape == (6, 3072)
    torch.testing.assert_close(found["std"], z[:300].std(0))
    torch.testing.assert_close(found["intercept"], pixels[:300].mean(0))


def test_low_rank_factors_lose_least_on_the_fitted_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rank 2 of a map that has rank 2 is exact."""
    monkeypatch.setattr(training_statistics, "RANK", 2)
    torch.manual_seed(0)
    z, b = torch.randn(300, 6).double(), torch.randn(6, 2).double() @ torch.randn(2, 3072).double()
    pixels = z @ b
    found, _, mse = training_statistics._ridge(in_blocks(z[:200], pixels[:200]), in_blocks(z[200:], pixels[200:]))
    assert found["left"].shape == (6, 2)
    assert mse < 1e-3 * float(pixels.var())


def test_fitting_without_the_training_split_says_what_to_fetch(bench_home: Path) -> None:
    stranger = LoadedClassifier("stranger", nn.Flatten(), "00" * 32, 32)
    with pytest.raises(SkipCellError, match="bench data fetch cifar10"):
        training_statistics.statistics_of(stranger, cifar10.load("test"), torch.device("cpu"))


@pytest.mark.parametrize("count", [1, 11, 16, 35])
def test_class_means_are_kept_without_loss(count: int) -> None:
    images = np.random.default_rng(count).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    packed = training_statistics.packed(images)
    assert np.array_equal(training_statistics.unpacked(packed, count), images)
