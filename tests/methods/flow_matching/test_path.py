"""The path, its loss and its times: by hand, by their moments, and the minimum of the loss in closed form."""

import pytest
import torch

from methods.flow_matching.path import logit_normal, loss, point
from tests.methods.flow_matching.small import gaussian_field


def test_the_path_is_straight_from_noise_to_the_image() -> None:
    noise, images = torch.full((3, 1, 1, 1), -2.0), torch.full((3, 1, 1, 1), 2.0)
    assert point(noise, images, torch.tensor([0.0, 0.25, 1.0])).flatten().tolist() == [-2.0, -1.0, 2.0]


def test_the_loss_equals_a_hand_computed_value() -> None:
    noise, images = torch.zeros(1, 2, 1, 1), torch.tensor([1.0, 3.0]).view(1, 2, 1, 1)
    assert loss(torch.tensor([1.0, 1.0]).view(1, 2, 1, 1), noise, images).item() == (0 + 4) / 2


def test_times_are_logit_normal() -> None:
    t = logit_normal(100_000, torch.Generator().manual_seed(0))
    assert 0 < float(t.min()) < float(t.max()) < 1
    z = t.logit()
    assert float(z.mean()) == pytest.approx(0, abs=0.01)
    assert float(z.std()) == pytest.approx(1, abs=0.01)
    assert torch.equal(t, logit_normal(100_000, torch.Generator().manual_seed(0)))


@pytest.mark.parametrize("t", [0.2, 0.5, 0.8])
def test_the_minimum_of_the_loss_is_the_field_of_the_gaussian(t: float) -> None:
    """Least squares over linear fields on pairs of noise and data finds the closed form, which the solvers follow."""
    generator = torch.Generator().manual_seed(1)
    mean = torch.tensor([0.5, -1.0], dtype=torch.float64)
    root = torch.tensor([[0.6, 0.0], [0.3, 0.4]], dtype=torch.float64)
    drawn = [torch.randn(200_000, 2, generator=generator, dtype=torch.float64) for _ in range(2)]
    noise, images = drawn[0], mean + drawn[1] @ root.T
    times = torch.full((len(noise),), t, dtype=torch.float64)
    x = point(noise[:, :, None, None], images[:, :, None, None], times).flatten(1)
    inputs = torch.cat([x, torch.ones(len(x), 1, dtype=torch.float64)], dim=1)
    fitted = torch.linalg.lstsq(inputs, images - noise).solution
    field = gaussian_field(mean, root @ root.T)
    torch.testing.assert_close((inputs @ fitted)[:500], field(x[:500], t), rtol=0, atol=0.03)
    errors = [loss(v, noise, images) for v in (inputs @ fitted, field(x, t), field(x, t) + 0.1)]
    assert errors[0] <= errors[1] < errors[2]
