from __future__ import annotations

import numpy as np
import pytest

from bench.errors import MetricError
from bench.metrics.bootstrap import mean_ci
from bench.probes.kept import NO_WAY, kept


@pytest.mark.parametrize("sign", [1, -1])
def test_the_way_kept_is_the_ratio_of_the_means(sign: int) -> None:
    rng = np.random.default_rng(1)
    alone = rng.normal(size=500)
    full, level = alone + sign * rng.normal(1, 0.5, 500), alone + sign * rng.normal(0.4, 0.5, 500)
    found = kept(level, full, alone, up=sign > 0).values
    assert found.mean() == pytest.approx((level - alone).mean() / (full - alone).mean())
    assert (kept(full, full, alone, up=sign > 0).values == 1).all()
    assert (kept(alone, full, alone, up=sign > 0).values == 0).all()
    rows = rng.integers(500, size=(4_000, 500))
    ratios = (level - alone)[rows].mean(axis=1) / (full - alone)[rows].mean(axis=1)
    np.testing.assert_allclose(mean_ci(found)[1:], np.quantile(ratios, [0.025, 0.975]), atol=0.01)
    with pytest.raises(MetricError, match=NO_WAY):
        kept(level, full, alone, up=sign < 0)


def test_no_way_is_no_number() -> None:
    one = np.ones(5)
    with pytest.raises(MetricError, match=NO_WAY):
        kept(one, one, one, up=True)
    with pytest.raises(MetricError, match=NO_WAY):  # of one image no interval says what is certain
        kept(one[:1] + 1, one[:1] + 2, one[:1], up=True)
    with pytest.raises(MetricError, match="no value"):
        kept(one * np.nan, one, one, up=True)
    assert np.isnan(kept(one, np.array([2, 2, 2, 2, np.nan]), one, up=True).values).tolist() == [False] * 4 + [True]
