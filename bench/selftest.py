"""Known answers on this machine: what each metric must say of copies, strangers, one image for all, JPEG and classes.

Nothing here is trained or fetched; the images are those that ship.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from bench.config import DEFAULT_DATASET
from bench.metrics.base import MIN_SET_IMAGES as MANY
from bench.seeding import seed_of

if TYPE_CHECKING:
    from bench.datasets.base import Pixels
    from bench.store.record import Score

TARGET = "resnet152"
FEW = 250  # images of the metrics that are means over images
SETS = ("fd_judge",)
IMAGES = (
    "lpips", "psnr", "ssim", "logit_error", "logit_cosine", "reid_class_target", "reid_class_judge", "reid_label_judge",
    "reid_instance_judge_r1", "reid_instance_judge_mrr", "reid_within_class_judge_mrr",
)  # fmt: skip
ZERO = 1e-3  # what float32 leaves of a distance that is none
ERRORS = 4  # standard errors from chance that are still chance

Place = tuple[str, str]  # what was done to the images, and a metric's key
Labels = NDArray[np.integer[Any]]
Relation = Literal["is", "below", "above", "at chance"]


@dataclass(frozen=True)
class Rule:
    """What must hold of one score.

    Attributes:
        case: what was done to the images.
        key: of the metric.
        relation: to ``other``; ``at chance`` needs none.
        other: a number, or the same metric of another case.
    """

    case: str
    key: str
    relation: Relation
    other: float | str = 0.0

    def __str__(self) -> str:
        if self.relation == "at chance":
            return self.relation
        other = f"that of {self.other}" if isinstance(self.other, str) else f"{self.other:g}"
        return other if self.relation == "is" else f"{self.relation} {other}"


QUALITIES = (90, 50, 10)
JPEGS = tuple(f"JPEG {quality}" for quality in QUALITIES)
WORSE: Mapping[str, Relation] = {"lpips": "above", "ssim": "below", "logit_error": "above", "fd_judge": "above"}
RULES = (
    *(Rule("copies", key, "is", 0) for key in ("lpips", "logit_error", "fd_judge")),
    *(Rule("copies", key, "is", 1) for key in ("ssim", "logit_cosine", "reid_class_target", "reid_class_judge")),
    Rule("copies", "reid_instance_judge_r1", "is", 1),
    *(
        Rule(worse, key, relation, better)
        for better, worse in zip(("copies", *JPEGS), JPEGS, strict=False)
        for key, relation in WORSE.items()
    ),
    *(Rule(worse, "psnr", "below", better) for better, worse in pairwise(JPEGS)),
    Rule("strangers", "fd_judge", "is", 0),
    Rule("strangers", "reid_instance_judge_mrr", "at chance"),
    Rule("strangers", "lpips", "above", JPEGS[-1]),
    Rule("one image", "fd_judge", "above", JPEGS[-1]),
    Rule("one image", "reid_instance_judge_mrr", "at chance"),
    Rule("classmates", "fd_judge", "is", 0),
    Rule("classmates", "reid_label_judge", "is", "copies"),
    Rule("classmates", "reid_class_judge", "above", "strangers"),
    Rule("classmates", "reid_within_class_judge_mrr", "at chance"),
    Rule("classmates", "reid_within_class_judge_mrr", "below", "copies"),
)  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """A rule and what became of it."""

    rule: Rule
    score: Score
    holds: bool


def selftest(cases: Mapping[str, Callable[[Pixels, Labels], Pixels]] | None = None) -> Iterator[Verdict]:
    """Every rule, case by case, as soon as its scores are there.

    Args:
        cases: what is done to the images, by name; ``CASES`` by default.
    """
    from bench.datasets import load_dataset

    dataset = load_dataset(DEFAULT_DATASET)
    pixels, labels = dataset.pixels(slice(0, MANY)), dataset.labels[:MANY]
    scores: dict[Place, Score] = {}
    for name, change in (CASES if cases is None else cases).items():
        for key, score in _scores(pixels, change, labels).items():
            scores[name, key] = score
        yield from (Verdict(rule, scores[name, rule.key], holds(rule, scores)) for rule in RULES if rule.case == name)


def _scores(pixels: Pixels, change: Callable[[Pixels, Labels], Pixels], labels: Labels) -> dict[str, Score]:
    """Distances between sets over as many images as they need, means over fewer."""
    import torch

    from bench.cell import networks
    from bench.classifiers import open_classifier
    from bench.datasets import judge_of
    from bench.metrics.evaluate import evaluate

    nets = networks(open_classifier(TARGET, "cpu"), torch.device("cpu"), judge=judge_of(DEFAULT_DATASET))
    found: dict[str, Score] = {}
    for count, keys in ((MANY, SETS), (FEW, IMAGES)):
        a, truth = pixels[:count], labels[:count].astype(np.int64)
        found |= evaluate(a, change(a, truth), labels=truth, logits=None, networks=nets, wanted=keys).metrics
    return found


def holds(rule: Rule, scores: Mapping[Place, Score]) -> bool:
    """Whether it does; a score without a value meets no rule."""
    score = scores[rule.case, rule.key]
    other = scores[rule.other, rule.key].value if isinstance(rule.other, str) else rule.other
    if score.value is None or other is None:
        return False
    if rule.relation == "at chance":
        if score.ci95 is None or score.chance is None:
            return False
        error = (score.ci95[1] - score.ci95[0]) / 2 / 1.96
        return abs(score.value - score.chance) <= ERRORS * error
    if rule.relation == "is":
        return abs(score.value - other) <= ZERO
    return score.value < other if rule.relation == "below" else score.value > other


def _copies(pixels: Pixels, labels: Labels) -> Pixels:
    return pixels.copy()


def _jpeg(quality: int) -> Callable[[Pixels, Labels], Pixels]:
    from PIL import Image

    def once(image: Pixels) -> Pixels:
        data = io.BytesIO()
        Image.fromarray(image).save(data, "JPEG", quality=quality)
        return np.asarray(Image.open(data))

    return lambda pixels, labels: np.stack([once(image) for image in pixels])


def _strangers(pixels: Pixels, labels: Labels) -> Pixels:
    """The same images in another order."""
    return pixels[np.random.default_rng(seed_of("strangers")).permutation(len(pixels))]


def _one_image(pixels: Pixels, labels: Labels) -> Pixels:
    return np.repeat(pixels[:1], len(pixels), axis=0)


def _classmates(pixels: Pixels, labels: Labels) -> Pixels:
    """Each image gives way to the next one of its label."""
    found = np.empty_like(pixels)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        found[rows] = pixels[np.roll(rows, -1)]
    return found


CASES: Mapping[str, Callable[[Pixels, Labels], Pixels]] = {
    "copies": _copies,
    **{name: _jpeg(quality) for name, quality in zip(JPEGS, QUALITIES, strict=True)},
    "strangers": _strangers,
    "one image": _one_image,
    "classmates": _classmates,
}
