"""Station 3: an inverter or a control, opened and ready to fill shards, under one face."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.datasets.base import Dataset, Pixels, image_hashes, to_images
from bench.environment import peak_memory_mb, reset_peak_memory
from bench.errors import SkipCellError, WeightsError
from bench.inverters import rules
from bench.inverters.base import WITH_NETWORK, Inverter, Target
from bench.inverters.control import Control, Shard
from bench.seeding import sample_seeds, seed_of
from bench.store.folder import SHARD, Piece

if TYPE_CHECKING:
    from bench.classifiers import LoadedClassifier


NO_PIXELS = np.empty(0, np.uint8)
FEW = 50  # images of a cell below which no row of a method that descends is run alone


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
        said = (getattr(self.method, "recipe", None) or {}).get("seed")
        if target.training_seed not in (None, said):
            raise SkipCellError(
                f"{cls.name} does not say that it was trained with seed {target.training_seed}: leave --training-seed "
                "away, or let it take its weights as bench.LearnedInverter does."
            )
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

    def facts(self, logits: NDArray[np.float32], pieces: Iterable[Piece] = ()) -> dict[str, Any]:
        """Fields of the record that only the opened method knows.

        Args:
            logits: (N, K) of the whole run.
            pieces: its shards, for the note about what had to be clipped.
        """
        if isinstance(self.method, Control):
            note = self.method.note(torch.from_numpy(logits))
        else:
            clipped = [(piece.outside, piece.furthest, piece.pixels.size) for piece in pieces]
            outside, furthest, values = zip(*clipped, strict=True) if clipped else ((), (0.0,), ())
            note = rules.clipping(sum(outside), max(furthest), sum(values))
        return {"note": note, "recipe": getattr(self.method, "recipe", None)}

    def prepare(self, count: int) -> None:
        """Before the first shard of ``count`` images."""
        if isinstance(self.method, Control):
            self.method.prepare(count)

    def reconstruct(self, rows: range, originals: Pixels, logits: NDArray[np.float32]) -> Piece:
        """One shard; ``originals`` and ``logits`` are those of the whole run.

        Of the first one, four rows are run again (``bench.inverters.rules``): together in reversed order, and each
        alone. Of methods that see the network, and descend, one is run alone, none in a cell of at most 50 images, and
        nothing where a shard is at most four. That time is not counted.
        """
        part = slice(rows.start, rows.stop)
        self.refuse_memories(originals[part])
        seeds = sample_seeds(self.seed, self.dataset.ids[part])
        if isinstance(self.method, Control):
            return self._replace(rows, originals[part], logits[part], seeds)
        if self.method.access == "features":
            given = self.features(originals[part])
        else:
            given = torch.from_numpy(np.array(logits[part])).to(self.target.device)
        made = []
        for drawn in [seeds, [seed_of("second draw", seed) for seed in seeds]][: 2 if self.stochastic else 1]:
            before, began = given.clone(), self._now()
            with torch.set_grad_enabled(self.method.access in WITH_NETWORK):
                images = self.method.invert(given, list(drawn))
            made.append(self._piece(given, before, images, self._now() - began))
        piece = replace(made[0], second=made[1].pixels, peak_memory_mb=made[1].peak_memory_mb) if made[1:] else made[0]
        if rows.start == 0:
            self._check_rows(given, seeds, piece.pixels, len(originals))
        return piece

    def _check_rows(self, given: torch.Tensor, seeds: Sequence[int], found: Pixels, count: int) -> None:
        """Of the first shard, in a cell of ``count`` images."""
        assert isinstance(self.method, Inverter)
        slow = self.method.access in WITH_NETWORK
        if slow and len(seeds) <= rules.ROWS:
            return
        alone = rules.ROWS if not slow else int(count > FEW)
        rules.check_rows(self.method, lambda z, s: self.invert(z, s).pixels, given, seeds, found, alone=alone)

    def refuse_memories(self, originals: Pixels, method: Inverter | None = None) -> None:
        """Nothing, if the method was trained on none of these images.

        Args:
            originals: (n, H, W, 3) uint8.
            method: in place of this one, the same by the weights of another training.

        Raises:
            WeightsError: it was trained on some.
        """
        asked = self.method if method is None else method
        known: frozenset[str] = getattr(asked, "trained_on", frozenset())
        seen = sum(name in known for name in image_hashes(originals)) if known else 0
        if seen:
            raise WeightsError(
                f"{asked.name} was trained on {seen} of these {len(originals)} images of {self.dataset.name}: "
                "its reconstructions of them would show what it remembers, not what the logits tell. Give a folder of "
                "other images with --dataset."
            )

    def _replace(self, rows: range, originals: Pixels, logits: NDArray[np.float32], seeds: Sequence[int]) -> Piece:
        """What a control puts in the place of some rows."""
        control = self.method
        assert isinstance(control, Control)
        given = torch.from_numpy(np.array(logits)).to(self.target.device)

        def draw(seeds: Sequence[int]) -> tuple[Pixels, float]:
            shard = Shard(rows, originals, self.dataset.labels[rows.start : rows.stop], given, seeds)
            began = self._now()
            pixels = control.reconstruct(shard)
            return rules.checked_pixels(control.name, pixels, originals.shape), self._now() - began

        pixels, seconds = draw(seeds)
        second = draw([seed_of("second draw", seed) for seed in seeds])[0] if self.stochastic else NO_PIXELS
        return Piece(pixels, second, seconds, self._peak())

    def invert(self, given: torch.Tensor, seeds: Sequence[int], *, manipulated: bool = False) -> Piece:
        """One batch through the inverter.

        Args:
            given: (n, K) logits on the target's device, or (n, F) features where ``access`` is ``features``.
            seeds: n integers.
            manipulated: whether a probe may have changed the logits.

        Returns:
            (n, H, W, 3) uint8, the seconds inside ``Inverter.invert``, and what had to be clipped.

        Raises:
            BenchError: the answer is not what the interface asks for, or the input was changed.
        """
        assert isinstance(self.method, Inverter)
        before, began = given.clone(), self._now()
        with torch.set_grad_enabled(self.method.access in WITH_NETWORK):
            images = self.method.invert(given, list(seeds))
        return self._piece(given, before, images, self._now() - began, manipulated=manipulated)

    def _piece(
        self, given: torch.Tensor, before: torch.Tensor, images: Any, seconds: float, *, manipulated: bool = False
    ) -> Piece:
        """What was answered, once it was checked that it is what the interface asks for."""
        assert isinstance(self.method, Inverter)
        rules.check_input(self.method, given, before)
        pixels, outside, furthest = rules.checked_images(self.method, images, len(given), manipulated=manipulated)
        return Piece(pixels, NO_PIXELS, seconds, self._peak(), outside, furthest)

    def _peak(self) -> float:
        return peak_memory_mb(self.target.device) or 0.0

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
