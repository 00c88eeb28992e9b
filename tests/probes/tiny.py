"""Classifiers and inverters whose every answer is known; run as local plugins: ``tests/probes/tiny.py:Name``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.classifiers import load_classifier
from bench.classifiers.base import Classifier
from bench.datasets import cifar10, load_dataset
from bench.datasets.base import image_hashes, to_images
from bench.inverters.base import Inverter


def pixels() -> nn.Module:
    """The logits are the image itself: K = 3072."""
    return nn.Flatten()


def tiles() -> nn.Module:
    """The logits are the image at 4x4: K = 48."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten())


def colour() -> nn.Module:
    """The logits are the mean colour: K = 3."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


def linear() -> nn.Module:
    """One layer with fixed weights: K = 10, good for nothing."""
    torch.manual_seed(1)
    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))


def judge() -> Classifier:
    """The judge itself as the target: K = 10, and the same classes as the judge's."""
    network = load_classifier("judge")
    assert isinstance(network, Classifier)
    return network


class Grey(Inverter):
    """The same grey image whatever it is given."""

    name = "grey"

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return torch.full((len(logits), 3, *self.target.image_size), 0.5)


class Decode(Inverter):
    """Logits that are an image at some size, enlarged without smoothing: the inverse of ``pixels``."""

    name = "decode"

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        side = round((logits.shape[1] / 3) ** 0.5)
        return F.interpolate(logits.view(-1, 3, side, side), self.target.image_size)


class Halve(Decode):
    """Decode, at half the brightness."""

    name = "halve"

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return super().invert(logits, seeds) / 2


class Typical(Inverter):
    """For each class the first training image in which the judge sees that class."""

    name = "typical"

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        return typical_images()[logits.argmax(1)]


@cache
def typical_images() -> Tensor:
    """(10, 3, 32, 32)."""
    stored, labels = cifar10.reference_train(1)
    images = to_images(stored[:200])
    with torch.inference_mode():
        right = load_classifier("judge")(images).argmax(1).numpy() == labels[:200]
    rows = [next(k for k in range(200) if labels[k] == c and right[k]) for c in range(10)]
    return images[rows]


class Coin(Inverter):
    """Black or white, by the seed's last bit."""

    name = "coin"
    stochastic = True

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        bits = torch.tensor([seed % 2 for seed in seeds], dtype=torch.float32)
        return bits[:, None, None, None].expand(-1, 3, *self.target.image_size)


class Features(Inverter):
    """Brightness from the penultimate features."""

    name = "from-features"
    access = "features"

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        level = torch.sigmoid(logits.mean(1))[:, None, None, None]
        return level.expand(-1, 3, *self.target.image_size)


class Broken(Inverter):
    """Raises."""

    name = "broken"

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        raise ValueError("no such luck")


class Blind(Grey):
    """Finds every image as probable as any other, whatever it is told."""

    name = "blind"

    def log_likelihood(self, images: Tensor, logits: Tensor | None) -> Tensor:
        return torch.full((len(images),), -images[0].numel() * math.log(256))


GREYS, SHARES = (0.0, 0.2, 0.4, 0.6), (0.5, 0.25, 0.125, 0.125)  # of the left half, and how often each is there


def halves() -> nn.Module:
    """Four logits, one for each grey of the left half: how near it is."""
    return Halves()


class Halves(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        grey = images[:, 0, 0, 0, None]
        return -(grey - torch.tensor(GREYS)).abs()


class Known(Grey):
    """The true density of images of two halves: the left is one of four greys, the right one of eight.

    Told a class, it is that of the images of this class; one in a thousand times the class is taken to be wrong, so
    that no image is impossible.
    """

    name = "known"
    wrong = 0.001

    def log_likelihood(self, images: Tensor, logits: Tensor | None) -> Tensor:
        shares = torch.tensor(SHARES, dtype=torch.float64)
        own = Halves()(images).argmax(1)
        left = shares[own]  # p(left half)
        if logits is not None:
            left = self.wrong * left + (1 - self.wrong) * (own == logits.argmax(1))
        return left.log() - math.log(8)


class Improbable(Grey):
    """Says that images are more probable than certain."""

    name = "improbable"

    def log_likelihood(self, images: Tensor, logits: Tensor | None) -> Tensor:
        return torch.ones(len(images))


class Twice(Blind):
    """Two training seeds, of which the second finds the logits worth two bits more."""

    name = "twice"
    more = 0.0
    recipe = {"seed": 1}  # noqa: RUF012

    def retrained(self) -> Sequence[Twice]:
        twin = type(self)(self.target)
        twin.more, twin.recipe, twin.weights = 2.0, {"seed": 2}, {"twice-seed2": "cd" * 32}
        return [twin]

    def log_likelihood(self, images: Tensor, logits: Tensor | None) -> Tensor:
        told = torch.zeros(len(images)) if logits is None else torch.full((len(images),), 10 + self.more)
        return -1000 + told * math.log(2)


class Remembers(Twice):
    """Two training seeds, of which the second was trained on the first image."""

    name = "remembers"

    def retrained(self) -> Sequence[Twice]:
        (twin,) = super().retrained()
        twin.trained_on = frozenset(image_hashes(load_dataset("cifar10").pixels(slice(0, 1))))
        return [twin]
