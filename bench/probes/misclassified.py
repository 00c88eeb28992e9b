"""What is left of images that the classifier gets wrong (Teterwak et al. 2021, section 4)?"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.cards import Look, Sheet
from bench.metrics.base import Doubles, PerImage
from bench.probes.base import Compute, Findings, Measured, Pictures, Probe, interleaved, measured, side_by_side
from bench.probes.judging import logits_in_judge
from bench.store.record import Score

if TYPE_CHECKING:
    from bench.probes.scene import Scene

Rows = NDArray[np.int64]
OUTSIDE = "the class that the target gives is none of the dataset's"
SCORES = ("lpips", "psnr", "ssim", "logit_error", "logit_cosine", "reid_class_target", "reid_class_judge")


class Misclassified(Probe):
    """Misclassified images against as many correct ones of the same true classes.

    Scores are those of ``bench run`` over all N images, so that centres and galleries are the same on both sides. For
    a misclassified image the judge can see the label (``reid_label_judge``), the class that the target took it for
    (``class_judge_given``), or neither.
    """

    name = "misclassified"
    question = "Does a misclassified image come back as what it shows, or as what the classifier took it for?"
    levels = (
        "misclassified: the images among the first N whose arg-max is not the label; correct: for each the next "
        "correct image of the same label in published order, without repetition (images without a partner are left "
        "out); difference: pair by pair"
    )
    measures = (*SCORES, "reid_label_judge", "class_judge_given", "label_judge_input")
    place = 5
    looks = (
        Look(
            "whiskers", ("reid_label_judge", "class_judge_given"),
            "What the judge sees in the reconstructions of misclassified images: the true class, the class that the "
            "target predicted, or, for the rest, neither.", levels=("misclassified",), combined=True,
            where="what the judge sees in reconstructions of misclassified images",
        ),
        Look(
            "whiskers", ("lpips", "logit_error", "logit_cosine", "reid_class_target", "reid_class_judge"),
            "Scores on misclassified images beside those on correct images of the same classes; their paired "
            "difference is in the table.", levels=("misclassified", "correct"),
        ),
    )  # fmt: skip
    sheet = Sheet(period=2)

    def skip(self, scene: Scene) -> str | None:
        """Being wrong needs logits that name the dataset's classes, and an image that is wrong."""
        if not scene.names_classes:
            return (
                f"The {scene.logits.shape[1]} logits of {scene.classifier.name} do not name the classes of "
                f"{scene.cell.dataset.name}, so that it cannot be wrong about them."
            )
        wrong, _ = matched(scene.images.labels, scene.labels_given(scene.logits))
        if len(wrong):
            return None
        n = scene.cell.num_images
        return f"Among the first {n} images there is no misclassified one with a correct partner: raise --num-images."

    def measure(self, scene: Scene) -> Findings:
        """Both sets, and their paired difference."""
        predicted = scene.labels_given(scene.logits)
        wrong, right = matched(scene.images.labels, predicted)
        computes = _computes(scene)
        every = measured("all", None, scene.images, computes)
        levels = [_part(every, "misclassified", wrong), _part(every, "correct", right)]
        total = int((predicted != scene.images.labels).sum())
        note = f"{total} of {len(predicted)} images are misclassified, {len(wrong)} of them have a correct partner"
        return Findings([*levels, _difference(*levels)], _pictures(scene, wrong, right), note=note)


def matched(labels: Rows, predicted: Rows) -> tuple[Rows, Rows]:
    """Rows of misclassified images and of their correct partners, both (n,), in the order of the first."""
    right = {label: list(np.flatnonzero((labels == label) & (predicted == label))) for label in np.unique(labels)}
    pairs = [
        (row, right[labels[row]].pop(0)) for row in np.flatnonzero(labels != predicted) if right[labels[row]]
    ]  # fmt: skip
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _computes(scene: Scene) -> dict[str, Compute]:
    """All that is measured, over all N images."""
    found = scene.scores(scene.originals, scene.neutral.pixels, scene.logits, scene.images)
    computes: dict[str, Compute] = {
        key: partial(_column, found.per_image[key], found.metrics[key]) for key in (*SCORES, "reid_label_judge")
    }
    given = scene.labels_given(scene.logits)
    computes["class_judge_given"] = lambda: scene.neutral.judged(logits_in_judge(scene, given), OUTSIDE)
    computes["label_judge_input"] = lambda: scene.original.judged(logits_in_judge(scene, scene.images.labels))
    return computes


def _column(values: Doubles, score: Score) -> PerImage:
    """Values of a score that was summed up before."""
    reason = score.note if score.value is None else None
    return PerImage(values, score.chance, undefined=(reason or "it has no value there").rstrip("."))


def _part(every: Measured, name: str, rows: Rows) -> Measured:
    """Some rows as a level of their own."""
    computes: dict[str, Compute] = {
        key: partial(_column, values[rows], every.level.metrics[key]) for key, values in every.columns.items()
    }
    return measured(name, None, every.images.take(rows), computes)


def _difference(wrong: Measured, right: Measured) -> Measured:
    """Pair by pair, under the ids and labels of the misclassified images."""
    computes: dict[str, Compute] = {
        key: partial(_column, values - right.columns[key], replace(wrong.level.metrics[key], chance=None))
        for key, values in wrong.columns.items()
    }
    return measured("difference", None, wrong.images, computes)


def _pictures(scene: Scene, wrong: Rows, right: Rows) -> Pictures:
    """Two rows a pair: the misclassified image and its reconstruction, then its partner's."""
    names = scene.cell.dataset.class_names
    tables = [
        side_by_side(
            scene.images.take(rows),
            {"original": scene.originals[rows], "reconstruction": scene.neutral.pixels[rows]},
            names,
        )
        for rows in (wrong, right)
    ]
    return interleaved(tables[0], tables[1], ("misclassified", "correct"))
