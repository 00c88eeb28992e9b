"""The plugin interface: what an inverter is given, what it must answer, what is measured.

A plugin is one class with a ``name``, registered under the entry-point group ``bench.inverters`` (or given as
``--method path/to/file.py:Class``). It writes ``invert``, and, where needed, ``__init__`` and ``skip``.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

Access = Literal["logits", "features", "white-box", "original"]
Training = Literal["none", "pairs"]
WITH_NETWORK: tuple[Access, ...] = ("white-box", "features")  # these see ``Target.network``, with gradients
FEED_FORWARD = 250  # images in a shard of a method that goes through a network once
SHARD_PIXELS = {"cpu": 50 * 32**2, "cuda": 250 * 32**2}  # in a shard of a method that descends, by kind of device


@dataclass(frozen=True)
class Target:
    """What an inverter learns about its task at construction.

    Attributes:
        classifier: name of the classifier.
        classifier_sha256: of its weights; trained inverters refuse any other than the one they were fitted for.
        dataset: name of the dataset.
        num_logits: K.
        image_size: (H, W) of the reconstructions.
        device: where logits arrive and images are expected.
        preset: ``fast`` or ``paper``.
        network: the frozen classifier in evaluation mode, [0, 1] images to logits; None unless the inverter
            declares ``access`` ``white-box`` or ``features``.
        precision: ``float32``, or another of the method's own ``precisions`` that was asked for.
        training_seed: of the training whose weights are to be taken, or None: those that come first.
    """

    classifier: str
    classifier_sha256: str
    dataset: str
    num_logits: int
    image_size: tuple[int, int]
    device: torch.device
    preset: str = "fast"
    network: nn.Module | None = None
    precision: str = "float32"
    training_seed: int | None = None


class Inverter(ABC):
    """Logits in, reconstructions out.

    Attributes:
        name: as on the command line.
        access: ``logits`` (nothing but z), ``white-box`` (``target.network`` is there, with gradients), or
            ``features`` (``target.network`` is there, and penultimate features come in place of the logits).
        training: ``none``, or ``pairs`` if fitted on (logits, image) pairs of the training split.
        stochastic: whether the seeds change the answer.
        version: to be changed whenever the method's answers change by other means than its weights: part of the key of
            every reconstruction.
        precisions: in which it can compute, as ``--precision`` names them.
        question: one line about it, for people.
        role: of controls alone.
        citation: keys of ``bench/references.bib``, or whole BibTeX entries.
        weights: SHA-256 of each weight file in use, by name.
        parameters: their number, for the cost table.
        recipe: ``name``, ``hash`` and ``steps`` of the training, or None.
        train_seconds: wall-clock time of the training, or None.
        trained_on: hashes of the images of a folder that the weights were fitted to (``bench.datasets.base``): a run
            refuses to reconstruct them.
    """

    name: ClassVar[str]
    access: ClassVar[Access] = "logits"
    training: ClassVar[Training] = "none"
    stochastic: ClassVar[bool] = False
    version: ClassVar[str] = "1"
    precisions: ClassVar[tuple[str, ...]] = ("float32",)
    question: ClassVar[str] = ""
    role: ClassVar[str | None] = None
    citation: ClassVar[tuple[str, ...]] = ()

    weights: dict[str, str]
    parameters: int = 0
    recipe: dict[str, Any] | None = None
    train_seconds: float | None = None
    trained_on: frozenset[str] = frozenset()

    def __init__(self, target: Target) -> None:
        """Load weights here; this is not timed."""
        self.target = target
        self.weights = {}

    @classmethod
    def skip(cls, target: Target) -> str | None:
        """A reason why this pair makes no sense, or None."""
        return None

    @classmethod
    def shard(cls, target: Target) -> int:
        """How many images are handed to ``invert`` and kept at a time: those that a run loses which is killed.

        As many as take about a minute, or one. It may depend on the preset, the sizes and the kind of device, never on
        how fast anything turns out to be: a run that goes on must meet the same boundaries. Results must not depend on
        it. By default 250; of methods that see the network, and descend, as many as have 51,200 pixels together on a
        CPU (50 at 32x32), 256,000 on a GPU. Where the network enlarges small images, its pixels count, down to 10.
        """
        return _descending(target) if cls.access in WITH_NETWORK else FEED_FORWARD

    @abstractmethod
    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        """Reconstruct one batch.

        Timed. Gradients are off where ``access`` is ``logits``. Row i may depend on ``logits[i]`` and
        ``seeds[i]`` alone: not on its neighbours, nor on the batch size. The input must not be changed. A run checks
        this on four rows of its first shard, and a cell that breaks it fails (``bench.inverters.rules``).

        Args:
            logits: (N, K) float32 on ``target.device``, as the classifier gives them, before any softmax; the
                penultimate features (N, F) where ``access`` is ``features``.
            seeds: N integers; the only source of randomness.

        Returns:
            (N, 3, H, W) floats in [0, 1]; values outside are clipped and counted in the record's note, then everything
            is rounded to uint8. Where most lie outside, or one beyond [-1, 2], the cell fails.
        """


@runtime_checkable
class Likelihood(Protocol):
    """What an inverter may bring beside ``invert``: how probable an image is; the probe ``information`` asks for it."""

    def log_likelihood(self, images: Tensor, logits: Tensor | None) -> Tensor:
        """log q(x | z), in nats, of images whose values are 256 levels; q gives all such images together 1.

        Not timed, with gradients off. Row i may depend on row i of both alone.

        Args:
            images: (N, 3, H, W) in [0, 1].
            logits: (N, K) as ``invert`` takes them, or None for log q(x): the same model, told nothing.

        Returns:
            (N,) finite, at most 0.
        """
        ...


@runtime_checkable
class Retrained(Protocol):
    """What a trained inverter may bring besides: the same one by other training seeds, as ``LearnedInverter`` does."""

    def retrained(self) -> Sequence[Inverter]:
        """Each has its seed in ``recipe["seed"]``."""
        ...


def _descending(target: Target) -> int:
    """Images in a shard of a method that goes through the network, forth and back, a hundred times and more."""
    budget = SHARD_PIXELS.get(target.device.type, SHARD_PIXELS["cpu"])
    plain = max(1, budget // math.prod(target.image_size))
    seen = max(1, budget // math.prod(seen_size(target)))
    return max(seen, min(plain, 10))


def seen_size(target: Target) -> tuple[int, int]:
    """(H, W) of what the network's first layer is given, as far as the network tells."""
    import torch

    from bench.classifiers.base import Classifier

    if not isinstance(target.network, Classifier):
        return target.image_size
    with torch.inference_mode():
        seen = target.network.prepare(torch.zeros(1, 3, *target.image_size, device=target.device))
    return int(seen.shape[-2]), int(seen.shape[-1])
