"""The scene gives back what ``bench run`` would."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.classifiers import classifier_card
from bench.config import RunConfig
from bench.datasets.base import to_images
from bench.line import run_cell
from bench.metrics.extractors.lpips_alex import load_lpips
from bench.metrics.lpips import lpips_distance
from bench.probes.runner import open_cell, open_probe
from bench.probes.scene import Scene
from bench.seeding import sample_seeds
from tests.probes.conftest import TINY


@pytest.mark.networks
@pytest.mark.parametrize(("method", "seed"), [("Decode", 0), ("Coin", 0), ("Coin", 1)])
def test_neutral_is_what_bench_run_makes(method: str, seed: int, config: RunConfig) -> None:
    cell = replace(config, method=f"{TINY}:{method}", seed=seed, num_images=12)
    record = run_cell(cell)
    (path,) = config.out.glob(f"**/{record.key}/reconstructions.npy")
    scene = Scene.open(open_cell(open_probe("noise"), cell))
    assert (scene.neutral.pixels == np.load(path)).all()
    assert method == "Decode" or scene.seeds != sample_seeds(1 - seed, scene.images.ids)


def test_logits_of_the_originals_are_the_stored_ones(scene: Scene) -> None:
    np.testing.assert_allclose(scene.original.target_logits, scene.logits, atol=1e-6)
    assert (scene.given == scene.logits).all()


@pytest.mark.networks
def test_features_are_the_classifiers(config: RunConfig) -> None:
    cell = open_cell(open_probe("noise"), replace(config, method=f"{TINY}:Features", classifier=f"{TINY}:judge"))
    scene = Scene.open(cell)
    images = scene.cell.dataset.images(scene.images.ids)
    with torch.inference_mode():
        expected = scene.classifier.network.features(images)  # type: ignore[operator]
    np.testing.assert_allclose(scene.given, expected, atol=1e-5)
    assert not scene.takes_logits


@pytest.mark.networks
def test_lpips_judge_and_probability(scene: Scene) -> None:
    first, last = scene.view(scene.originals[:2]), scene.view(scene.originals[2:])
    a, b = (to_images(view.pixels) for view in (first, last))
    np.testing.assert_allclose(first.lpips(last), lpips_distance(load_lpips(), a, b), atol=1e-6)
    with torch.inference_mode():
        shares = scene.networks.open("judge")(a).softmax(1)
    np.testing.assert_allclose(first.judge_probability(np.array([3, 5])), shares[[0, 1], [3, 5]], atol=1e-6)
    classes = shares.argmax(1).numpy()
    assert first.judged(classes).values.tolist() == [1, 1]
    assert first.judged((classes + 1) % 10).values.tolist() == [0, 0]
    assert np.isnan(first.judged(np.array([-1, -1])).values).all()


def test_cost_counts_every_inversion(scene: Scene) -> None:
    assert scene.cost.invert_seconds == 0
    scene.invert(scene.logits)
    scene.invert(scene.logits[:1], [5])
    seconds, each = scene.cost.invert_seconds, scene.cost.seconds_per_image
    assert seconds
    assert each == pytest.approx(seconds / 5)
    scene.invert(scene.logits)  # read, not made again
    assert scene.cost.invert_seconds == seconds


@pytest.mark.networks
@pytest.mark.parametrize(("classifier", "named"), [("tiles", False), ("linear", True), ("judge", True)])
def test_ten_logits_are_taken_for_the_ten_classes(classifier: str, named: bool, config: RunConfig) -> None:
    cell = open_cell(open_probe("noise"), replace(config, classifier=f"{TINY}:{classifier}", method=f"{TINY}:Grey"))
    assert Scene.open(cell).names_classes is named


def test_answers_that_name_no_label_are_told_apart(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    logits = np.eye(5, dtype=np.float32)[[4, 0, 2]]
    monkeypatch.setattr(Scene, "logits_of_labels", np.array([2, 4]))
    assert scene.names_classes
    assert scene.labels_given(logits).tolist() == [1, -1, 0]


def test_where_no_logit_names_a_label_no_answer_does(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scene, "logits_of_labels", None)
    assert not scene.names_classes
    assert scene.labels_given(np.eye(5, dtype=np.float32)[[4, 0]]).tolist() == [-1, -1]


def test_imagenet_logits_name_no_class_of_cifar10(scene: Scene) -> None:
    scene.cell = replace(scene.cell, classifier=classifier_card("efficientnet_lite0"))
    assert not scene.names_classes


def test_a_network_of_cifar10_names_its_classes(scene: Scene) -> None:
    scene.cell = replace(scene.cell, classifier=classifier_card("resnet152"))
    assert scene.names_classes
