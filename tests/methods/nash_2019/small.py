"""A recipe that trains in seconds, and a network that is far from its start."""

import torch

from methods.nash_2019.network import PixelCNN, network_of
from methods.nash_2019.train import NashRecipe

TINY = NashRecipe(name="tiny", filters=(8, 12, 16), components=2, width=8, steps=6, batch=8, warm_up=1)


def network(k: int = 5) -> PixelCNN:
    """In float64 and frozen, every block as strong as its input."""
    torch.manual_seed(0)
    made = network_of(k, TINY.settings()).double()
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if name.endswith("original0"):
                parameter.mul_(1 + 3 * torch.rand_like(parameter))
        made.null.normal_()
    made.freeze()
    return made.eval().requires_grad_(False)


def inputs(n: int = 3, k: int = 5, side: int = 16) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Values of 256 levels (n, 3, side, side), logits, all told."""
    generator = torch.Generator().manual_seed(1)
    levels = torch.randint(0, 256, (n, 3, side, side), generator=generator).double()
    z = torch.randn(n, k, generator=generator).double()
    return levels / 127.5 - 1, z, torch.ones(n, dtype=torch.bool)
