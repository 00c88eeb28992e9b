"""The plugin interface: what an inverter is given, what it must answer, what is measured.

A plugin is one class with a ``name``, registered under the entry-point group ``bench.inverters`` (or given as
``--method path/to/file.py:Class``). It writes ``invert``, and, where needed, ``__init__`` and ``skip``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

Access = Literal["logits", "features", "white-box", "original"]
Training = Literal["none", "pairs"]
WITH_NETWORK: tuple[Access, ...] = ("white-box", "features")  # these see ``Target.network``, with gradients


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
    """

    classifier: str
    classifier_sha256: str
    dataset: str
    num_logits: int
    image_size: tuple[int, int]
    device: torch.device
    preset: str = "fast"
    network: nn.Module | None = None


class Inverter(ABC):
    """Logits in, reconstructions out.

    Attributes:
        name: as on the command line.
        access: ``logits`` (nothing but z), ``white-box`` (``target.network`` is there, with gradients), or
            ``features`` (``target.network`` is there, and penultimate features come in place of the logits).
        training: ``none``, or ``pairs`` if fitted on (logits, image) pairs of the training split.
        stochastic: whether the seeds change the answer.
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

    @abstractmethod
    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        """Reconstruct one batch.

        Timed. Gradients are off where ``access`` is ``logits``. Row i may depend on ``logits[i]`` and
        ``seeds[i]`` alone: not on its neighbours, nor on the batch size. The input must not be changed.

        Args:
            logits: (N, K) float32 on ``target.device``, as the classifier gives them, before any softmax; the
                penultimate features (N, F) where ``access`` is ``features``.
            seeds: N integers; the only source of randomness.

        Returns:
            (N, 3, H, W) images in [0, 1]; values outside are clipped, then everything is rounded to uint8.
        """
