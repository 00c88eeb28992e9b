"""Which logit of a classifier names which label of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.cards import ClassifierCard, DatasetCard
from bench.datasets.imagenet_classes import IMAGENET, imagenet_classes

Rows = NDArray[np.int64]
VOCABULARIES: Mapping[str, Callable[[], Mapping[str, str]]] = {IMAGENET: imagenet_classes}  # id: name, a logit each


def logits_of_labels(dataset: DatasetCard, classes: str) -> Rows | None:
    """For each label the logit that names it: (labels,); None where these logits do not name the labels.

    Args:
        dataset: whose ``class_ids`` tell what its labels are elsewhere.
        classes: whose classes the logits name, as a classifier's card has it: a dataset's name, or ``imagenet``.
    """
    if classes == dataset.name:
        return np.arange(len(dataset.class_names))
    if not dataset.class_ids or classes not in VOCABULARIES:
        return None
    rows = {name: row for row, name in enumerate(VOCABULARIES[classes]())}
    if not rows.keys() >= set(dataset.class_ids):
        return None
    return np.array([rows[name] for name in dataset.class_ids], dtype=np.int64)


def named_by(classifier: ClassifierCard, dataset: DatasetCard) -> Rows | None:
    """For each label the logit of a classifier that names it: (labels,); None where its logits do not name the labels.

    Where nobody knows its classes they are taken for the labels if there are as many.

    Args:
        classifier: whose card says whose classes its logits name.
        dataset: under the name of its kind, see ``logits_of_labels``.
    """
    if classifier.classes:
        return logits_of_labels(dataset, classifier.classes)
    labels = len(dataset.class_names)
    return np.arange(labels) if classifier.num_logits in (0, labels) else None  # 0: it could not be asked


def labels_of_answers(answers: NDArray[Any], logits: Rows) -> Rows:
    """The label that each answer names, -1 where it names none.

    Args:
        answers: (n,) numbers of logits; below 0 is no answer.
        logits: (labels,) the logit that names each label.
    """
    largest = int(logits.max(initial=-1))
    labels = np.full(largest + 2, -1)  # the last place is for all that names no label
    labels[logits] = np.arange(len(logits))
    return labels[np.where((answers >= 0) & (answers <= largest), answers, largest + 1).astype(np.int64)]


def names_by_judge(dataset: DatasetCard, protocol: Mapping[str, Any]) -> tuple[str, ...]:
    """What the judge's logits are called; empty where nobody knows.

    Args:
        dataset: whose labels they name, unless ``protocol`` says that they name other classes.
        protocol: of the record.
    """
    other = protocol.get("judge_names")
    return (
        names_of_logits(dataset, str(other.get("classes", ""))) if isinstance(other, Mapping) else dataset.class_names
    )


def names_of_logits(dataset: DatasetCard, classes: str) -> tuple[str, ...]:
    """What the logits are called; empty where nobody knows."""
    if classes == dataset.name:
        return dataset.class_names
    return tuple(VOCABULARIES[classes]().values()) if classes in VOCABULARIES else ()
