"""What the gallery calls a class: by name where the names are known, else by number or folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.datasets.cifar10 import CLASS_NAMES
from bench.describe import supplied
from bench.store.record import Record, Score
from reports.analysis.groups import Entry, Group, group
from reports.words.gallery_names import class_name, predicted, target_class, true_class
from tests.reports.synthetic import write_cell

COLUMNS: dict[str, Any] = {
    "image_id": ["cat/1.png", "dog/2.png", "3.png"],
    "label": np.array([3, 5, 0]),
    "prediction_target_original": np.array([3, 4, -1]),
    "prediction_judge_original": np.array([5, 3, 2]),
}


def only(
    root: Path, columns: dict[str, Any] | None, names: tuple[str, ...] = CLASS_NAMES, knows: str = "cifar10"
) -> Group:
    record = Record("m", "c", "cifar10", 3, 0, key="k", metrics={"psnr": Score(1.0)})
    cards = supplied(record)
    cards = replace(
        cards, dataset=replace(cards.dataset, class_names=names), classifier=replace(cards.classifier, classes=knows)
    )
    place = write_cell(root, replace(record, cards=cards), columns, np.zeros((3, 1, 1, 3), np.uint8))
    (found,) = group([Entry(replace(record, cards=cards), place)])
    return found


@pytest.mark.parametrize(("label", "shown"), [(1, "dog"), (1.0, "dog"), (2, "class 2"), (-1, "class -1")])
def test_a_class_without_a_name_goes_by_its_number(label: float, shown: str) -> None:
    assert class_name(("cat", "dog"), label) == shown


def test_the_true_class_is_the_datasets_name_or_the_images_folder(tmp_path: Path) -> None:
    assert [true_class(only(tmp_path / "a", COLUMNS), row) for row in range(3)] == ["cat", "dog", "airplane"]
    nameless = only(tmp_path / "b", COLUMNS, names=())
    assert [true_class(nameless, row) for row in range(3)] == ["cat", "dog", "class 0"]
    assert true_class(only(tmp_path / "c", None), 0) == "class unknown"


def test_a_classifier_answers_in_its_own_names_and_the_judge_in_the_datasets(tmp_path: Path) -> None:
    for knows, answer in (("cifar10", "cat"), ("imagenet", "tiger shark"), ("mine", "class 3")):
        one = only(tmp_path / knows, COLUMNS, knows=knows)
        (entry,) = one.complete
        assert target_class(one, 3) == answer
        assert predicted(one, entry, 0, "target", "original") == answer
        assert predicted(one, entry, 0, "judge", "original") == "dog"


def test_a_judge_of_other_classes_answers_in_theirs(tmp_path: Path) -> None:
    one = only(tmp_path, COLUMNS)
    (entry,) = one.complete
    told = {"judge_names": {"classes": "imagenet", "logits": None}}
    entry = replace(entry, record=replace(entry.record, protocol=told))
    assert predicted(one, entry, 0, "judge", "original") == "electric ray"


def test_where_nobody_answered_there_is_no_class(tmp_path: Path) -> None:
    one = only(tmp_path, COLUMNS)
    (entry,) = one.complete
    assert predicted(one, entry, 2, "target", "original") == ""
    assert predicted(one, entry, 0, "target", "reconstruction") == ""
