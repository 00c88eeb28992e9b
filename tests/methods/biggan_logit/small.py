"""A recipe that trains in seconds, the target that its weights are for, and how large a network is."""

import torch
from torch import nn

from bench.inverters.base import Target
from methods.biggan_logit.recipes import BigGANRecipe

TINY = BigGANRecipe(name="tiny", channels=4, hidden=8, steps=6, batch=8)
TARGET = Target("linear", "ab" * 32, "cifar10", 5, (32, 32), torch.device("cpu"))  # of the fixture tiny_cifar


def count(module: nn.Module) -> int:
    """Its parameters."""
    return sum(p.numel() for p in module.parameters())
