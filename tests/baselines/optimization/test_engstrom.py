"""``engstrom``: a step of the published size, and who needs features."""

from __future__ import annotations

import pytest
from torch import nn

from baselines.optimization.engstrom import Engstrom, EngstromFeatures
from tests.baselines.optimization.small import target


def test_engstroms_step_keeps_its_size_a_value() -> None:
    assert Engstrom(target(side=224)).plan.rates[0] == 1
    assert Engstrom(target(side=32)).plan.rates[0] == pytest.approx(1 / 7)


def test_features_are_needed_for_engstrom_features() -> None:
    reason = EngstromFeatures.skip(target(network=nn.Sequential(nn.Flatten(), nn.Linear(3072, 6))))
    assert reason is not None
    assert "engstrom" in reason
    assert EngstromFeatures.skip(target()) is None
