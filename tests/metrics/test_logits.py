import numpy as np

from bench.metrics.logits import logit_cosine, logit_error

RNG = np.random.default_rng(0)
Z, Z_HAT = (RNG.normal(3, 1, (6, 5)).astype(np.float32) for _ in range(2))


def test_logit_error_by_hand() -> None:
    np.testing.assert_allclose(logit_error(np.array([[3.0, 4.0]]), np.array([[3.0, 5.0]])), [0.2])
    np.testing.assert_array_equal(logit_error(Z, Z), np.zeros(6))


def test_logit_cosine_ignores_the_common_mean() -> None:
    u, v = Z - Z.mean(0), Z_HAT - Z.mean(0)
    expected = [a @ b / np.sqrt(a @ a * (b @ b)) for a, b in zip(u, v, strict=True)]
    np.testing.assert_allclose(logit_cosine(Z, Z_HAT), expected, rtol=1e-4)
    np.testing.assert_allclose(logit_cosine(Z + 7, Z_HAT + 7), expected, rtol=1e-3)
    np.testing.assert_allclose(logit_cosine(Z, Z), np.ones(6))


def test_what_has_no_direction_is_nan() -> None:
    assert np.isnan(logit_cosine(Z[:1], Z_HAT[:1])).all()
    assert np.isnan(logit_error(np.zeros((1, 3)), np.ones((1, 3)))).all()
