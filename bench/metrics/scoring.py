"""From arrays to scores: one small function a metric, each of which may fail alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from bench.errors import MetricError, error_text
from bench.metrics import distances, logits, reid
from bench.metrics.catalogue import GALLERY, METRICS, MIN_SET_IMAGES
from bench.metrics.per_image import Doubles, PerImage, attempt, finite
from bench.metrics.streams import Array, Arrays
from bench.progress import each
from bench.record import Score


@dataclass
class Data:
    """All that scores are made of; ``arrays`` holds, per image, what networks and pixels gave."""

    arrays: Arrays
    labels: NDArray[np.int64] | None
    target_is_extractor: bool
    stochastic: bool

    @cached_property
    def target(self) -> tuple[Array, Array]:
        """Logits (N, K) of originals and reconstructions by the target."""
        z, z_hat = self.arrays["target_original"], self.arrays["target_reconstruction"]
        if z.shape != z_hat.shape:
            raise MetricError(
                f"The stored logits have the shape {z.shape} and the classifier gives {z_hat.shape} for the "
                "reconstructions: they belong to different classifiers."
            )
        return z, z_hat

    @cached_property
    def judge(self) -> tuple[Array, Array]:
        """Logits by the judge."""
        return self.arrays["judge_original"], self.arrays["judge_reconstruction"]

    @cached_property
    def judge_features(self) -> tuple[Array, Array]:
        """Penultimate features (N, F) by the judge."""
        return self.arrays["judge_features_original"], self.arrays["judge_features_reconstruction"]

    @cached_property
    def target_ranks(self) -> reid.Ranks:
        """Of the true original, by the target's logits."""
        return reid.instance_ranks(*self.target)

    @cached_property
    def judge_ranks(self) -> reid.Ranks:
        """Of the true original, by the judge's features."""
        return reid.instance_ranks(*self.judge_features)

    @cached_property
    def within_ranks(self) -> reid.Ranks:
        """The same among the originals of one label."""
        return reid.within_class_ranks(*self.judge_features, self.need_labels())

    def need_labels(self) -> NDArray[np.int64]:
        """(N,) true labels."""
        if self.labels is None:
            raise MetricError("These images carry no labels.")
        return self.labels


def _pixelwise(key: str, undefined: str = "") -> Callable[[Data], PerImage]:
    return lambda data: PerImage(data.arrays[key].astype(np.float64), undefined=undefined)


def _logit_error(data: Data) -> PerImage:
    return PerImage(logits.logit_error(*data.target), undefined="the logits are zero")


def _logit_cosine(data: Data) -> PerImage:
    return PerImage(logits.logit_cosine(*data.target), undefined="the centred logits are zero")


def _class_target(data: Data) -> PerImage:
    return PerImage(reid.same_class(*data.target), chance=1 / data.target[0].shape[1])


def _class_judge(data: Data) -> PerImage:
    return PerImage(reid.same_class(*data.judge), chance=1 / data.judge[0].shape[1])


def _label_judge(data: Data) -> PerImage:
    guesses = data.judge[1]
    return PerImage((guesses.argmax(axis=1) == data.need_labels()).astype(np.float64), chance=1 / guesses.shape[1])


def _gap(data: Data) -> PerImage:
    z, judged = data.target[0], data.judge[0]
    if z.shape[1] != judged.shape[1]:
        raise MetricError(
            f"The target knows {z.shape[1]} classes and the judge {judged.shape[1]}: they cannot agree about a class."
        )
    values = reid.gap(
        reid.same_class(*data.target), reid.same_class(*data.judge), reid.same_class(z, judged).astype(bool)
    )
    return PerImage(values, undefined="target and judge disagree about the original")


def _recall(ranks: str, k: int) -> Callable[[Data], PerImage]:
    def metric(data: Data) -> PerImage:
        found: reid.Ranks = getattr(data, ranks)
        return PerImage(found.recall(k), found.chance_recall(k), _gallery_note(found))

    return metric


def _reciprocal(ranks: str) -> Callable[[Data], PerImage]:
    def metric(data: Data) -> PerImage:
        found: reid.Ranks = getattr(data, ranks)
        return PerImage(found.reciprocal(), found.chance_reciprocal(), _gallery_note(found))

    return metric


def _gallery_note(ranks: reid.Ranks) -> str | None:
    low, high = int(ranks.gallery.min()), int(ranks.gallery.max())
    if low == high == GALLERY:
        return None
    return f"galleries of {low:,} originals" if low == high else f"galleries of {low:,} to {high:,} originals"


def _diversity(data: Data) -> PerImage:
    if not data.stochastic:
        return PerImage(np.zeros(data.arrays.n), note="deterministic")
    return PerImage(data.arrays["diversity"].astype(np.float64))


IMAGE_METRICS: dict[str, Callable[[Data], PerImage]] = {
    "lpips": _pixelwise("lpips"),
    "psnr": _pixelwise("psnr", undefined="the two images are identical"),
    "ssim": _pixelwise("ssim"),
    "logit_error": _logit_error,
    "logit_cosine": _logit_cosine,
    "reid_class_target": _class_target,
    "reid_class_judge": _class_judge,
    "reid_label_judge": _label_judge,
    "reid_gap": _gap,
    "reid_instance_target_r1": _recall("target_ranks", 1),
    "reid_instance_target_r5": _recall("target_ranks", 5),
    "reid_instance_target_mrr": _reciprocal("target_ranks"),
    "reid_instance_judge_r1": _recall("judge_ranks", 1),
    "reid_instance_judge_r5": _recall("judge_ranks", 5),
    "reid_instance_judge_mrr": _reciprocal("judge_ranks"),
    "reid_within_class_judge_r1": _recall("within_ranks", 1),
    "reid_within_class_judge_mrr": _reciprocal("within_ranks"),
    "diversity": _diversity,
}


def _frechet(features: str) -> Callable[[Data], Score]:
    def metric(data: Data) -> Score:
        pair = _features(data, features)
        return Score(finite(distances.frechet(*pair)), n=data.arrays.n, note=_same_network(data, features))

    return metric


def _kid(features: str) -> Callable[[Data], Score]:
    def metric(data: Data) -> Score:
        found = distances.kid(*_features(data, features))
        note = _same_network(data, features)
        return Score(finite(found.mean), n=data.arrays.n, note=note, std=found.std, subsets=found.subsets)

    return metric


def _features(data: Data, name: str) -> tuple[Array, Array]:
    pair = data.arrays[f"{name}_original"], data.arrays[f"{name}_reconstruction"]
    if data.arrays.n < MIN_SET_IMAGES:
        raise MetricError(too_few(data.arrays.n))
    return pair


def too_few(n: int) -> str:
    """Why set-level distances are null."""
    return f"Set-level distances need at least {MIN_SET_IMAGES:,} images, here are {n:,}."


def _same_network(data: Data, features: str) -> str | None:
    if features == "efficientnet_lite0" and data.target_is_extractor:
        return "the target is this same network: read fd_judge"
    return None


SET_METRICS: dict[str, Callable[[Data], Score]] = {
    "fid": _frechet("inception"),
    "fd_efficientnet_lite0": _frechet("efficientnet_lite0"),
    "fd_judge": _frechet("judge_features"),
    "kid_efficientnet_lite0": _kid("efficientnet_lite0"),
}


def score_all(data: Data, keys: Sequence[str]) -> tuple[dict[str, Score], dict[str, Doubles]]:
    """These metrics of the catalogue, and the per-image values of those that have them (NaN where null)."""
    scores: dict[str, Score] = {}
    columns: dict[str, Doubles] = {}
    for key in each(tuple(keys), "computing scores"):
        info = METRICS[key]
        if info.level == "image":
            score, columns[key] = attempt(partial(IMAGE_METRICS[key], data), data.arrays.n)
        else:
            score = _attempt_set(key, data)
        scores[key] = replace(score, higher_is_better=info.higher_is_better)
    return scores, columns


def _attempt_set(key: str, data: Data) -> Score:
    try:
        return SET_METRICS[key](data)
    except (Exception, SystemExit) as error:  # a metric may fail in any way, and the others must go on
        return Score(None, note=error_text(error))
