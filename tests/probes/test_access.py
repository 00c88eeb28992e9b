from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import softmax

from bench.inverters.base import Target
from bench.probes.access import (
    ALL,
    ALONE,
    Access,
    Probabilities,
    Round,
    Truncate,
    probabilities,
    recentred,
    training_mean,
    truncated,
)
from bench.probes.scene import Scene
from tests.probes.conftest import RunProbe, names


def logits(n: int = 40, classes: int = 1_000) -> np.ndarray:
    return np.random.default_rng(0).normal(1, 4, (n, classes)).astype(np.float32)


def test_the_largest_stay_and_all_others_become_the_training_mean() -> None:
    z, mean = np.array([[1, 5, 3, 5], [-1, -2, -3, -4]], np.float32), np.array([10.0, 20, 30, 40])
    assert truncated(z, 1, mean).tolist() == [[10, 5, 30, 40], [-1, 20, 30, 40]]  # of equal ones the first
    assert truncated(z, 3, mean).tolist() == [[10, 5, 3, 5], [-1, -2, -3, 40]]
    assert (truncated(z, 4, mean) == z).all()


def test_exact_probabilities_are_the_logits_but_for_the_mean_of_a_row() -> None:
    z, centre = logits(), -0.3
    for t in (0.5, 1.0, 2.0):
        found = recentred(probabilities(z, t), t, centre)
        np.testing.assert_allclose(found, z - z.mean(axis=1, keepdims=True) + centre, atol=1e-5)
        np.testing.assert_allclose(softmax(found, axis=1), softmax(z, axis=1), atol=1e-6)
        untold = recentred(probabilities(z, t), 1.0, centre)
        np.testing.assert_allclose(untold, (z - z.mean(axis=1, keepdims=True)) / t + centre, atol=1e-5)


def test_what_is_rounded_away_counts_as_half_of_the_last_decimal() -> None:
    z = np.log(np.array([[0.9, 0.096, 0.004]], np.float32))
    np.testing.assert_allclose(probabilities(z, 1, 2), [[0.9, 0.1, 0.005]])
    np.testing.assert_allclose(probabilities(z, 1, 3), [[0.9, 0.096, 0.004]])
    coarse = probabilities(logits(), 1, 4)
    assert coarse.min() == 0.5e-4
    rest = coarse[coarse > 1e-4 / 2]
    np.testing.assert_allclose(rest, rest.round(4), atol=1e-12)


def test_levels_suit_the_number_of_classes() -> None:
    assert list(Truncate().returned(logits(2, 10), np.zeros(10))) == ["top 1", "top 2", "top 3", "top 5", ALL]
    tops = Truncate().returned(logits(2), np.zeros(1_000))
    assert [value for value, _ in tops.values()] == [1, 2, 3, 5, 10, 30, 100, 300, 1_000]
    for probe in (Round(), Probabilities()):
        assert (probe.returned(logits(2), np.zeros(1_000))[ALL][1] == logits(2)).all()


def test_rounding_is_by_decimals() -> None:
    found = Round().returned(np.array([[12.3456, -7.5]], np.float32), np.zeros(2))
    assert found["decimals -1"][1].tolist() == [[10, -10]]
    assert found["decimals 0"][1].tolist() == [[12, -8]]
    np.testing.assert_allclose(found["decimals 2"][1], [[12.35, -7.5]], rtol=1e-6)


@pytest.mark.networks
def test_the_training_mean_comes_from_the_inverter_or_from_the_controls(bench_home: object) -> None:
    from bench.classifiers import open_classifier
    from bench.datasets import load_dataset
    from methods.biggan_logit.inverter import BigGANLogit

    classifier, cpu = open_classifier("robust_resnet152", torch.device("cpu")), torch.device("cpu")
    target = Target(classifier.name, classifier.sha256, "cifar10", 10, (32, 32), cpu)
    inverter = BigGANLogit(target)

    def mean(method: object) -> tuple[Any, str]:
        cell = SimpleNamespace(dataset=load_dataset("cifar10"))
        scene: Any = SimpleNamespace(
            method=SimpleNamespace(method=method), classifier=classifier, cell=cell, device=cpu
        )
        return training_mean(scene)

    own, whose = mean(inverter)
    assert (own == inverter.reconstruct.network.state_dict()["standardise.mean"].numpy()).all()
    assert "own weights" in whose
    kept_by, whose = mean(object())
    assert "controls" in whose
    np.testing.assert_allclose(kept_by, own, atol=0.01)  # the inverter was trained on mirrored images, too


def test_a_picture_coded_logit_is_what_the_service_leaves_of_it(scene: Scene) -> None:
    tiles, mean = scene.logits.reshape(4, 3, 4, 4).transpose(0, 2, 3, 1), np.full(48, 0.25)

    def pictures(probe: Access, level: str) -> np.ndarray:
        shown: np.ndarray = scene.invert(probe.returned(scene.logits, mean)[level][1])[:, ::8, ::8] / 255
        return shown

    np.testing.assert_allclose(pictures(Truncate(), ALL), tiles, atol=2e-3)
    top = pictures(Truncate(), "top 3").reshape(4, -1)
    for row, z in zip(top, tiles.reshape(4, -1), strict=True):
        largest = np.sort(z)[-3:]
        np.testing.assert_allclose(np.sort(row), np.sort([*largest, *[0.25] * 45]), atol=2e-3)
    np.testing.assert_allclose(pictures(Round(), "decimals 1"), tiles.round(1), atol=2e-3)
    shifted = tiles - tiles.mean(axis=(1, 2, 3), keepdims=True)
    for level in ("T 1 all", "T 2 all"):
        np.testing.assert_allclose(pictures(Probabilities(), level), (shifted + 0.25).clip(0, 1), atol=2e-3)
    untold = pictures(Probabilities(), "untold T 0.5")
    np.testing.assert_allclose(untold, (2 * shifted + 0.25).clip(0, 1), atol=2e-3)


@pytest.mark.networks
def test_all_logits_are_bench_run_and_the_whole_way(run: RunProbe, scene: Scene) -> None:
    found = run("truncate", "Decode", "tiles")
    assert names(found.record.levels) == ["top 1", "top 2", "top 3", "top 5", "top 10", "top 30", ALL]
    expected = scene.scores(scene.originals, scene.neutral.pixels, scene.logits, scene.images)
    for key in ("lpips", "logit_cosine"):
        np.testing.assert_allclose(found.column(ALL, key), expected.per_image[key], atol=1e-6)
    assert found.value(ALL, "kept_logit_cosine") == 1
    assert found.value("top 1", "kept_logit_cosine") == 0
    assert 0 < found.value("top 30", "kept_logit_cosine") < 1
    assert found.record.note == "48 logits; training means from nowhere"
    assert names(run("round", "Decode", "tiles").record.levels)[0] == ALONE


@pytest.mark.networks
def test_features_are_no_logits(run: RunProbe) -> None:
    record = run("round", "Features", "judge", complete=False).record
    assert record.status == "skipped"
    assert "penultimate features" in (record.reason or "")
