"""Guidance through a network whose two velocities are known, and a whole flow by it."""

import torch
from torch import Tensor

from methods.flow_matching.sampler import Sampler


class Two:
    """v = z where the logits count, and -1 where they do not; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[bool] = []

    def __call__(self, x: Tensor, t: Tensor, z: Tensor, given: Tensor) -> Tensor:
        assert t.shape == given.shape == (len(x),)
        assert bool(given.all()) or not bool(given.any())
        self.asked.append(bool(given.all()))
        return torch.where(given[:, None], z, -torch.ones_like(z))[:, :, None, None].expand_as(x)


def test_guidance_1_is_the_given_velocity_and_asks_for_no_other() -> None:
    two, z = Two(), torch.tensor([[0.25, 0.5, 0.0]])
    v = Sampler(3).velocity(two, torch.zeros(1, 3, 2, 2), 0.5, z)
    assert torch.equal(v[..., 0, 0], z)
    assert two.asked == [True]


def test_guidance_beyond_1_leads_away_from_the_free_velocity() -> None:
    two, z = Two(), torch.tensor([[0.25, 0.5, 0.0]])
    v = Sampler(3, guidance=2.0).velocity(two, torch.zeros(1, 3, 2, 2), 0.5, z)
    torch.testing.assert_close(v[..., 0, 0], -1 + 2 * (z + 1))
    assert two.asked == [True, False]


def test_a_constant_velocity_is_followed_exactly_and_ends_as_an_image() -> None:
    z = torch.tensor([[0.25, 0.5, 9.0], [-1.0, 0.0, 0.1]])
    for sampler in (Sampler(3), Sampler(1, "euler")):
        made = sampler(Two(), torch.zeros(2, 3, 2, 2), z)
        torch.testing.assert_close(made[..., 1, 1], ((z + 1) / 2).clamp(0, 1))
