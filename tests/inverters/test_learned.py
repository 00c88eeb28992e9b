"""Trained networks answer in batches, row by row the same."""

import pytest
import torch
from torch import Tensor, nn

from bench.inverters import learned
from bench.inverters.base import Target
from bench.inverters.learned import Trained, unsuited
from bench.training.trainer import open_trainer
from bench.weights.files import entry


class Seen(nn.Module):
    """A function of two inputs that remembers how many rows came at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        self.sizes.append(len(a))
        return a * 2 + b


@pytest.mark.parametrize("rows", [0, 1, 25, 26, 120])
def test_batches_make_the_rows_of_one_pass_in_their_order(rows: int) -> None:
    network = Seen()
    a, b = torch.arange(rows * 3.0).view(rows, 3), torch.randn(rows, 3)
    found = Trained(network, {}, {}, None)(a, b)
    assert torch.equal(found, a * 2 + b)
    assert sum(network.sizes) == rows
    assert max(network.sizes) <= learned.ON_CPU == 25


@pytest.mark.parametrize(
    ("classifier", "typed"),
    [
        ("resnet152", "resnet152"),
        ("mine.network", "mine.py:network"),
        ("MyNetwork", "FILE.py:FUNCTION"),
        ("timm:resnet152.a1_in1k", "timm:resnet152.a1_in1k"),
    ],
)
def test_what_to_type_for_want_of_weights_is_what_the_command_takes(classifier: str, typed: str) -> None:
    stranger = Target(classifier, "12" * 32, "cifar10", 10, (32, 32), torch.device("cpu"))
    assert str(unsuited("biggan-logit", stranger)).endswith(f"biggan-logit --classifier {typed}")


def test_what_ships_is_one_seed_of_what_the_command_trains() -> None:
    """All settings but the seed are the same: other seeds of it make one row with it."""
    settings = open_trainer("biggan-logit").recipe(seed=2).settings()
    shipped = entry("biggan-logit-robust_resnet152").facts["recipe"]
    assert {key: one for key, one in shipped.items() if key != "hash"} == settings | {"seed": 1}
