"""The mixture against its closed form: masses of all levels, colours that move each other, draws, known entropies."""

import math
from itertools import pairwise

import pytest
import torch

from methods.nash_2019.likelihood import HALF, LEVELS, PER_COMPONENT, bits, draw, log_probability, to_values

GRID = to_values(torch.arange(LEVELS, dtype=torch.float64) / 255)


def mixture(m: int = 3, n: int = 1, seed: int = 0) -> torch.Tensor:
    """Parameters (n, 10 m, 1, 1), scales from narrow to wide."""
    generator = torch.Generator().manual_seed(seed)
    parameters = torch.randn(n, PER_COMPONENT, m, generator=generator, dtype=torch.float64)
    parameters[:, 1:4] *= 0.4
    parameters[:, 4:7] = parameters[:, 4:7] - 3
    return parameters.view(n, -1, 1, 1)


def logistic_masses(mean: float, log_scale: float) -> list[float]:
    """Of 256 levels, from the distribution function itself."""

    def below(x: float) -> float:
        return 1 / (1 + math.exp(-(x - mean) / math.exp(log_scale)))

    edges = [0.0, *(below(2 * k / 255 - 1 - HALF) for k in range(1, LEVELS)), 1.0]
    return [high - low for low, high in pairwise(edges)]


def one_component(mean: float, log_scale: float, coefficient: float = 0.0) -> torch.Tensor:
    values = [0.0] + [mean] * 3 + [log_scale] * 3 + [coefficient] * 3
    return torch.tensor(values, dtype=torch.float64).view(1, -1, 1, 1)


@pytest.mark.parametrize(("mean", "log_scale"), [(0.1, -1.0), (-0.98, -2.5), (1.4, -3.0), (0.003, -5.0), (0.0, 2.0)])
def test_a_component_has_the_masses_of_its_distribution_function(mean: float, log_scale: float) -> None:
    x = GRID.view(-1, 1, 1, 1).expand(-1, 3, 1, 1)
    found = log_probability(one_component(mean, log_scale).expand(LEVELS, -1, 1, 1), x)[:, 0, 0].exp()
    expected = torch.tensor(logistic_masses(mean, log_scale), dtype=torch.float64) ** 3
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-12)


def test_masses_of_all_256_levels_are_one_in_sum() -> None:
    """Of each colour given those before: what all levels of blue have together is the mass of red and green."""
    parameters = mixture()
    rows = parameters.view(PER_COMPONENT, 3)
    means, scales, coefficients = rows[1:4], rows[4:7], rows[7:10]
    weights = parameters.view(PER_COMPONENT, 3)[0].softmax(0).tolist()
    total = 0.0
    for r in range(LEVELS):
        red = float(GRID[r])
        each = [logistic_masses(float(means[0, m]), float(scales[0, m]))[r] for m in range(3)] if r % 50 == 0 else []
        for g in (0, 90, 255) if each else ():
            moved = [float(means[1, m] + coefficients[0, m].tanh() * red) for m in range(3)]
            green = [logistic_masses(moved[m], float(scales[1, m]))[g] for m in range(3)]
            x = torch.stack([torch.full((LEVELS,), red), torch.full((LEVELS,), float(GRID[g])), GRID])[None, :, None]
            found = log_probability(parameters.expand(-1, -1, 1, LEVELS), x).exp().sum()
            expected = sum(w * a * b for w, a, b in zip(weights, each, green, strict=True))
            assert float(found) == pytest.approx(expected, rel=1e-5, abs=1e-12)
        total += sum(w * m for w, m in zip(weights, each, strict=False))
    assert 0 < total <= 1


def test_colours_move_the_means_of_those_after() -> None:
    parameters = one_component(0.0, -4.0, coefficient=0.5)
    c = math.tanh(0.5)
    red, green = 0.6, c * 0.6
    best = torch.tensor([red, green, c * (red + green)], dtype=torch.float64)
    best = to_values((best + 1) / 2).view(1, 3, 1, 1)
    at_best = log_probability(parameters, best)[0, 0, 0]
    for colour in (1, 2):
        for move in (-4, 4):
            other = best.clone()
            other[0, colour] += move * 2 / 255
            assert log_probability(parameters, other)[0, 0, 0] < at_best


def test_gradients_are_finite_far_away_and_at_both_ends() -> None:
    for mean, level in ((-1.0, 1.0), (1.0, -1.0), (0.0, 1.0), (3.0, -1.0)):
        parameters = one_component(mean, -7.0).float().requires_grad_()
        nats = log_probability(parameters, torch.full((1, 3, 1, 1), level))
        nats.sum().backward()  # type: ignore[no-untyped-call]
        assert torch.isfinite(nats).all()
        assert parameters.grad is not None
        assert torch.isfinite(parameters.grad).all()


def test_the_bits_of_images_from_a_known_distribution_are_its_entropy() -> None:
    """Independent pixels of one logistic: the mean over many is the entropy of the 256 masses, three times."""
    masses = logistic_masses(0.2, -1.5)
    entropy = -3 * sum(p * math.log2(p) for p in masses)
    generator = torch.Generator().manual_seed(0)
    drawn = torch.multinomial(torch.tensor(masses), 3 * 40_000, replacement=True, generator=generator)
    x = GRID[drawn].view(1, 3, 200, 200)
    cost = bits(-log_probability(one_component(0.2, -1.5).expand(-1, -1, 200, 200), x)).flatten()
    error = float(cost.std()) / len(cost) ** 0.5
    assert float(cost.mean()) == pytest.approx(entropy, abs=4 * error)
    assert error < 0.02


def test_draws_follow_the_masses() -> None:
    """E q'(x) / q(x) over draws x of q is the sum of q', 1, whichever q' is taken; over other images it is not."""
    parameters = mixture(seed=4)[:, :, 0, 0]
    chance = torch.rand(100_000, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x = draw(parameters.expand(len(chance), -1), chance)
    assert set(x.flatten().tolist()) <= set(GRID.tolist())
    cut = x.T.reshape(1, 3, 250, 400)
    own = log_probability(parameters[:, :, None, None].expand(-1, -1, 250, 400), cut)
    for k in range(PER_COMPONENT):  # weights, means, scales and coefficients of each colour
        other = parameters.view(PER_COMPONENT, 3).clone()
        other[k, 1] += 0.1
        nats = log_probability(other.view(1, -1, 1, 1).expand(-1, -1, 250, 400), cut)
        ratio = (nats - own).exp()
        assert float(ratio.std()) > 1e-3
        assert float(ratio.mean()) == pytest.approx(1, abs=5 * float(ratio.std()) / len(x) ** 0.5)
    darker = (nats - log_probability(parameters[:, :, None, None].expand(-1, -1, 250, 400), -cut)).exp()
    assert abs(float(darker.mean()) - 1) > 5 * float(darker.std()) / len(x) ** 0.5


def test_images_become_the_nearest_of_256_levels() -> None:
    found = to_values(torch.tensor([0.0, 0.499 / 255, 0.501 / 255, 1.0]))
    torch.testing.assert_close(found, torch.tensor([-1.0, -1.0, -1 + 2 / 255, 1.0]))
