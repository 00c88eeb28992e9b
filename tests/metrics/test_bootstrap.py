import numpy as np
import pytest

from bench.errors import MetricError, UsageError
from bench.metrics import bootstrap
from bench.metrics.bootstrap import mean_ci, mean_cis, paired_difference


def test_covers_a_known_mean_about_95_times_in_100() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(200):
        _, low, high = mean_ci(rng.normal(1.5, 2, 100), resamples=400)
        hits += low <= 1.5 <= high
    assert 0.90 <= hits / 200 <= 0.98


def test_agrees_with_the_normal_interval() -> None:
    values = np.random.default_rng(1).normal(0, 1, 2_500)
    mean, low, high = mean_ci(values)
    half = 1.96 * values.std() / 50
    assert mean == pytest.approx(values.mean())
    assert [low, high] == pytest.approx([mean - half, mean + half], abs=half / 10)


def test_seeded_and_independent_of_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(2).random(100)
    first = mean_ci(values)
    assert mean_ci(values) == first
    assert mean_ci(values, seed=1) != first
    monkeypatch.setattr(bootstrap, "_CHUNK", 1_000)
    assert mean_ci(values) == pytest.approx(first, rel=1e-12)


@pytest.mark.parametrize("n", [7, 2_500, 120_000])
def test_many_columns_have_the_intervals_of_each(n: int) -> None:
    values = np.random.default_rng(3).normal(0, 1, (n, 3))
    found = mean_cis(values, resamples=40)
    assert found == pytest.approx(np.array([mean_ci(column, resamples=40) for column in values.T]), abs=1e-12)
    with pytest.raises(MetricError, match="no image"):
        mean_cis(np.empty((0, 2)))


def test_nan_is_left_out() -> None:
    assert mean_ci([1.0, np.nan, 3.0])[0] == 2
    assert paired_difference([1.0, np.nan, 3.0, 4.0], [0.0, 0.0, np.nan, 2.0])[0] == 1.5
    with pytest.raises(MetricError, match="no image"):
        mean_ci([np.nan])


def test_pairing_sees_what_the_means_hide() -> None:
    rng = np.random.default_rng(3)
    a = rng.normal(0, 10, 300)
    mean, low, high = paired_difference(a + 0.1 + rng.normal(0, 0.1, 300), a)
    assert 0 < low < mean < high < 0.2


def test_unpaired_values_are_refused() -> None:
    with pytest.raises(UsageError, match="one to one"):
        paired_difference([1.0], [1.0, 2.0])


def test_every_resample_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "_CHUNK", 70)  # 7 resamples a chunk, the last one shorter
    assert np.array_equal(bootstrap._resampled_means(np.full(10, 7.25), 50, 0), [7.25] * 50)


def test_counts_that_are_kept_are_those_that_are_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(4).normal(0, 1, (300, 2))
    kept = mean_cis(values, resamples=400), mean_cis(values, resamples=400), mean_ci(values[:, 0], resamples=400)
    monkeypatch.setattr(bootstrap, "_KEPT", 0)
    anew = mean_cis(values, resamples=400), mean_cis(values, resamples=400), mean_ci(values[:, 0], resamples=400)
    assert all(np.array_equal(np.asarray(a), np.asarray(b)) for a, b in zip(kept, anew, strict=True))
