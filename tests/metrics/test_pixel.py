import subprocess
import sys

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from bench.errors import MetricError
from bench.metrics.pixel import psnr, ssim

RNG = np.random.default_rng(0)
A, B = (RNG.integers(0, 256, (4, 16, 12, 3), dtype=np.uint8) for _ in range(2))


@pytest.mark.parametrize("size", [8, 32, 33, 224])
def test_psnr_is_scikit_images_to_the_bit(size: int) -> None:
    a, b = RNG.integers(0, 256, (2, 20, size, size, 3), dtype=np.uint8)
    b[10:] = np.clip(a[10:] + RNG.integers(-1, 2, b[10:].shape), 0, 255)  # nearly the same
    direct = [peak_signal_noise_ratio(x / 255, y / 255, data_range=1) for x, y in zip(a, b, strict=True)]  # type: ignore[no-untyped-call]
    assert psnr(a, b).tolist() == direct


def test_scipys_statistics_are_not_imported() -> None:
    code = (
        "import sys, numpy as np; from bench.metrics.pixel import psnr, ssim; "
        "a = np.zeros((1, 8, 8, 3), np.uint8); psnr(a, a + 1), ssim(a, a + 1); assert 'scipy.stats' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


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
