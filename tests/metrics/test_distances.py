import numpy as np
import pytest
import torch
import torch_fidelity
from scipy.linalg import sqrtm

from bench.errors import MetricError
from bench.metrics import distances
from bench.metrics.distances import KID_SUBSET_SIZE, KID_SUBSETS, frechet, kid, subset
from bench.metrics.features import open_extractor
from tests.metrics.random_inception import Images, Penultimate
from tests.metrics.small_networks import Small

RNG = np.random.default_rng(0)


def with_moments(mean: np.ndarray, covariance: np.ndarray, n: int = 400) -> np.ndarray:
    """n samples whose sample mean and covariance are exactly these."""
    x = RNG.normal(size=(n, len(mean)))
    x -= x.mean(0)
    whiten = np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False)))
    made: np.ndarray = x @ whiten.T @ np.linalg.cholesky(covariance).T + mean
    return made


def test_frechet_of_two_gaussians_in_closed_form() -> None:
    mixed = RNG.normal(size=(2, 5, 5))
    a_cov, b_cov = (m @ m.T + np.eye(5) for m in mixed)
    a_mean, b_mean = RNG.normal(size=(2, 5))
    closed = ((a_mean - b_mean) ** 2).sum() + np.trace(a_cov + b_cov - 2 * sqrtm(a_cov @ b_cov).real)
    assert frechet(with_moments(a_mean, a_cov), with_moments(b_mean, b_cov)) == pytest.approx(closed, rel=1e-6)


def test_frechet_of_a_shift_is_its_square() -> None:
    a = RNG.normal(size=(300, 4)).astype(np.float32)
    assert frechet(a, a + np.float32(0.5)) == pytest.approx(4 * 0.25, rel=1e-4)
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)


def brute_force_kid(a: np.ndarray, b: np.ndarray) -> float:
    """Unbiased MMD^2 with k(x, y) = (x.y / F + 1)^3, summed pair by pair."""
    m, f = a.shape
    total = 0.0
    for i in range(m):
        for j in range(m):
            if i != j:
                total += ((a[i] @ a[j] / f + 1) ** 3 + (b[i] @ b[j] / f + 1) ** 3) / (m * (m - 1))
            total -= 2 * (a[i] @ b[j] / f + 1) ** 3 / (m * m)
    return total


def test_kid_by_brute_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distances, "KID_SUBSETS", 3)
    monkeypatch.setattr(distances, "KID_SUBSET_SIZE", 30)
    a, b = RNG.normal(size=(60, 6)), RNG.normal(0.3, 1, size=(60, 6))
    expected = [brute_force_kid(a[subset(60, "a", k)], b[subset(60, "b", k)]) for k in range(3)]
    found = kid(a, b)
    np.testing.assert_allclose(found.subsets, expected, rtol=1e-9)
    assert found.mean == pytest.approx(np.mean(expected))
    assert found.std == pytest.approx(np.std(expected))


def test_kid_subsets_are_fixed_and_without_repetition(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (KID_SUBSETS, KID_SUBSET_SIZE) == (100, 500)
    monkeypatch.setattr(distances, "KID_SUBSETS", 4)
    a = RNG.normal(size=(600, 4))
    shifted = kid(a, a + 0.1)
    assert kid(a, a + 0.1).subsets == shifted.subsets
    assert kid(a, a).mean < shifted.mean
    rows = subset(600, "a", 7)
    assert len(set(rows.tolist())) == 500
    assert rows.tolist() == subset(600, "a", 7).tolist() != subset(600, "b", 7).tolist()


def test_kid_agrees_with_torch_fidelitys_whole_path(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from torch_fidelity.metric_kid import kid_features_to_metric

    monkeypatch.setattr(distances, "KID_SUBSET_SIZE", 100)
    a, b = RNG.normal(size=(500, 8)), RNG.normal(0.3, 1, size=(500, 8))
    theirs = kid_features_to_metric(
        torch.from_numpy(a), torch.from_numpy(b), kid_subsets=100, kid_subset_size=100, verbose=False
    )
    found = kid(a, b)
    # Other subsets of the same data: the means agree to within their standard errors.
    assert found.mean == pytest.approx(theirs["kernel_inception_distance_mean"], abs=3 * found.std / 10)


def test_too_few_or_broken_features() -> None:
    with pytest.raises(MetricError, match="At least 500"):
        kid(np.zeros((10, 2)), np.zeros((10, 2)))
    with pytest.raises(MetricError, match="At least 2"):
        frechet(np.zeros((1, 2)), np.zeros((5, 2)))
    with pytest.raises(MetricError, match="not finite"):
        frechet(np.full((5, 2), np.nan), np.zeros((5, 2)))


def test_frechet_is_what_torch_fidelity_calculates() -> None:
    rng = np.random.default_rng(0)
    a = rng.integers(0, 256, (80, 8, 8, 3), dtype=np.uint8)
    b = rng.integers(0, 200, (80, 8, 8, 3), dtype=np.uint8)
    net = Small(0).eval()
    torch_fidelity.register_feature_extractor("bench-small", type("Known", (Penultimate,), {"network": net}))
    theirs = torch_fidelity.calculate_metrics(
        input1=Images(a), input2=Images(b), fid=True, feature_extractor="bench-small", cuda=False, cache=False,
        batch_size=16, save_cpu_ram=True, verbose=False,
    )  # fmt: skip
    extract = open_extractor("small", "", net, torch.device("cpu"))
    ours = frechet(extract(a)["features"], extract(b)["features"])
    assert ours == pytest.approx(theirs["frechet_inception_distance"], rel=1e-4)


def test_the_smallest_sets_that_have_a_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distances, "KID_SUBSETS", 2)
    few = RNG.normal(size=(KID_SUBSET_SIZE, 3))
    assert len(kid(few, few).subsets) == 2
    with pytest.raises(MetricError, match="At least 500 images"):
        kid(few, few[1:])
    assert frechet(few[:2], few[:2]) == pytest.approx(0, abs=1e-6)
    with pytest.raises(MetricError, match="At least 2 images"):
        frechet(few[:2], few[:1])
