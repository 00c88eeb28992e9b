"""What is known of a group's images, the same for every method: ids, and whether the classifier is right about them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reports.analysis.groups import Group


def facts(group: Group) -> dict[str, NDArray[np.generic]]:
    """Columns of ``per_image.parquet`` that are the same for every method; empty where no such file is there."""
    return next((entry.per_image for entry in group.complete if "image_id" in entry.per_image), {})


def image_ids(group: Group) -> list[str]:
    """The ids of all N images, or their places where no ids were stored."""
    ids = facts(group).get("image_id")
    return [f"image {row}" for row in range(group.num_images)] if ids is None else [str(one) for one in ids]


def image_id(group: Group, row: int) -> str:
    """One image's id."""
    ids = facts(group).get("image_id")
    return f"image {row}" if ids is None else str(ids[row])


def names_classes(group: Group) -> bool:
    """Whether the classifier's logits stand for the dataset's own classes, so that it can be right or wrong."""
    known, dataset = group.cards.classifier.classes, group.cards.dataset
    if known:
        return known == dataset.name
    answers = facts(group).get("prediction_target_original")
    return dataset.names_classes and answers is not None and bool(np.max(answers) < len(dataset.class_names))


def is_right(group: Group) -> NDArray[np.bool_] | None:
    """(N,) whether the classifier gives each original its label; None where it cannot or was not stored."""
    found = facts(group)
    if not names_classes(group) or not {"label", "prediction_target_original"} <= found.keys():
        return None
    return np.asarray(found["label"] == found["prediction_target_original"])
