import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from bench.errors import MetricError
from bench.metrics.pixel import psnr, ssim

RNG = np.random.default_rng(0)
A, B = (RNG.integers(0, 256, (4, 16, 12, 3), dtype=np.uint8) for _ in range(2))


def test_psnr_is_scikit_images() -> None:
    direct = [peak_signal_noise_ratio(a, b) for a, b in zip(A, B, strict=True)]  # type: ignore[no-untyped-call]
    np.testing.assert_allclose(psnr(A, B), direct, rtol=1e-10)


def test_psnr_of_a_known_error() -> None:
    np.testing.assert_allclose(psnr(np.zeros_like(A), np.full_like(A, 51)), 20 * np.log10(5))


def test_psnr_of_identical_images_is_nan() -> None:
    half = B.copy()
    half[1] = A[1]
    assert list(np.isnan(psnr(A, half))) == [False, True, False, False]


def test_ssim_is_scikit_images() -> None:
    direct = [
        structural_similarity(a, b, channel_axis=-1, win_size=7)  # type: ignore[no-untyped-call]
        for a, b in zip(A, B, strict=True)
    ]
    np.testing.assert_allclose(ssim(A, B), direct, rtol=1e-10)
    np.testing.assert_array_equal(ssim(A, A), np.ones(4))


def test_ssim_of_tiny_images_says_why() -> None:
    with pytest.raises(MetricError, match="at least 7x7"):
        ssim(A[:, :5], B[:, :5])
