"""What is known of a group's images, the same for every method: ids, and whether the classifier is right about them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bench.datasets.labels import labels_of_answers, logits_of_labels, names_of_logits
from reports.analysis.groups import Group


@lru_cache(maxsize=64)  # asked for every picture
def facts(group: Group) -> dict[str, NDArray[np.generic]]:
    """Columns of ``per_image.parquet`` that are the same for every method; empty where no such file is there."""
    return next((entry.per_image for entry in group.complete if "image_id" in entry.per_image), {})


def known_ids(group: Group) -> tuple[str, ...]:
    """The ids of all N images, of equal ones the same object; empty where none were stored."""
    return next((entry.order for entry in group.complete if "image_id" in entry.per_image), ())


def image_ids(group: Group) -> list[str]:
    """The ids of all N images, or their places where no ids were stored."""
    return list(known_ids(group)) or [f"image {row}" for row in range(group.num_images)]


def image_id(group: Group, row: int) -> str:
    """One image's id."""
    ids = facts(group).get("image_id")
    return f"image {row}" if ids is None else str(ids[row])


def label_logits(group: Group) -> NDArray[np.int64] | None:
    """For each label of the dataset the classifier's logit that names it; None where its logits do not name them."""
    known, dataset = group.cards.classifier.classes, group.cards.dataset
    if known:
        return logits_of_labels(dataset, known)
    answers, labels = facts(group).get("prediction_target_original"), len(dataset.class_names)
    named = dataset.names_classes and answers is not None and bool(np.max(answers) < labels)
    return np.arange(labels) if named else None


def names_classes(group: Group) -> bool:
    """Whether the classifier's logits name the dataset's labels, so that it can be right or wrong."""
    return label_logits(group) is not None


@lru_cache(maxsize=64)
def logit_names(group: Group) -> tuple[str, ...]:
    """What the classifier's logits are called; empty where nobody knows."""
    known, dataset = group.cards.classifier.classes, group.cards.dataset
    if known:
        return names_of_logits(dataset, known)
    return dataset.class_names if names_classes(group) else ()


def is_right(group: Group) -> NDArray[np.bool_] | None:
    """(N,) whether the classifier gives each original its label; None where it cannot or was not stored."""
    found, rows = facts(group), label_logits(group)
    if rows is None or not {"label", "prediction_target_original"} <= found.keys():
        return None
    return np.asarray(found["label"] == labels_of_answers(found["prediction_target_original"], rows))
