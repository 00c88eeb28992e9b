from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.datasets import fashion_mnist
from bench.datasets.base import ArrayDataset
from bench.metrics.extractors.judge import Judge
from bench.store.record import Score
from tests.probes.conftest import RunProbe, names

pytestmark = pytest.mark.networks


def test_a_perfect_inverter_gives_every_set_back(run: RunProbe) -> None:
    found = run("ood", "Decode", "pixels")
    assert names(found.record.levels) == ["cifar10", "photographs", "fashion-mnist"]
    for name, n in (("cifar10", 4), ("photographs", 4)):
        scores = found.level(name)
        assert (scores["lpips"].value, scores["ssim"].value, scores["reid_class_target"].value) == (0, 1, 1)
        assert scores["reid_instance_target_r1"].value == 1
        assert scores["lpips"].n == n
    assert found.level("photographs")["reid_class_judge"].note == Judge.missing
    assert found.level("cifar10")["reid_class_judge"].value == 1
    assert (found.pictures[0::2] == found.pictures[1::2]).all()
    assert found.captions["judged"] is None
    assert all(i.startswith("photograph-") for i in found.column("photographs", "image_id"))


def test_a_set_that_is_not_here_says_what_to_type(run: RunProbe) -> None:
    scores = run("ood", "Grey", "colour").level("fashion-mnist")
    assert all(
        score == Score(None, note=score.note, higher_is_better=score.higher_is_better) for score in scores.values()
    )
    assert "bench data fetch fashion-mnist" in (scores["lpips"].note or "")


def test_fashion_mnist_joins_once_it_is_here(run: RunProbe, monkeypatch: pytest.MonkeyPatch) -> None:
    before = run("ood", "Decode", "pixels").record

    def load(count: int, image_size: int) -> ArrayDataset:
        pixels = np.zeros((count, image_size, image_size, 3), np.uint8)
        return ArrayDataset("fashion-mnist", [f"f-{k}" for k in range(count)], np.zeros(count), (), pixels)

    monkeypatch.setattr(fashion_mnist, "here", lambda: True)
    monkeypatch.setattr(fashion_mnist, "load", load)
    after = run("ood", "Decode", "pixels")
    assert after.record.key != before.key
    assert after.value("fashion-mnist", "lpips") == 0
    assert after.pictures.shape[0] == 6


def test_a_folder_stands_beside_cifar10(run: RunProbe, tmp_path: Path) -> None:
    for k, colour in enumerate(("red", "green", "blue")):
        (tmp_path / "photos" / colour).mkdir(parents=True)
        Image.new("RGB", (40, 40), colour).save(tmp_path / "photos" / colour / f"{k}.png")
    found = run("ood", "Decode", "pixels", dataset=f"folder:{tmp_path / 'photos'}", num_images=3)
    assert names(found.record.levels) == ["folder", "cifar10", "photographs", "fashion-mnist"]
    assert found.level("folder")["lpips"].n == found.level("cifar10")["lpips"].n == 3
    assert found.level("folder")["reid_class_judge"].value is None
