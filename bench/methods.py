"""Station 3: an inverter or a control, opened and ready to fill shards, under one face."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.control import Control, Shard
from bench.datasets.base import Dataset, Pixels, image_hashes, to_images, to_pixels
from bench.environment import peak_memory_mb, reset_peak_memory
from bench.errors import BenchError, SkipCellError, WeightsError
from bench.inverter import WITH_NETWORK, Inverter, Target
from bench.seeding import sample_seeds, seed_of
from bench.store import SHARD, Piece

if TYPE_CHECKING:
    from bench.classifiers import LoadedClassifier


class OpenMethod:
    """A constructed inverter or control, with what the record says about it.

    Raises:
        SkipCellError: the pair makes no sense.
    """

    def __init__(
        self,
        cls: type[Inverter] | type[Control],
        target: Target,
        dataset: Dataset,
        classifier: LoadedClassifier,
        seed: int,
    ) -> None:
        self.dataset, self.classifier, self.seed, self.target = dataset, classifier, seed, target
        reset_peak_memory(target.device)
        self.method: Inverter | Control
        if issubclass(cls, Control):
            self.method = cls(target, dataset, classifier)
        else:
            if reason := cls.skip(target):
                raise SkipCellError(reason)
            self.method = cls(target)
        self.stochastic = self.method.stochastic
        self.parameters = int(getattr(self.method, "parameters", 0))
        self.train_seconds: float | None = getattr(self.method, "train_seconds", None)

    @property
    def weights(self) -> dict[str, str]:
        """SHA-256 of the method's own weight files."""
        return dict(self.method.weights)

    @property
    def shard(self) -> int:
        """Images that are reconstructed and kept together."""
        return type(self.method).shard(self.target) if isinstance(self.method, Inverter) else SHARD

    def facts(self, logits: NDArray[np.float32]) -> dict[str, Any]:
        """Fields of the record that only the opened method knows."""
        note = self.method.note(torch.from_numpy(logits)) if isinstance(self.method, Control) else None
        return {"note": note, "recipe": getattr(self.method, "recipe", None)}

    def inverting(self, originals: Pixels, logits: NDArray[np.float32]) -> Callable[[range], Piece]:
        """The function that fills one shard."""

        def invert(rows: range) -> Piece:
            ids = self.dataset.ids[rows.start : rows.stop]
            part = slice(rows.start, rows.stop)
            self._refuse_memories(originals[part])
            seeds = sample_seeds(self.seed, ids)
            pixels, seconds = self._pixels(rows, originals[part], logits[part], seeds)
            second = np.empty(0, np.uint8)
            if self.stochastic:
                again = [seed_of("second draw", seed) for seed in seeds]
                second, _ = self._pixels(rows, originals[part], logits[part], again)
            return Piece(pixels, second, seconds, peak_memory_mb(self.target.device) or 0.0)

        return invert

    def _refuse_memories(self, originals: Pixels) -> None:
        """Raise where the method was trained on any of these images."""
        known: frozenset[str] = getattr(self.method, "trained_on", frozenset())
        seen = sum(name in known for name in image_hashes(originals)) if known else 0
        if seen:
            raise WeightsError(
                f"{self.method.name} was trained on {seen} of these {len(originals)} images of {self.dataset.name}: "
                "its reconstructions of them would show what it remembers, not what the logits tell. Give a folder of "
                "other images with --dataset."
            )

    def _pixels(
        self, rows: range, originals: Pixels, logits: NDArray[np.float32], seeds: Sequence[int]
    ) -> tuple[Pixels, float]:
        """What the method makes of some rows, and the seconds inside it."""
        given = torch.from_numpy(np.array(logits)).to(self.target.device)
        if isinstance(self.method, Control):
            labels = self.dataset.labels[rows.start : rows.stop]
            shard = Shard(rows, originals, labels, given, seeds)
            began = self._now()
            pixels = self.method.reconstruct(shard)
            return pixels, self._now() - began
        if self.method.access == "features":
            given = self.features(originals)
        return self.invert(given, seeds)

    def invert(self, given: torch.Tensor, seeds: Sequence[int]) -> tuple[Pixels, float]:
        """One batch through the inverter.

        Args:
            given: (n, K) logits on the target's device, or (n, F) features where ``access`` is ``features``.
            seeds: n integers.

        Returns:
            (n, H, W, 3) uint8, and the seconds inside ``Inverter.invert``.
        """
        assert isinstance(self.method, Inverter)
        with torch.set_grad_enabled(self.method.access in WITH_NETWORK):
            began = self._now()
            images = self.method.invert(given, seeds)
            seconds = self._now() - began
        return self._checked(images, len(seeds)), seconds

    def _now(self) -> float:
        """The clock, once the device has caught up."""
        if self.target.device.type == "cuda":
            torch.cuda.synchronize(self.target.device)
        return time.perf_counter()

    def features(self, originals: Pixels) -> torch.Tensor:
        """Penultimate features (n, F) in place of the logits."""
        network: Any = self.classifier.network
        if not hasattr(network, "features"):
            raise SkipCellError(f"{self.classifier.name} has no .features(images), which this method needs.")
        exact = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
        with torch.inference_mode(), exact:
            features: torch.Tensor = network.features(to_images(originals).to(self.target.device)).float()
        return features.clone()

    def _checked(self, images: torch.Tensor, count: int) -> Pixels:
        """What an inverter answered, as pixels, once it was found to be what the interface asks for."""
        expected = (count, 3, *self.target.image_size)
        if tuple(images.shape) != expected:
            raise BenchError(
                f"{self.method.name}.invert should return images of shape {expected} and returned "
                f"{tuple(images.shape)}."
            )
        if not torch.isfinite(images).all():
            raise BenchError(f"{self.method.name}.invert returned NaN or infinite pixels for {count} logits.")
        return to_pixels(images)
