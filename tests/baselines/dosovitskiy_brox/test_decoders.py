"""The decoders: shapes and parameter counts from the published tables, and the rule that scales them."""

import pytest
import torch
from torch import Tensor, nn

from baselines.dosovitskiy_brox.decoders import TABLE_2016A, TABLE_2016B, Decoder, Table

FC_4096 = 1000 * 4096 + 4096 + 2 * (4096 * 4096 + 4096)  # three layers on 1,000 logits


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def maps(decoder: Decoder) -> list[tuple[int, int]]:
    """Channels and pixels behind each convolution, as they come out of a forward pass."""
    found = []
    handles = [
        layer.register_forward_hook(lambda _, __, out: found.append((out.shape[1], out.shape[2])))
        for layer in decoder.up
        if not isinstance(layer, nn.LeakyReLU)
    ]
    decoder(torch.zeros(1, decoder.standardise.mean.numel(), device=decoder.standardise.mean.device))
    for handle in handles:
        handle.remove()
    return found


def test_2016a_at_factor_1_and_256_px_is_the_published_table() -> None:
    with torch.device("meta"):
        g = Decoder(1000, TABLE_2016A, factor=1, size=256)
    assert maps(g) == [
        (256, 8), (512, 8), (256, 16), (256, 16), (128, 32), (128, 32), (64, 64), (32, 128), (3, 256),
    ]  # fmt: skip
    up = 16 * (256 * 256 + 512 * 256 + 256 * 128 + 128 * 64 + 64 * 32 + 32 * 3)  # 4x4
    between = 9 * (256 * 512 + 256 * 256 + 128 * 128)  # 3x3
    assert count(g) == FC_4096 + up + between == 43_415_040


def test_2016b_at_factor_1_and_128_px_is_the_published_table() -> None:
    with torch.device("meta"):
        g = Decoder(1000, TABLE_2016B, factor=1, size=128)
    assert maps(g) == [(256, 8), (128, 16), (64, 32), (32, 64), (3, 128)]
    up = 25 * (256 * 256 + 256 * 128 + 128 * 64 + 64 * 32 + 32 * 3)  # 5x5
    biases = 256 + 128 + 64 + 32 + 3
    assert count(g) == FC_4096 + up + biases == 40_379_203


def test_at_32_px_the_layers_up_to_there_remain_and_the_last_writes_the_image() -> None:
    a, b = Decoder(10, TABLE_2016A, 1 / 4), Decoder(10, TABLE_2016B, 1 / 4)
    assert maps(a) == [(64, 8), (128, 8), (64, 16), (64, 16), (32, 32), (3, 32)]
    assert maps(b) == [(64, 8), (32, 16), (3, 32)]
    fc = (10 * 256 + 256) + (256 * 256 + 256) + (256 * 1024 + 1024)  # 4096 / 4^2 twice, then 16 x 256 / 4
    assert count(a) == fc + 16 * (64 * 64 + 128 * 64 + 64 * 32) + 9 * (64 * 128 + 64 * 64 + 32 * 3)
    assert count(b) == fc + 25 * (64 * 64 + 64 * 32 + 32 * 3) + 64 + 32 + 3


@pytest.mark.parametrize(("table", "slope"), [(TABLE_2016A, 0.3), (TABLE_2016B, 0.2)])
def test_leaky_relu_behind_every_layer_but_the_last_and_no_batch_norm(table: Table, slope: float) -> None:
    decoder = Decoder(10, table, 1 / 16)
    kinds = [type(layer).__name__ for layer in [*decoder.fc, *decoder.up]]
    assert kinds[1::2] == ["LeakyReLU"] * (len(kinds) // 2)
    assert {m.negative_slope for m in decoder.modules() if isinstance(m, nn.LeakyReLU)} == {slope}
    assert set(kinds) <= {"Linear", "LeakyReLU", "Conv2d", "ConvTranspose2d"}
    assert kinds[-1] != "LeakyReLU"


@pytest.mark.parametrize("table", [TABLE_2016A, TABLE_2016B])
def test_an_up_convolution_is_zeros_between_the_pixels_and_a_convolution(table: Table) -> None:
    layer = Decoder(10, table, 1 / 16).up[0]
    assert isinstance(layer, nn.ConvTranspose2d)
    maps_in = torch.randn(1, 16, 4, 4)
    kernel = layer.weight.transpose(0, 1).flip(2, 3)
    k = table.layers[0].kernel
    left = k - 1 - (k - 1) // 2  # of a full convolution 8x8 outputs are kept
    spread = torch.zeros(1, 16, 8 + k, 8 + k)
    spread[:, :, left : left + 8 : 2, left : left + 8 : 2] = maps_in
    expected = nn.functional.conv2d(spread, kernel, layer.bias)[:, :, :8, :8]
    torch.testing.assert_close(layer(maps_in), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("table", [TABLE_2016A, TABLE_2016B])
def test_initialisation_keeps_the_size_of_activations(table: Table) -> None:
    """He's rule keeps the second moment from layer to layer, but for what is lost at the borders of small maps."""
    torch.manual_seed(0)
    decoder = Decoder(100, table, 1 / 4)
    moments: list[float] = []

    def note(_: nn.Module, given: tuple[Tensor, ...], __: Tensor) -> None:
        moments.append(float(given[0].detach().square().mean()))

    for layer in [*decoder.fc, *decoder.up]:
        if not isinstance(layer, nn.LeakyReLU):
            layer.register_forward_hook(note)
    z = torch.randn(500, 100) * 7 - 2
    decoder.standardise.fit(z)
    decoder(z)
    assert moments[0] == pytest.approx(1, abs=0.01)
    assert all(0.5 < moment < 1.2 for moment in moments), moments


def test_the_image_is_the_linear_output_brought_from_about_minus_1_to_1_to_about_0_to_1() -> None:
    decoder = Decoder(5, TABLE_2016A, 1 / 16)
    z = torch.randn(3, 5)
    inside: list[Tensor] = []
    decoder.up.register_forward_hook(lambda _, __, out: inside.append(out))
    images = decoder(100 * z)
    assert images.min().item() < 0
    assert images.max().item() > 1
    torch.testing.assert_close(2 * images - 1, inside[0])
