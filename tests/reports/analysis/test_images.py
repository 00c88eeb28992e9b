"""What is known of a group's images: ids or places, and whether the classifier is right about them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.describe import supplied
from bench.store.record import Record, Score
from reports.analysis.groups import Entry, Group, group
from reports.analysis.images import facts, image_id, image_ids, is_right, logit_names, names_classes
from tests.reports.synthetic import write_cell

N = 4
LABELS, ANSWERS = np.array([0, 1, 2, 3]), np.array([0, 1, 9, 3])
COLUMNS: dict[str, Any] = {
    "image_id": [f"i{k}" for k in range(N)],
    "label": LABELS,
    "prediction_target_original": ANSWERS,
}


def only(root: Path, columns: dict[str, Any] | None, classes: str = "cifar10", dataset: str = "cifar10") -> Group:
    record = Record("m", "c", dataset, N, 0, key="k", metrics={"psnr": Score(1.0)})
    cards = supplied(record)
    record = replace(record, cards=replace(cards, classifier=replace(cards.classifier, classes=classes)))
    place = write_cell(root, record, columns, np.zeros((N, 1, 1, 3), np.uint8))
    (found,) = group([Entry(record, place)])
    return found


def test_images_go_by_their_ids_or_their_places(tmp_path: Path) -> None:
    one, bare = only(tmp_path / "a", COLUMNS), only(tmp_path / "b", None)
    assert image_ids(one) == [f"i{k}" for k in range(N)]
    assert (image_id(one, 2), image_id(bare, 2)) == ("i2", "image 2")
    assert image_ids(bare) == [f"image {k}" for k in range(N)]
    assert facts(bare) == {}


def test_right_is_where_the_answer_is_the_label(tmp_path: Path) -> None:
    found = is_right(only(tmp_path, COLUMNS))
    assert found is not None
    assert found.tolist() == [True, True, False, True]


def test_a_classifier_of_more_classes_is_right_where_its_answer_names_the_label(tmp_path: Path) -> None:
    """ImageNet's goldfish is logit 1, its Egyptian cat 285."""
    one = only(
        tmp_path, COLUMNS | {"label": np.array([0, 1, 0, 1]), "prediction_target_original": np.array([1, 285, 2, 1])}
    )
    entry = one.entries[0]
    dataset = replace(entry.cards.dataset, class_ids=("n01443537", "n02124075"), class_names=("goldfish", "cat"))
    cards = replace(entry.cards, dataset=dataset, classifier=replace(entry.cards.classifier, classes="imagenet"))
    (one,) = group([Entry(replace(entry.record, cards=cards), entry.directory)])
    found = is_right(one)
    assert found is not None
    assert found.tolist() == [True, True, False, False]
    assert logit_names(one)[285] == "Egyptian cat"


def test_a_classifier_of_other_classes_is_neither_right_nor_wrong(tmp_path: Path) -> None:
    one = only(tmp_path, COLUMNS, classes="imagenet")
    assert not names_classes(one)
    assert is_right(one) is None


def test_where_nobody_says_whose_classes_they_are_the_answers_decide(tmp_path: Path) -> None:
    """Ten classes of CIFAR-10: answers up to 9 can name them, larger ones cannot."""
    assert names_classes(only(tmp_path / "a", COLUMNS, classes=""))
    larger = COLUMNS | {"prediction_target_original": np.array([0, 1, 10, 3])}
    assert not names_classes(only(tmp_path / "b", larger, classes=""))
    assert not names_classes(only(tmp_path / "c", None, classes=""))


def test_without_stored_answers_nothing_is_right(tmp_path: Path) -> None:
    assert is_right(only(tmp_path, {name: COLUMNS[name] for name in ("image_id", "label")})) is None
