"""The scene that every probe plays in: one cell opened once, and pictures looked at through its networks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from bench.cell import Cell
from bench.classifiers import LoadedClassifier
from bench.datasets.base import Pixels
from bench.datasets.labels import labels_of_answers
from bench.environment import resolve_device
from bench.errors import MetricError
from bench.inverters.opened import OpenMethod
from bench.metrics import reid
from bench.metrics.base import JUDGE, TARGET, Doubles, PerImage
from bench.metrics.evaluate import Evaluation, evaluate
from bench.metrics.extractors import playing
from bench.metrics.features import OpenExtractor, default_batch, open_extractor
from bench.metrics.lpips import pixel_lpips
from bench.probes.base import Images
from bench.seeding import sample_seeds
from bench.store import folder as store
from bench.store import shared
from bench.store.folder import Piece
from bench.store.record import Cost

Floats = NDArray[np.float32]
Classes = NDArray[np.int64]


class Scene:
    """A classifier, an inverter, the judge, LPIPS and the first N images, ready to be played with.

    Attributes:
        cell: names, key and folder.
        originals: (N, H, W, 3) uint8.
        images: their ids and labels.
        seeds: N noise seeds, the same as those of ``bench run``.
        logits: (N, K) float32 of the originals.
        method: the opened inverter.
        classifier: the target.
        networks: what metrics look through, the judge and LPIPS among it.
        device: where everything lies.
    """

    def __init__(
        self,
        cell: Cell,
        originals: Pixels,
        logits: Floats,
        method: OpenMethod,
        classifier: LoadedClassifier,
        device: torch.device,
    ) -> None:
        n = cell.num_images
        self.cell, self.originals, self.logits = cell, originals, logits
        self.method, self.classifier, self.device = method, classifier, device
        self.images = Images(cell.dataset.ids[:n], cell.dataset.labels[:n])
        self.seeds = sample_seeds(cell.config.seed, self.images.ids)
        self.networks = cell.networks(classifier, device)
        self._seconds, self._inverted, self._peak = 0.0, 0, 0.0
        self._counted: set[str] = set()

    @classmethod
    def open(cls, cell: Cell) -> Scene:
        """Stations 1 to 3 of the line, a statement an arrow.

        Raises:
            SkipCellError: the inverter says that the pair makes no sense.
            WeightsError: it was trained on some of the images.
        """
        device, n = resolve_device(cell.config.device), cell.num_images
        originals = shared.originals(cell.dataset_folder, cell.dataset, n, anew=cell.config.force)
        classifier = cell.open_classifier(device)
        logits = shared.logits(cell.classifier_folder, classifier, cell.dataset, n, device, anew=cell.config.force)
        method = cell.open_method(classifier, logits.shape[1], originals.shape[1:3], device)
        method.refuse_memories(originals)
        return cls(cell, originals, logits, method, classifier, device)

    @property
    def takes_logits(self) -> bool:
        """Whether the inverter starts from the logits, rather than from penultimate features."""
        return self.cell.method.access != "features"

    @cached_property
    def logits_of_labels(self) -> NDArray[np.int64] | None:
        """For each label of the dataset the target's logit that names it; None where its logits do not name them."""
        if (known := self.cell.classifier.classes) != "":
            return self.cell.dataset.logits_of_labels(known)
        labels = len(self.cell.dataset.class_names)
        return np.arange(labels) if self.logits.shape[1] == labels else None

    @property
    def names_classes(self) -> bool:
        """Whether the target's logits name the dataset's labels."""
        return self.logits_of_labels is not None

    def labels_given(self, logits: Floats) -> NDArray[np.int64]:
        """(N,) the label that the target gives for these logits (N, K); -1 where it names no label."""
        if (rows := self.logits_of_labels) is None:
            return np.full(len(logits), -1)
        return labels_of_answers(logits.argmax(axis=1), rows)

    @cached_property
    def original(self) -> View:
        """The originals."""
        return View(self, self.originals)

    @cached_property
    def neutral(self) -> View:
        """The reconstructions of the unchanged images: what ``bench run`` makes of them."""
        return View(self, self.invert(self.given))

    @cached_property
    def given(self) -> Floats:
        """(N, K) logits of the originals, or (N, F) penultimate features for an inverter that takes those."""
        return self.logits if self.takes_logits else self.features(self.originals)

    def given_for(self, view: View) -> Floats:
        """What the inverter is handed for other images: their logits (n, K), or features (n, F)."""
        return view.target_logits if self.takes_logits else self.features(view.pixels)

    def features(self, pixels: Pixels) -> Floats:
        """(n, F) penultimate features of (n, H, W, 3) uint8."""
        blocks = [self.method.features(pixels[s.start : s.stop]).cpu().numpy() for s in store.shards(len(pixels))]
        return np.concatenate(blocks)

    def invert(self, given: NDArray[np.floating], seeds: Sequence[int] | None = None) -> Pixels:
        """Reconstruct shard by shard, each kept until the record is written: a kill costs one.

        Args:
            given: (n, K) logits, or (n, F) features where the inverter takes those.
            seeds: n integers; by default those of the scene's images, which are then meant.

        Returns:
            (n, H, W, 3) uint8.
        """
        chosen = self.seeds if seeds is None else seeds
        rows = store.shards(len(given), self.method.shard)
        blocks = [self._block(given[s.start : s.stop], chosen[s.start : s.stop]) for s in rows]
        return np.concatenate(blocks)

    def _block(self, given: NDArray[np.floating], seeds: Sequence[int]) -> Pixels:
        rows = np.ascontiguousarray(given, dtype=np.float32)

        def make() -> Piece:
            return self.method.invert(torch.from_numpy(rows.copy()).to(self.device), seeds, manipulated=True)

        name = hashlib.sha256(rows.tobytes() + repr((rows.shape, list(seeds))).encode()).hexdigest()[:32]
        piece = self.cell.folder.once(name, make)
        if name not in self._counted:  # what is asked for again is read
            self._counted.add(name)
            self._seconds, self._inverted = self._seconds + piece.seconds, self._inverted + len(rows)
        self._peak = max(self._peak, piece.peak_memory_mb)
        return piece.pixels

    def view(self, pixels: Pixels) -> View:
        """Pictures (n, H, W, 3) uint8 to look at."""
        return View(self, pixels)

    def scores(self, originals: Pixels, reconstructions: Pixels, logits: Floats, images: Images) -> Evaluation:
        """The protocol's metrics, as ``bench run`` computes them.

        Args:
            originals, reconstructions: (n, H, W, 3) uint8.
            logits: (n, K) of the originals.
            images: their labels. The judge is asked about the scene's own images only.
        """
        own = images is self.images
        return evaluate(
            originals,
            reconstructions,
            labels=images.labels,
            logits=logits,
            networks=self.networks if own else replace(self.networks, extractors=playing(None, None)),
            stochastic=self.method.stochastic,
            cache=self.cell.config.out / ".features",
            anew=self.cell.config.force,
        )

    @property
    def cost(self) -> Cost:
        """What all inversions so far took."""
        each = self._seconds / max(self._inverted, 1)
        method = self.method
        return Cost(self._seconds, each, self._peak, self.device.type, method.parameters, method.train_seconds)

    @cached_property
    def target(self) -> OpenExtractor:
        """The classifier as an extractor of logits."""
        return open_extractor(TARGET, self.classifier.sha256, self.classifier.network, self.device)

    @property
    def judged(self) -> bool:
        """Whether there is a judge for these images."""
        return self.networks.sha256(JUDGE) is not None

    @cached_property
    def judge(self) -> OpenExtractor:
        """The judge as an extractor of logits.

        Raises:
            MetricError: there is none for these images.
        """
        if not self.judged:
            raise MetricError(self.networks.extractors[JUDGE].missing)
        return open_extractor(JUDGE, str(self.networks.sha256(JUDGE)), self.networks.open(JUDGE), self.device)


class View:
    """Pictures (n, H, W, 3) uint8, looked at through the scene's networks; nothing is computed twice."""

    def __init__(self, scene: Scene, pixels: Pixels) -> None:
        self.scene, self.pixels = scene, pixels

    @cached_property
    def target_logits(self) -> Floats:
        """(n, K) of the target."""
        return self._logits(self.scene.target)

    @cached_property
    def judge_logits(self) -> Floats:
        """(n, C) of the judge.

        Raises:
            MetricError: there is no judge for these images.
        """
        return self._logits(self.scene.judge)

    def _logits(self, extractor: OpenExtractor) -> Floats:
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            logits = extractor(self.pixels)["logits"]
        if not np.isfinite(logits).all():
            raise MetricError(f"{extractor.name} gives values that are not finite.")
        return logits

    def lpips(self, other: View) -> Doubles:
        """(n,) LPIPS to other pictures, row by row."""
        net, device = self.scene.networks.open("lpips_alex"), self.scene.device
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            values = pixel_lpips(net, self.pixels, other.pixels, device, default_batch(device))
        return values.astype(np.float64)

    def same_judge_class(self, other: View) -> PerImage:
        """(n,) 1 where the judge puts both pictures in one class."""
        return PerImage(reid.same_class(other.judge_logits, self.judge_logits), 1 / self.judge_logits.shape[1])

    def same_target_class(self, logits: Floats) -> PerImage:
        """(n,) 1 where the target's class of the picture is the arg-max of these logits (n, K)."""
        return PerImage(reid.same_class(logits, self.target_logits), 1 / logits.shape[1])

    def judged(self, classes: Classes, undefined: str = "the class is not known") -> PerImage:
        """(n,) 1 where the judge's class of the picture is the one of ``classes``; NaN where that is below 0."""
        guesses = self.judge_logits
        values = np.where(classes < 0, np.nan, guesses.argmax(axis=1) == classes)
        return PerImage(values, 1 / guesses.shape[1], undefined=undefined)

    def judge_probability(self, classes: Classes) -> Doubles:
        """(n,) the judge's softmax probability of a class each."""
        from scipy.special import softmax

        probabilities: Doubles = softmax(self.judge_logits.astype(np.float64), axis=1)
        return probabilities[np.arange(len(classes)), classes]
