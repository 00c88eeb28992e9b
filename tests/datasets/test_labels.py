"""Which logit names which label: by the dataset's own name, or by the ids that its classes have elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.cards import ClassifierCard, DatasetCard
from bench.datasets.labels import labels_of_answers, logits_of_labels, named_by, names_by_judge, names_of_logits

CARD = DatasetCard("three", "id", 8, ("lifeboat", "goldfish", "cat"), ("n03662601", "n01443537", "n02124075"))


def test_imagenets_networks_name_its_classes_by_their_ids() -> None:
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    rows = logits_of_labels(CARD, "imagenet")
    assert rows is not None
    assert [_IMAGENET_CATEGORIES[row] for row in rows] == ["lifeboat", "goldfish", "Egyptian cat"]
    assert names_of_logits(CARD, "imagenet") == tuple(_IMAGENET_CATEGORIES)


def test_a_datasets_own_networks_name_its_labels_in_their_order() -> None:
    rows = logits_of_labels(CARD, "three")
    assert rows is not None
    assert rows.tolist() == [0, 1, 2]
    assert names_of_logits(CARD, "three") == CARD.class_names


@pytest.mark.parametrize(
    ("card", "classes"),
    [
        (CARD, "cifar10"), (CARD, ""), (replace(CARD, class_ids=()), "imagenet"),
        (replace(CARD, class_ids=("n03662601", "n01443537", "n00000000")), "imagenet"),
    ],
)  # fmt: skip
def test_other_logits_name_no_label(card: DatasetCard, classes: str) -> None:
    assert logits_of_labels(card, classes) is None


def test_logits_of_unknown_classes_have_no_names() -> None:
    assert names_of_logits(CARD, "cifar10") == ()


def test_answers_become_labels_and_what_names_none_is_told() -> None:
    rows = np.array([7, 2, 4])
    assert labels_of_answers(np.array([2, 7, 4, 0, 900, -1]), rows).tolist() == [1, 0, 2, -1, -1, -1]
    assert labels_of_answers(np.array([2.0, np.nan, 1e15]), rows).tolist() == [1, -1, -1]
    assert labels_of_answers(np.array([1, 0]), np.arange(2)).tolist() == [1, 0]
    assert labels_of_answers(np.array([], np.int64), rows).tolist() == []


@pytest.mark.parametrize(
    ("classes", "logits", "rows"),
    [
        ("three", 3, [0, 1, 2]), ("imagenet", 1000, [625, 1, 285]), ("cifar10", 3, None),
        ("", 3, [0, 1, 2]), ("", 0, [0, 1, 2]), ("", 10, None),
    ],
)  # fmt: skip
def test_a_card_says_which_logit_names_which_label(classes: str, logits: int, rows: list[int] | None) -> None:
    found = named_by(ClassifierCard("c", "c", "id", logits, classes), CARD)
    assert (None if found is None else found.tolist()) == rows


def test_a_judge_of_other_classes_answers_in_their_names() -> None:
    assert names_by_judge(CARD, {"judge": "judge"}) == CARD.class_names
    assert names_by_judge(CARD, {"judge_names": {"classes": "imagenet"}})[1] == "goldfish"
    assert names_by_judge(CARD, {"judge_names": {"classes": "cifar10", "logits": None}}) == ()
    assert names_by_judge(CARD, {"judge_names": {}}) == ()
