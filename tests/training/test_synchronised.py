"""Synchronised statistics: two processes with half of a batch each see the statistics of the whole.

That whole trainings follow the curve of one process is what ``test_processes.py`` shows.
"""

from __future__ import annotations

import threading

import pytest
import torch
from torch import Tensor, nn

from bench.training import synchronised
from bench.training.synchronised import SynchronisedBatchNorm2d, synchronise_statistics


class Two:
    """In place of ``torch.distributed``: two threads for two processes."""

    def __init__(self) -> None:
        self.meeting, self.values = threading.Barrier(2, timeout=60), dict[int, Tensor]()

    def get_world_size(self) -> int:
        return 2

    def all_reduce(self, values: Tensor) -> None:
        self.values[threading.get_ident()] = values.clone()
        self.meeting.wait()
        total = sum(self.values.values())
        self.meeting.wait()  # all have read before anybody writes the next
        values.copy_(total)  # type: ignore[arg-type]
        if self.meeting.wait() == 0:
            self.values.clear()
        self.meeting.wait()


def norm(momentum: float | None) -> nn.BatchNorm2d:
    torch.manual_seed(1)
    layer = nn.BatchNorm2d(3, momentum=momentum).double()
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.bias)
    return layer


@pytest.mark.parametrize("momentum", [0.1, None])
def test_two_halves_are_normalised_as_the_whole(momentum: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synchronised, "dist", Two())
    x, slope = (torch.randn(8, 3, 4, 5).double() for _ in range(2))
    whole, given = norm(momentum), x.clone().requires_grad_()
    expected = whole(given)
    expected.backward(slope)
    halves = [synchronise_statistics(norm(momentum)) for _ in range(2)]
    found: dict[int, tuple[Tensor, Tensor]] = {}

    def process(rank: int) -> None:
        part = x.chunk(2)[rank].clone().requires_grad_()
        answer = halves[rank](part)
        answer.backward(slope.chunk(2)[rank])
        assert part.grad is not None
        found[rank] = answer.detach(), part.grad

    threads = [threading.Thread(target=process, args=(rank,)) for rank in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    torch.testing.assert_close(torch.cat([found[0][0], found[1][0]]), expected.detach())
    torch.testing.assert_close(torch.cat([found[0][1], found[1][1]]), given.grad)
    for half in halves:
        torch.testing.assert_close(half.running_mean, whole.running_mean)
        torch.testing.assert_close(half.running_var, whole.running_var)


def test_in_evaluation_the_stored_statistics_are_used_and_nobody_is_asked() -> None:
    layer = norm(0.1)
    layer(torch.randn(4, 3, 2, 2).double())
    layer.eval()
    x = torch.randn(4, 3, 2, 2).double()
    expected = layer(x)
    assert torch.equal(synchronise_statistics(layer)(x), expected)


def test_only_plain_normalisations_are_changed_and_weights_stay() -> None:
    class Own(nn.BatchNorm2d):
        """Somebody's own, which may do something else."""

    network = nn.Sequential(
        nn.BatchNorm2d(3), nn.Sequential(nn.BatchNorm2d(3, affine=False)), Own(3), nn.BatchNorm1d(3)
    )
    before = network.state_dict()
    synchronise_statistics(network)
    kinds = [type(module) for module in network.modules() if not isinstance(module, nn.Sequential)]
    assert kinds == [SynchronisedBatchNorm2d, SynchronisedBatchNorm2d, Own, nn.BatchNorm1d]
    assert all(
        value is before[name] or torch.equal(value, before[name]) for name, value in network.state_dict().items()
    )
