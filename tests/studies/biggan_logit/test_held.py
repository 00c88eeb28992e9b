"""What autograd keeps, counted by hand."""

import torch

from studies.biggan_logit.held import Held


def test_held_counts_each_storage_once_and_as_long_as_it_is_kept() -> None:
    x = torch.randn(100, requires_grad=True)
    with Held() as held:
        y = x.square() + x.sin()  # both keep x
        assert held.now == 400
        z = y.exp()  # keeps its own result
        assert held.now == 800
        z.sum().backward()  # type: ignore[no-untyped-call]
        assert held.now == 0
    assert held.peak == 800
