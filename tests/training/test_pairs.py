"""Logits of a training split are computed once, and again where what was kept is not what was written."""

from pathlib import Path

import numpy as np
import torch

from bench.classifiers import LoadedClassifier
from bench.datasets import cifar10
from bench.training.data import TrainingImages
from bench.training.pairs import split_logits


def test_an_altered_cache_is_computed_again(tiny_cifar: LoadedClassifier, bench_home: Path) -> None:
    images = TrainingImages(cifar10.load("train"), torch.device("cpu"), seed=0)

    def logits() -> torch.Tensor:
        return split_logits(tiny_cifar, images, "cifar10-train", mirrored=False)

    first = logits()
    (kept,) = (bench_home / "logits").glob("*.npy")
    stamp = kept.stat().st_mtime_ns
    assert torch.equal(logits(), first)
    assert kept.stat().st_mtime_ns == stamp
    for damage in (b"", kept.read_bytes()[:200]):
        kept.write_bytes(damage)
        assert torch.equal(logits(), first)
    np.save(kept, first.numpy() + 1)
    assert torch.equal(logits(), first)
