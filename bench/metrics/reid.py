"""Re-identification: does the reconstruction lead back to its class, and to its very original?"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bench.cards import MetricCard
from bench.errors import MetricError
from bench.metrics.base import FAMILIES, JUDGE, TARGET, Data, Metric, Needs, PerImage
from bench.metrics.ranks import Doubles, Floats, Ranks, instance_ranks, within_class_ranks

Rows = NDArray[np.int64]


def same_class(a: Floats, b: Floats) -> Doubles:
    """(N,) 1 where two sets of logits (N, K) have the same top-1 class, else 0."""
    same: NDArray[np.bool_] = a.argmax(axis=1) == b.argmax(axis=1)
    return same.astype(np.float64)


def logits_named(labels: Rows, rows: Rows | None) -> Rows:
    """(N,) the judge's logit that names each label; -1 where there is no label.

    Args:
        labels: (N,), below 0 where there is none.
        rows: (labels,) as ``labels`` of ``bench.metrics.networks.Networks``.

    Raises:
        MetricError: the judge's logits do not name the labels.
    """
    if rows is None:
        return labels
    if not len(rows):
        raise MetricError("The judge's logits name other classes than the labels: it cannot be right or wrong.")
    found: Rows = np.where(labels < 0, -1, rows[labels])
    return found


def gap(target: Doubles, judge: Doubles, agree: NDArray[np.bool_]) -> Doubles:
    """(N,) target's minus judge's class agreement; NaN where the two disagree about the original."""
    values: Doubles = np.where(agree, target - judge, np.nan)
    return values


WHO = {TARGET: "classifier", JUDGE: "judge"}  # for people: the target is the classifier that was inverted
_CLASS_GOOD = {
    TARGET: "High alone proves little: noise that fools the classifier keeps the class, too. The judge must agree.",
    JUDGE: "As high as the class alone: the judge sees the class in it as in a real image of the predicted class.",
}
_NET = {TARGET: "Φ", JUDGE: "J"}
_CARD = MetricCard(
    "", "", "", True, "image", FAMILIES[3], resolution="1/n", share=True, sees="classes", lowest=0, highest=1
)


class SameClass(Metric):
    """``reid_class_target`` and ``reid_class_judge``."""

    versioned_as = "reid_class"

    def __init__(self, network: str, headline: int) -> None:
        self.network, self.needs = network, Needs(logits=(network,))
        self.card = replace(
            _CARD,
            key=f"reid_class_{network}",
            title=f"Class kept ({WHO[network]})",
            definition=f"share whose top-1 class by the {network} is the original's",
            headline=headline,
            roles=(f"{network}-class", "terminal"),
            question=f"Does the {network} see the original's class?",
            formula=f"share of images with argmax {_NET[network]}(x̂) = argmax {_NET[network]}(x)",
            good=_CLASS_GOOD[network],
        )

    def compute(self, data: Data) -> PerImage:
        """(N,) 0 or 1."""
        z, z_hat = data.logits(self.network)
        return PerImage(same_class(z, z_hat), chance=1 / z.shape[1])


class Label(Metric):
    """``reid_label_judge``."""

    card = replace(
        _CARD,
        key="reid_label_judge",
        title="True class (judge)",
        definition="share whose top-1 class by the judge is the label",
        question="Does the judge see the true class?",
        formula="share of images with argmax J(x̂) = y, y the label",
        good="About what the originals themselves score, which the judge gets wrong now and then; more would be no "
        "greater likeness.",
    )
    needs = Needs(logits=(JUDGE,), labels=True)
    versioned_as = "reid_class"

    def compute(self, data: Data) -> PerImage:
        """(N,) 0 or 1."""
        guesses = data.logits(JUDGE)[1]
        classes = logits_named(data.need_labels(), data.judge_rows)
        return PerImage((guesses.argmax(axis=1) == classes).astype(np.float64), chance=1 / guesses.shape[1])


class Gap(Metric):
    """``reid_gap``."""

    card = replace(
        _CARD,
        key="reid_gap",
        title="Class gap",
        definition="reid_class_target - reid_class_judge where both agree about the original; large: adversarial, no "
        "likeness",
        higher_is_better=None,
        headline=11,
        share=False,
        roles=("gap",),
        question="Is the target convinced by more than a likeness?",
        formula="mean of [argmax Φ(x̂) = c] − [argmax J(x̂) = c] over images with argmax Φ(x) = argmax J(x) = c",
        good="Near what natural images of the predicted class have. Far above: the classifier is fooled.",
        lowest=-1,
    )
    needs = Needs(logits=(TARGET, JUDGE))

    def compute(self, data: Data) -> PerImage:
        """(N,) -1, 0 or 1; NaN where the two disagree about the original."""
        (z, z_hat), (judged, judged_hat) = data.logits(TARGET), data.logits(JUDGE)
        if z.shape[1] != judged.shape[1]:
            raise MetricError(
                f"The target knows {z.shape[1]} classes and the judge {judged.shape[1]}: they cannot agree about a "
                "class."
            )
        if data.apart:
            raise MetricError("Target and judge name different classes: they cannot agree about one.")
        agree = same_class(z, judged).astype(bool)
        values = gap(same_class(z, z_hat), same_class(judged, judged_hat), agree)
        return PerImage(values, undefined="target and judge disagree about the original")


_AMONG = {
    "instance_target": "by cosine among the originals of its gallery, on the target's centred logits",
    "instance_judge": "by cosine among the originals of its gallery, on the judge's centred penultimate features",
    "within_class_judge": "by cosine among the originals of the same true label in its gallery, on the judge's centred "
    "features",
}
_TITLE = {"instance_target": "by classifier", "instance_judge": "by judge", "within_class_judge": "within class"}
_TIED = "g originals more similar, t others equally"
_FORMULA = {
    "r1": f"mean of clip((1 − g) / (t + 1), 0, 1), {_TIED}",
    "r5": f"mean of clip((5 − g) / (t + 1), 0, 1), {_TIED}",
    "mrr": f"mean of (H(g + t + 1) − H(g)) / (t + 1), {_TIED}, H(n) = 1 + 1/2 + … + 1/n",
}
_WHAT: dict[str, tuple[str, str, float | Literal["1/n"]]] = {
    "r1": ("R@1", "share of true originals ranked first ", "1/n"),
    "r5": ("R@5", "share of true originals in the first five ", "1/n"),
    "mrr": ("MRR", "mean 1 / rank of the true original ", 1e-4),
}


class Rank(Metric):
    """``reid_instance_*`` and ``reid_within_class_*``: where the true original stands in its gallery.

    Attributes:
        among: a key of ``_AMONG``: by which network, among which originals.
        what: ``r1``, ``r5`` or ``mrr``.
    """

    def __init__(self, among: str, what: str, headline: int | None = None) -> None:
        self.among, self.what = among, what
        inside = among.startswith("within_class")
        self.versioned_as = "reid_within_class" if inside else "reid_instance"
        by_logits = among.endswith(TARGET)
        logits, features = ((TARGET,), ()) if by_logits else ((), (JUDGE,))
        self.needs = Needs(logits=logits, features=features, labels=inside, gallery=True)
        short, share, resolution = _WHAT[what]
        self.card = replace(
            _CARD,
            key=f"reid_{among}_{what}",
            title=f"Found {_TITLE[among]} ({short})",
            definition=share + _AMONG[among],
            digits=4,
            resolution=resolution,
            headline=headline,
            sees="ranks",
            depends_on="gallery",
            roles=("likeness", "terminal", "ends") if inside and what == "mrr" else (),
            question="Does the reconstruction lead back to its very original"
            + (", beyond what the class tells?" if inside else "?"),
            good="Above what the class alone is worth" + (": it is knowledge beyond the class." if inside else "."),
            citation=("mcsherry2008computing",),
            formula=_FORMULA[what],
            # the gallery's true size is a part of its own; this text stands in all records
            version="gallery 2500, expected over tie orders, centred by the gallery's mean/1",
        )

    def compute(self, data: Data) -> PerImage:
        """(N,) in [0, 1]."""
        ranks: Ranks = data.once(f"ranks {self.among}", lambda: self._ranks(data))
        if self.what == "mrr":
            values, chance = ranks.reciprocal(), ranks.chance_reciprocal()
        else:
            k = int(self.what.removeprefix("r"))
            values, chance = ranks.recall(k), ranks.chance_recall(k)
        return PerImage(values, chance, _gallery_note(ranks, data.gallery))

    def _ranks(self, data: Data) -> Ranks:
        if self.needs.labels:
            return within_class_ranks(*data.features(JUDGE), data.need_labels(), data.gallery)
        pair = data.logits(TARGET) if self.needs.target else data.features(JUDGE)
        return instance_ranks(*pair, data.gallery)


def _gallery_note(ranks: Ranks, gallery: int) -> str | None:
    low, high = int(ranks.gallery.min()), int(ranks.gallery.max())
    if low == high == gallery:
        return None
    return f"galleries of {low:,} originals" if low == high else f"galleries of {low:,} to {high:,} originals"


METRICS = (
    SameClass(TARGET, 9),
    SameClass(JUDGE, 10),
    Label(),
    Gap(),
    *(Rank("instance_target", what) for what in _WHAT),
    *(Rank("instance_judge", what, 12 if what == "mrr" else None) for what in _WHAT),
    *(Rank("within_class_judge", what, 13 if what == "mrr" else None) for what in ("r1", "mrr")),
)
