"""The plain baselines compute what ours computes: only then is a comparison of their speed worth anything."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from baselines.optimization import engstrom, frozen, mahendran_vedaldi
from baselines.optimization.engstrom import Engstrom
from baselines.optimization.inverter import ImageSpaceInverter
from baselines.optimization.mahendran_vedaldi import MahendranVedaldi
from bench.classifiers import LoadedClassifier
from bench.datasets import cifar10
from bench.inverters.base import Target
from bench.metrics.base import ExtractorMetric
from bench.seeding import sample_noise
from methods.biggan_logit.generator import NOISE_DIM, effective_state
from methods.biggan_logit.train import BigGANRecipe
from tests.benchmarks import plain_optimization
from tests.benchmarks import plain_scoring as plain
from tests.benchmarks import scoring as row
from tests.benchmarks.feed_forward import Problem
from tests.benchmarks.training_step import Both
from tests.metrics.small_networks import Small
from tests.metrics.test_evaluate import networks

pytestmark = pytest.mark.networks

TINY = BigGANRecipe(name="tiny", channels=4, hidden=8, steps=60, batch=8)
# of the size of a score, at least 0.01; torch-fidelity's own means and kernels are float32, ours are float64
TOLERANCES = {"kid_efficientnet_lite0": 1e-3, "fd_efficientnet_lite0": 1e-3, "fd_judge": 1e-3}
TOLERANCE = 1e-5


def apart(both: Both, step: int) -> float:
    """How far a step's losses are from the plain ones, relative to 1 + abs(loss); the larger of D's and G's."""
    ours, theirs = both.ours.step(step), both.step(step)
    pairs = [(float(ours[name]), value) for name, value in zip(("loss_d", "loss_g"), theirs, strict=True)]
    return max(abs(found - expected) / (1 + abs(expected)) for found, expected in pairs)


def test_training_in_float64_follows_the_plain_loop_to_the_last_digits(tiny_cifar: LoadedClassifier) -> None:
    both = Both(TINY, tiny_cifar, "float64")
    for step in range(3):
        assert apart(both, step) < 1e-9
    for ours, theirs in ((both.ours.g, both.plain.g), (both.ours.d, both.plain.d)):
        expected = theirs.state_dict()
        for name, value in ours.state_dict().items():
            torch.testing.assert_close(value, expected[name], atol=1e-8, rtol=1e-6, msg=name)
    for name, value in both.ours.average.average.items():
        torch.testing.assert_close(both.plain.average[name], value, atol=1e-8, rtol=1e-6, msg=name)


def test_a_training_step_moves_both_alike_and_away_from_the_start(tiny_cifar: LoadedClassifier) -> None:
    both = Both(TINY, tiny_cifar, "float64")
    before = both.plain.g.state_dict()["conv.parametrizations.weight.original"].clone()
    both.step(0)
    alone = both.plain.g.state_dict()["conv.parametrizations.weight.original"]
    assert not torch.allclose(alone, before)
    assert not torch.allclose(effective_state(both.ours.g)["conv.weight"], effective_state(both.plain.g)["conv.weight"])


def test_a_training_step_in_float32_has_the_plain_losses(tiny_cifar: LoadedClassifier) -> None:
    assert apart(Both(TINY, tiny_cifar, "float32"), 0) < 1e-5


def test_a_training_step_in_bf16_has_the_plain_losses_to_its_precision(tiny_cifar: LoadedClassifier) -> None:
    assert 0 < apart(Both(TINY, tiny_cifar, "bf16"), 0) < 0.05


def test_reconstructions_are_the_plain_ones_to_two_grey_levels(bench_home: Path) -> None:
    problem = Problem(12, looked_at=12)
    assert problem.furthest() <= 2
    other = problem.invert_by_hand(sample_noise(range(12), NOISE_DIM))
    assert np.abs(problem.invert().astype(int) - other).max() > 2  # other noise, other images


@pytest.fixture
def problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> row.Problem:
    """520 images at 16 pixels and small networks, with set-level scores as if they were enough."""
    monkeypatch.setattr(ExtractorMetric, "least_images", 500)
    pixels, labels = cifar10.shipped_test()
    images = row.Images.noisy(np.ascontiguousarray(pixels[:520, ::2, ::2]), labels[:520])
    nets = networks(Small(1).eval(), judge=Small(2).eval(), efficientnet_lite0=Small(3).eval())
    ready = row.Problem(images, nets, tmp_path)
    ready.ours(images.second)  # so that the features of the originals come from the cache
    return ready


def test_scores_are_the_plain_ones(problem: row.Problem) -> None:
    found = row.apart(problem.scores(), problem.by_hand())
    assert len(found) == 21  # the catalogue without fid
    beyond = {key: value for key, value in found.items() if value > TOLERANCES.get(key, TOLERANCE)}
    assert not beyond


def test_other_reconstructions_are_told_apart(problem: row.Problem) -> None:
    """The comparison would see it if one side scored other images."""
    found = problem.by_hand()
    i = problem.images
    other = plain.score(i.originals, i.second, i.reconstructions, i.labels, problem.logits, problem.given)
    differences = [abs(found[key] - value) / max(abs(value), 0.01) for key, value in other.items()]
    assert sum(difference > 1e-3 for difference in differences) > len(differences) / 2


def test_a_score_that_one_side_lacks_is_an_error(problem: row.Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExtractorMetric, "least_images", 10_000)
    with pytest.raises(ValueError, match="fd_efficientnet_lite0"):
        row.apart(problem.scores(), problem.by_hand())


@pytest.mark.parametrize("method", [MahendranVedaldi, Engstrom])
def test_descents_in_float32_follow_the_plain_loop(
    method: type[ImageSpaceInverter], tiny_cifar: LoadedClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frozen, "SPEEDUPS", ())
    monkeypatch.setitem(mahendran_vedaldi.ITERATIONS, "fast", (3, 4, 3))
    monkeypatch.setitem(engstrom.STEPS, "fast", 10)
    seeds = list(range(6))
    start_of = sample_noise(seeds, 3, 32, 32)
    with torch.no_grad():
        z = tiny_cifar.network(0.5 + 0.2 * sample_noise([90 + seed for seed in seeds], 3, 32, 32)).clone()
    target = Target(
        "tiny", tiny_cifar.sha256, "cifar10", z.shape[1], (32, 32), torch.device("cpu"), network=tiny_cifar.network
    )
    ours = method(target)
    ours.plan = replace(ours.plan, tolerance=0.0)
    start = ours.start(start_of).clamp(0, 1)
    if isinstance(ours, MahendranVedaldi):
        theirs = plain_optimization.mahendran_vedaldi(
            tiny_cifar.network, z, start, ours.plan.rates, ours.tv, ours.alpha
        )
    else:
        theirs = plain_optimization.engstrom(tiny_cifar.network, z, start, ours.plan.rates[0], 10)
    found = ours.invert(z, seeds)
    torch.testing.assert_close(found, theirs, atol=1e-4, rtol=0)
    assert (found - start).abs().max() > 0.01
