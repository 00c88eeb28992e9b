"""What is measured of weights before they ship, and under which name and command they are entered."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from bench.classifiers import LoadedClassifier
from bench.datasets import cifar10
from bench.training.data import TrainingImages
from bench.weights.files import save_weights
from studies.zoo import publish
from studies.zoo.publish import accuracy_and_margin
from tests.training.small import small_dataset


class Sure(nn.Module):
    """Class 3 by a margin of 2 over class 5, and 7 over all others."""

    def forward(self, images: Tensor) -> Tensor:
        logits = images.new_zeros(len(images), 10)
        logits[:, 3], logits[:, 5] = 7.0, 5.0
        return logits


def test_accuracy_and_margin_by_hand() -> None:
    data = TrainingImages(small_dataset(30), torch.device("cpu"), 0)
    share = float((data.labels == 3).float().mean())
    assert 0 < share < 1
    assert accuracy_and_margin(Sure(), data, "test") == pytest.approx((share, 2.0))


@pytest.fixture
def entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Path, Any]]:
    """What is entered, in place of the zoo: the name, the file, and what ``facts_of_fitted`` was asked."""
    found: list[tuple[str, Path, Any]] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(publish, "_enter", lambda name, path, facts: found.append((name, path, facts)))
    monkeypatch.setattr(publish, "facts_of_fitted", lambda path, *asked: asked)
    return found


def weights(folder: str, file: str, **facts: str) -> Path:
    path = Path("train") / folder / f"{file}.safetensors"
    return save_weights({}, path, {"recipe": json.dumps({"name": "gpu64"})} | facts)


def typed(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["publish", *words])
    publish.main()


def test_controls_and_inverters_are_entered_with_the_command_that_made_them(
    entered: list[tuple[str, Path, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = weights("m-c", "m-c")
    typed(monkeypatch, "inverter", "m", "c")
    controls = Path("train/controls-c/controls-c.safetensors")
    typed(monkeypatch, "controls", "c")
    assert entered == [
        ("m-c", plain, ("c", "m", ["m"], "bench train inverter m --classifier c")),
        ("controls-c", controls, ("c", "controls", ["class-mean", "ridge"], "bench train controls --classifier c")),
    ]


def test_another_dataset_is_in_the_name_and_another_recipe_in_the_command(
    entered: list[tuple[str, Path, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = weights("m-c-tiny-imagenet", "m-c", default="false")
    typed(monkeypatch, "inverter", "m", "c", "--dataset", "tiny-imagenet")
    command = "bench train inverter m --classifier c --dataset tiny-imagenet --recipe gpu64"
    assert entered == [("m-c-tiny-imagenet", path, ("c", "m", ["m"], command))]


def test_another_seed_is_in_the_name_and_in_the_command(
    entered: list[tuple[str, Path, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = weights("m-c-seed2", "m-c")
    typed(monkeypatch, "inverter", "m", "c", "--seed", "2")
    assert entered == [("m-c-seed2", path, ("c", "m", ["m"], "bench train inverter m --classifier c --seed 2"))]


def test_margins_are_those_of_the_two_largest_logits(
    tiny_cifar: LoadedClassifier, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[Any] = []

    def amend(name: str, facts: dict[str, Any]) -> dict[str, Any]:
        told.append((name, facts["measured"]))
        return facts

    monkeypatch.setattr(publish, "open_classifier", lambda name, device: tiny_cifar)
    monkeypatch.setattr(publish, "amend", amend)
    publish.publish_margins("linear")
    ((name, measured),) = told
    assert (name, set(measured)) == ("linear", {"train_margin", "val_margin", "test_margin"})
    data = cifar10.load("train")
    top = tiny_cifar.network(data.images(data.ids)).topk(2).values
    assert measured["train_margin"] == pytest.approx(float((top[:, 0] - top[:, 1]).mean()), abs=1e-3)
