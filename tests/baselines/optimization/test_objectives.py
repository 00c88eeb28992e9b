"""Losses and priors against arithmetic by hand."""

import pytest
import torch

from baselines.optimization.objectives import alpha_norm, distance, squared_distance, total_variation


def image(*rows: list[float]) -> torch.Tensor:
    """One colour carries the rows, the other two are flat."""
    grid = torch.tensor(rows)
    return torch.stack([grid, torch.zeros_like(grid), torch.ones_like(grid)])[None]


def test_squared_distance_by_hand() -> None:
    z = torch.tensor([[3.0, 4.0], [0.0, 2.0]])
    outputs = torch.tensor([[4.0, 6.0], [0.0, 2.0]])
    assert squared_distance(outputs, z).tolist() == pytest.approx([(1 + 4) / 25, 0])


def test_distance_by_hand() -> None:
    z = torch.tensor([[3.0, 4.0], [0.0, 2.0]])
    outputs = torch.tensor([[3.0, 3.0], [6.0, 10.0]])
    assert distance(outputs, z).tolist() == pytest.approx([1 / 5, 10 / 2])


def test_total_variation_by_hand() -> None:
    x = image([0.0, 3.0], [4.0, 4.0])
    # (0, 0): 3 across, 4 down; (0, 1): 1 down; (1, 0): 0 across; (1, 1): none
    assert total_variation(x).tolist() == pytest.approx([9 + 16 + 1])
    assert total_variation(x, beta=1).item() == pytest.approx(5 + 1, abs=1e-3)
    assert total_variation(x, beta=4).tolist() == pytest.approx([25**2 + 1])


def test_total_variation_of_a_flat_image_has_a_finite_gradient() -> None:
    x = torch.full((1, 3, 4, 4), 0.3, requires_grad=True)
    total_variation(x, beta=1).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert torch.equal(x.grad, torch.zeros_like(x))


def test_alpha_norm_by_hand() -> None:
    x = image([0.5, -2.0], [0.0, 1.0])  # and four ones in the third colour
    assert alpha_norm(x, 6).tolist() == pytest.approx([0.5**6 + 2**6 + 1 + 4])


def test_each_image_has_its_own_value() -> None:
    torch.manual_seed(0)
    x = torch.rand(5, 3, 6, 6)
    for prior in (total_variation, lambda images: alpha_norm(images, 6)):
        together = prior(x)
        alone = torch.cat([prior(x[k : k + 1]) for k in range(5)])
        assert torch.allclose(together, alone)
        assert len(set(together.tolist())) == 5
