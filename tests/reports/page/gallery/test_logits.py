from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from bench.datasets.cifar10 import CLASS_NAMES
from bench.datasets.imagenet_classes import imagenet_classes
from reports.analysis.groups import Group
from reports.page.gallery.logits import NOT_STORED, original_logits
from reports.words.text import fixed
from tests.reports.gallery_runs import build, islands, opened, row_of, shown, three_classifiers


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> list[Group]:
    return three_classifiers(tmp_path_factory)


@pytest.fixture(scope="module")
def data(groups: list[Group]) -> list[dict[str, Any]]:
    return islands(groups)


def test_logits_are_those_of_the_files(groups: list[Group], data: list[dict[str, Any]]) -> None:
    for one, found in zip(groups, data, strict=True):
        directory = one.complete[0].directory
        assert directory is not None
        z = np.load(directory.parents[1] / "logits.npz")["logits"]
        again = np.load(directory / "reconstruction_logits.npy")
        many = z.shape[1] > 10
        assert ("10 largest of the original among 1,000" in found["originals"]["words"]) == many
        for place, image in enumerate(found["images"]):
            row = row_of(image["id"])
            places = np.argsort(-z[row])[:10] if many else np.arange(10)
            names = [list(imagenet_classes().values())[k] for k in places] if many else list(CLASS_NAMES)
            assert found["originals"]["names"][place] == names
            assert found["originals"]["logits"][place] == [fixed(v, 3) for v in z[row, places]]
            assert found["methods"][0]["logits"][place] == [fixed(v, 3) for v in again[row, places]]
        assert (found["methods"][0]["missing"], found["methods"][1]["missing"]) == ("", NOT_STORED)
        assert found["methods"][1]["logits"] == []


def test_the_first_classes_are_those_of_the_softmax(groups: list[Group], data: list[dict[str, Any]]) -> None:
    for one, found in zip(groups, data, strict=True):
        directory = one.complete[0].directory
        assert directory is not None
        stored = (
            np.load(directory.parents[1] / "logits.npz")["logits"],
            np.load(directory / "reconstruction_logits.npy"),
        )
        names = list(imagenet_classes().values()) if stored[0].shape[1] > 10 else list(CLASS_NAMES)
        for z, told in zip(stored, (found["originals"]["top"], found["methods"][0]["top"]), strict=True):
            shares = 100 * softmax(z.astype(np.float64), axis=1)
            for place, image in enumerate(found["images"]):
                row = row_of(image["id"])
                order = np.argsort(-shares[row], kind="stable")[:5]
                assert told[place] == [[k, fixed(shares[row, k], 1)] for k in order]
                assert [found["originals"]["classes"][str(k)] for k in order] == [names[k] for k in order]
        assert found["methods"][1]["top"] == []


def test_logits_of_others_are_not_shown(tmp_path: Path) -> None:
    (one,) = opened(build(tmp_path, "resnet152", 20))
    directory = one.complete[0].directory
    assert directory is not None
    path = directory.parents[1] / "logits.npz"
    ids, z = [f"test-{row:05d}" for row in range(20)], np.zeros((20, 10), np.float32)

    def missing() -> tuple[str, str]:
        data = json.loads(shown(one).data)
        return data["originals"]["missing"], data["methods"][0]["missing"]

    np.savez(path, ids=ids, logits=z[:, :7], made_by=f"{'9f' * 32} cpu")
    assert missing()[0] == ""
    assert "(20, 10) and do not belong to the 7 logits" in missing()[1]
    np.savez(path, ids=ids, logits=z, made_by="other cpu")
    assert "other weights" in missing()[0]
    np.savez(path, ids=ids[::-1], logits=z, made_by=f"{'9f' * 32} cpu")
    assert "other images" in missing()[0]
    path.unlink()
    assert "do not lie beside" in missing()[0]
    path.write_bytes(b"half a fi")
    assert "do not lie beside" in missing()[0]
    assert [fault.path for fault in one.entries[0].faults] == [path]


def test_a_record_that_lies_less_deep_has_no_logits_of_the_originals(groups: list[Group]) -> None:
    shallow = tuple(dataclasses.replace(entry, directory=Path("cell")) for entry in groups[0].entries)
    at_root = tuple(dataclasses.replace(entry, directory=Path("/cell")) for entry in groups[0].entries)
    for entries in (shallow, at_root):
        found = original_logits(dataclasses.replace(groups[0], entries=entries), [0])
        assert "do not lie beside" in found.missing
