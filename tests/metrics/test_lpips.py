from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.metrics.extractors.lpips_alex import load_lpips
from bench.metrics.lpips import enlarged, lpips_distance
from bench.weights.files import load_shipped
from studies.zoo.make_lpips import LPIPS_CONVOLUTIONS

pytestmark = pytest.mark.networks


@pytest.fixture(scope="module")
def net() -> nn.Module:
    return load_lpips()


def images(seed: int, side: int = 64, n: int = 3) -> Tensor:
    return torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(seed))


def by_hand(a: Tensor, b: Tensor) -> Tensor:
    """LPIPS v0.1 written down from the paper (eq. 1): unit features, squared differences, weights, spatial mean."""
    import lpips

    convolutions = load_shipped("lpips_alex")
    linear = torch.load(Path(lpips.__file__).parent / "weights/v0.1/alex.pth", "cpu", weights_only=True)
    shift, scale = (torch.tensor(v).view(1, 3, 1, 1) for v in ((-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)))
    x = torch.cat([a, b])
    x = (2 * x - 1 - shift) / scale
    total = torch.zeros(len(a))
    for layer, (name, stride, padding) in enumerate(
        zip(LPIPS_CONVOLUTIONS, (4, 1, 1, 1, 1), (2, 2, 1, 1, 1), strict=True)
    ):
        if layer in (1, 2):
            x = F.max_pool2d(x, 3, 2)
        x = F.conv2d(x, convolutions[f"{name}.weight"], convolutions[f"{name}.bias"], stride, padding).relu()
        unit = x / (x.norm(dim=1, keepdim=True) + 1e-10)
        u, v = unit.chunk(2)
        weight = linear[f"lin{layer}.model.1.weight"].view(1, -1, 1, 1)
        total += (weight * (u - v) ** 2).sum(1).mean((1, 2))
    return total


def test_equals_the_formula(net: nn.Module) -> None:
    a, b = images(0), images(1)
    torch.testing.assert_close(lpips_distance(net, a, b), by_hand(a, b), atol=1e-5, rtol=1e-4)


def test_equals_the_package_called_directly(net: nn.Module) -> None:
    a, b = images(0), images(1)
    direct = net(2 * a - 1, 2 * b - 1).flatten()  # the package's own convention is [-1, 1]
    torch.testing.assert_close(lpips_distance(net, a, b), direct, atol=1e-4, rtol=0)


def test_small_images_are_enlarged_and_large_ones_are_not(net: nn.Module) -> None:
    a, b = images(0, 32), images(1, 32)
    big = [F.interpolate(x, (64, 64), mode="bicubic", antialias=True) for x in (a, b)]
    assert torch.equal(lpips_distance(net, a, b), lpips_distance(net, *big))
    assert enlarged(images(0, 80)).shape == (3, 3, 80, 80)
    assert enlarged(images(0, 80)[..., :20]).shape == (3, 3, 80, 64)


def test_identical_images_have_distance_zero(net: nn.Module) -> None:
    assert torch.equal(lpips_distance(net, images(0, 32), images(0, 32)), torch.zeros(3))


def test_one_distance_an_image(net: nn.Module) -> None:
    a, b = images(0, 32), images(1, 32)
    singly = torch.cat([lpips_distance(net, a[i : i + 1], b[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(lpips_distance(net, a, b), singly, atol=1e-6, rtol=1e-5)
