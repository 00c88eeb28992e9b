from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.datasets.cifar10 import CLASS_NAMES
from bench.datasets.imagenet_classes import imagenet_classes
from bench.describe import metric_card
from bench.metrics.registry import metrics
from reports.analysis.groups import Group
from reports.page.gallery.choice import EMBEDDED
from tests.reports.gallery_runs import (
    METHODS,
    NUM_IMAGES,
    WRONG,
    build,
    column,
    islands,
    opened,
    row_of,
    shown,
    three_classifiers,
)

ENDS = [key for key in metrics() if "ends" in metric_card(key).roles]


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> list[Group]:
    return three_classifiers(tmp_path_factory)


@pytest.fixture(scope="module")
def data(groups: list[Group]) -> list[dict[str, Any]]:
    return islands(groups)


def members(data: Mapping[str, Any], name: str) -> list[int]:
    return [row_of(data["images"][place]["id"]) for place in data["sets"][name]]


def test_all_classifiers_show_the_same_images(data: list[dict[str, Any]]) -> None:
    first, *others = data
    assert len(first["images"]) == EMBEDDED >= 48
    for other in others:
        assert [image["id"] for image in other["images"]] == [image["id"] for image in first["images"]]
        assert other["sets"] == first["sets"]


def test_the_filter_is_that_of_the_parquet_files(groups: list[Group], data: list[dict[str, Any]]) -> None:
    right = np.ones(NUM_IMAGES, bool)
    for one in groups:
        if one.classifier in WRONG:
            entry = one.complete[0]
            right &= column(entry, "label") == column(entry, "prediction_target_original")
    assert right.sum() == NUM_IMAGES - len(set(WRONG["robust_resnet152"]) | set(WRONG["resnet152"]))
    drawn = sorted(range(NUM_IMAGES), key=lambda row: hashlib.sha256(f"test-{row:05d}".encode()).digest())
    random, wrong = members(data[0], "random"), members(data[0], "wrong")
    assert random == [row for row in drawn if right[row]][: len(random)]
    assert len(random) >= 24
    assert wrong == [row for row in drawn if not right[row]][:8]
    assert members(data[0], "first") == list(range(8))
    said = " ".join(shown(groups[0], groups).sentences)
    assert f"{len(random)} of the {right.sum()} images that robust_resnet152 and resnet152 all get right" in said
    assert f"8 of the {(~right).sum()} that at least one of them gets wrong" in said
    assert re.search(
        r"Left out of the filter, because their logits name other classes [^.]*: efficientnet_lite0\.", said
    )


def test_right_and_wrong_are_the_classifiers_own(groups: list[Group], data: list[dict[str, Any]]) -> None:
    for one, found in zip(groups, data, strict=True):
        for image in found["images"]:
            row = row_of(image["id"])
            assert image["label"] == CLASS_NAMES[column(one.complete[0], "label")[row]]
            if one.classifier in WRONG:
                assert image["right"] == (row not in WRONG[one.classifier])
                assert image["target"] in CLASS_NAMES
            else:
                assert image["right"] is None
                names = list(imagenet_classes().values())
                assert image["target"] == names[column(one.complete[0], "prediction_target_original")[row]]


def test_ends_are_those_of_the_mean_over_contenders(groups: list[Group], data: list[dict[str, Any]]) -> None:
    expected = set()
    for key in ENDS:
        mean = np.mean([column(e, key) for one in groups for e in one.complete[:2]], axis=0)
        best_first = np.argsort(-mean if metrics()[key].card.higher_is_better else mean, kind="stable")
        expected |= {*best_first[:2].tolist(), *best_first[-2:].tolist()}
    assert all([e.label for e in one.complete[:2]] == list(METHODS[:2]) for one in groups)
    assert set(members(data[0], "ends")) == expected
    for image in data[0]["images"]:
        assert ("among the" in image["reason"]) == (row_of(image["id"]) in expected)


def test_a_short_run_does_not_narrow_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.page.gallery.choice.ENOUGH", 100)
    build(tmp_path, "robust_resnet152")
    long, short = opened(build(tmp_path, "resnet152", 20))
    data = json.loads(shown(long, [long, short]).data)
    assert len(data["images"]) == EMBEDDED
    assert "no run beside this report has their answers" in shown(long, [long, short]).sentences[-2]
    assert shown(short, [long, short]).sentences[0].endswith("the same for every method and control of resnet152.")
    few = json.loads(shown(short, [long, short]).data)
    assert [image["id"] for image in few["images"]] == [f"test-{row:05d}" for row in range(20)]
    assert set(few["sets"]["random"] + few["sets"]["wrong"]) == set(range(20))
