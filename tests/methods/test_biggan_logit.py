"""The logit-conditioned BigGAN: parameter counts from the published tables, losses by hand, one step that helps."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.classifiers import LoadedClassifier
from bench.errors import TrainingError, WeightsError
from bench.inverters.base import Target
from bench.training import pairs as pairs_module
from bench.training.engine import Engine
from bench.training.inverters import MANTISSA, train_inverter
from bench.weights.files import load_file, rounded
from methods.biggan_logit.conditioning import (
    ConditionalBatchNorm,
    add_upsampled_,
    narrow_conv,
    taps_of,
    upsample,
    upsample_conv,
    upsampling_kernel,
)
from methods.biggan_logit.discriminator import Discriminator, halved
from methods.biggan_logit.generator import (
    NOISE_DIM,
    Generator,
    GeneratorBlock,
    effective_state,
    estimate_statistics,
    trainable_generator,
)
from methods.biggan_logit.inverter import BigGANLogit
from methods.biggan_logit.loss import discriminator_loss, generator_loss
from methods.biggan_logit.train import BigGANRecipe, BigGANTask
from tests.training.small import make

TINY = BigGANRecipe(name="tiny", channels=4, hidden=8, steps=6, batch=8)


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def last_of(mlp: nn.Sequential) -> nn.Linear:
    last = mlp[-1]
    assert isinstance(last, nn.Linear)
    return last


def test_discriminator_at_ch_64_has_the_published_parameters_less_one_bias() -> None:
    """BigGAN-PyTorch: 4,207,361 for 10 classes; our w1 has no bias, as the paper's formula has none."""
    assert count(Discriminator(10, channels=64)) == 4_207_361 - 1


def test_generator_at_ch_64_differs_from_biggan_pytorch_by_its_conditioning_alone() -> None:
    """BigGAN-PyTorch's CIFAR generator, z 128, ten classes embedded per BN, plain output BN: 4.30M.

    Derived from its layers: linear z -> 4x4x256; three blocks of two 3x3 and a 1x1 convolution; output convolution;
    6 conditional BNs of two 10 x 256 embeddings; an output BN with 2 x 256.
    """
    c = 256
    convolutions = 3 * (2 * (9 * c * c + c) + c * c + c) + (9 * c * 3 + 3)
    theirs = (128 * 16 * c + 16 * c) + convolutions + 6 * 2 * 10 * c + 2 * c
    assert theirs == 4_304_387
    k, h = 10, 128
    mlps = 7 * 2 * (k * h + h + h * c + c)
    ours = (NOISE_DIM * 16 * c + 16 * c) + convolutions + mlps
    assert count(Generator(k, channels=64, hidden=h)) == ours
    assert ours - theirs == mlps - (6 * 2 * 10 * c + 2 * c) - 8 * 16 * c


def test_losses_equal_hand_computed_values() -> None:
    real, fake = torch.tensor([2.0, 0.5]), torch.tensor([-3.0, 0.25])
    # max(-1, fake) = (-1, 0.25); min(1, real) = (1, 0.5); differences (-2, -0.25)
    assert discriminator_loss(real, fake).item() == pytest.approx(-1.125)
    assert generator_loss(fake).item() == pytest.approx(1.375)


def test_discriminator_is_the_projection_of_the_paper() -> None:
    d, images, z = Discriminator(5, channels=2), torch.rand(3, 3, 32, 32), torch.randn(3, 5)
    d.standardise.fit(torch.randn(100, 5) * 4 + 1)
    psi = d.psi(images)
    w = d.w1.weight + d.standardise(z) @ d.W2.weight.T  # (3, n_d)
    torch.testing.assert_close(d(images, z), (w * psi).sum(1))


def test_conditional_batch_norm_is_plain_where_the_mlps_vanish_and_affine_where_they_do_not() -> None:
    layer, y, z = ConditionalBatchNorm(4, 3, 8), torch.randn(6, 4, 5, 5), torch.randn(6, 3)
    normal = nn.functional.batch_norm(y, None, None, training=True)
    for mlp in (layer.gamma, layer.beta):
        nn.init.zeros_(last_of(mlp).weight)
        nn.init.zeros_(last_of(mlp).bias)
    torch.testing.assert_close(layer(y, z), normal)
    nn.init.constant_(last_of(layer.gamma).bias, 2.0)
    nn.init.constant_(last_of(layer.beta).bias, -1.0)
    torch.testing.assert_close(layer(y, z), 3 * normal - 1)


def test_effective_state_computes_what_the_spectrally_normalised_network_computes() -> None:
    torch.manual_seed(0)
    trained = trainable_generator(5, 2, 8).eval()
    plain = Generator(5, 2, 8)
    plain.load_state_dict(effective_state(trained))
    plain.eval()
    z, eps = torch.randn(4, 5), torch.randn(4, NOISE_DIM)
    torch.testing.assert_close(plain(z, eps), trained(z, eps))
    convolution = plain.blocks[0].conv1.weight.flatten(1)  # type: ignore[union-attr, operator]
    assert torch.linalg.matrix_norm(convolution, 2).item() == pytest.approx(1, abs=0.1)


def test_statistics_are_those_of_the_batches_and_inference_ignores_the_neighbours() -> None:
    torch.manual_seed(0)
    g = Generator(5, 2, 8)
    batches = [(torch.randn(8, 5), torch.randn(8, NOISE_DIM)) for _ in range(3)]
    estimate_statistics(g, batches)
    first: ConditionalBatchNorm = g.blocks[0].bn1  # type: ignore[assignment]
    means = [g.linear(eps).view(8, -1, 4, 4).mean((0, 2, 3)) for _, eps in batches]
    torch.testing.assert_close(first.norm.running_mean, torch.stack(means).mean(0))
    z, eps = batches[0]
    torch.testing.assert_close(g(z, eps)[:2], g(z[:2], eps[:2]), atol=1e-5, rtol=1e-4)


def test_a_step_of_g_lowers_its_loss_and_a_step_of_d_lowers_its_own(tiny_cifar: LoadedClassifier) -> None:
    task = make(BigGANTask, TINY, tiny_cifar, Engine())
    images, z = task.pairs.batch(0, 8)
    eps = torch.randn(8, NOISE_DIM)

    def losses() -> tuple[Tensor, Tensor]:
        fakes = task.g(z, eps)
        return discriminator_loss(task.d(images, z), task.d(fakes.detach(), z)), generator_loss(task.d(fakes, z))

    before_d, _ = losses()
    task.d_optimizer.zero_grad()
    before_d.backward()  # type: ignore[no-untyped-call]
    task.d_optimizer.step()
    after_d, before_g = losses()
    assert after_d.item() < before_d.item()
    task.g_optimizer.zero_grad()
    before_g.backward()  # type: ignore[no-untyped-call]
    task.g_optimizer.step()
    assert losses()[1].item() < before_g.item()


def test_training_resumes_to_the_very_same_weights(tiny_cifar: LoadedClassifier, tmp_path: Path) -> None:
    whole = train_inverter(make(BigGANTask, TINY, tiny_cifar, Engine()), tmp_path / "whole", resume=False)
    task = make(BigGANTask, TINY, tiny_cifar, Engine())
    for step in range(3):
        task.step(step)
    again = make(BigGANTask, TINY, tiny_cifar, Engine())
    again.load_state_dict(task.state_dict())
    for step in range(3, TINY.steps):
        again.step(step)
    expected, found = load_file(whole), again.averaged().state_dict()
    for name, value in expected.items():
        same = rounded(found[name], MANTISSA).float() if value.is_floating_point() else found[name]
        torch.testing.assert_close(same, value, msg=name)
    assert (tmp_path / "whole" / "samples-000006.png").exists()


def test_what_ships_does_not_depend_on_how_many_processes_share_a_batch(tiny_cifar: LoadedClassifier) -> None:
    task = make(BigGANTask, TINY, tiny_cifar, Engine())
    alone = task.averaged(batches=3).state_dict()
    task.pairs.engine = Engine(rank=0, processes=2)
    for name, value in task.averaged(batches=3).state_dict().items():
        assert torch.equal(value, alone[name]), name


def test_a_training_in_float64_looks_at_held_out_data_too(tiny_cifar: LoadedClassifier) -> None:
    task = make(BigGANTask, TINY, tiny_cifar, Engine(precision="float64"))
    task.step(0)
    assert 0 < task.validate()["val_mse"] < 1


def test_a_resumed_training_remembers_how_long_d_was_flat(tiny_cifar: LoadedClassifier) -> None:
    task, again = (make(BigGANTask, TINY, tiny_cifar, Engine()) for _ in range(2))
    flat = {"loss_d": 0.001, "fake_std": 0.2}
    assert all(task.alarm(flat) is None for _ in range(5))
    again.load_state_dict(task.state_dict())
    assert again.alarm(flat) is not None


def test_another_recipe_is_refused_on_resume(tiny_cifar: LoadedClassifier) -> None:
    task = make(BigGANTask, TINY, tiny_cifar, Engine())
    other = make(BigGANTask, replace(TINY, lr_g=1.0), tiny_cifar, Engine())
    with pytest.raises(TrainingError, match="another method or recipe"):
        other.load_state_dict(task.state_dict())


def test_collapse_and_divergence_ring(tiny_cifar: LoadedClassifier) -> None:
    task = make(BigGANTask, TINY, tiny_cifar, Engine())
    flat = {"loss_d": 0.001, "fake_std": 0.2}
    assert [task.alarm(flat) is None for _ in range(6)] == [True] * 5 + [False]
    assert "same image" in (task.alarm({"loss_d": 1.0, "fake_std": 0.0}) or "")


def test_weights_of_another_classifier_are_refused(tiny_cifar: LoadedClassifier, tmp_path: Path) -> None:
    weights = train_inverter(
        make(BigGANTask, replace(TINY, steps=1), tiny_cifar, Engine()), tmp_path / "w", resume=False
    )
    target = Target("linear", "ab" * 32, "cifar10", 5, (32, 32), torch.device("cpu"))
    inverter = BigGANLogit(target, weights)
    images = inverter.invert(torch.randn(2, 5), [1, 2])
    assert images.shape == (2, 3, 32, 32)
    assert math.isclose(inverter.recipe["steps"] if inverter.recipe else 0, 1)
    stranger = replace(target, classifier_sha256="cd" * 32)
    with pytest.raises(WeightsError, match="was trained for linear"):
        BigGANLogit(stranger, weights)
    assert "Train them" in (BigGANLogit.skip(stranger) or "")


def test_mirrored_images_carry_their_own_logits(tiny_cifar: LoadedClassifier) -> None:
    data = pairs_module.TrainingPairs(tiny_cifar, Engine(), seed=1)
    for step in range(4):
        images, z = data.batch(step, 8)
        torch.testing.assert_close(tiny_cifar.network(images), z, atol=1e-5, rtol=1e-5)
    assert not np.allclose(*data.views)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("size", [(1, 1), (4, 4), (5, 3)])
def test_one_transposed_convolution_is_upsampling_and_convolving(size: tuple[int, int], bias: bool) -> None:
    conv = nn.Conv2d(3, 7, 3, padding=1, bias=bias).double()
    x = torch.randn(2, 3, *size, dtype=torch.float64, requires_grad=True)
    expected, found = conv(upsample(x)), upsample_conv(x, upsampling_kernel(conv.weight), conv.bias)
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)
    slope = torch.randn_like(expected)
    wanted = torch.autograd.grad(expected, (x, conv.weight), slope)
    for a, b in zip(torch.autograd.grad(found, (x, conv.weight), slope), wanted, strict=True):
        torch.testing.assert_close(a, b, atol=1e-12, rtol=0)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("size", [(1, 1), (4, 4), (5, 3)])
def test_shifted_sums_of_products_are_a_convolution(size: tuple[int, int], bias: bool) -> None:
    conv = nn.Conv2d(6, 3, 3, padding=1, bias=bias).double().requires_grad_(False)
    x = torch.randn(2, 6, *size, dtype=torch.float64)
    found = narrow_conv(x, taps_of(conv.weight), conv.bias)
    torch.testing.assert_close(found, conv(x), atol=1e-12, rtol=0)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_an_upsampled_image_is_added_alike_with_and_without_gradients(layout: torch.memory_format) -> None:
    large, small = (torch.randn(2, 3, 4 * k, 2 * k).contiguous(memory_format=layout) for k in (2, 1))
    wanted = large + upsample(small)
    room = large.clone()
    with torch.no_grad():
        found = add_upsampled_(room, small)
    assert torch.equal(found, wanted)
    assert found.data_ptr() == room.data_ptr()
    assert torch.equal(add_upsampled_(large.clone(), small), wanted)


def test_a_frozen_generator_makes_the_same_images_and_saves_the_same_weights() -> None:
    torch.manual_seed(0)
    generator = Generator(5, channels=4, hidden=8).double().eval().requires_grad_(False)
    z, eps = torch.randn(3, 5).double(), torch.randn(3, NOISE_DIM).double()
    before, names = generator(z, eps), set(generator.state_dict())
    generator.freeze()
    frozen = generator(z, eps)
    torch.testing.assert_close(frozen, before, atol=1e-12, rtol=0)
    assert set(generator.state_dict()) == names
    for block in generator.blocks.children():
        assert isinstance(block, GeneratorBlock)
        block.conv1.weight.zero_()
    generator.conv.weight.zero_()
    assert torch.equal(generator(z, eps), frozen)  # they are no longer looked at


def test_stored_statistics_give_the_two_steps_in_one() -> None:
    layer, y, z = ConditionalBatchNorm(4, 3, 8).double(), torch.randn(6, 4, 5, 5).double(), torch.randn(6, 3).double()
    layer.train()(3 * y + 1, z)
    layer.eval()
    gamma, beta = 1 + layer.gamma(z), layer.beta(z)
    expected = gamma[:, :, None, None] * layer.norm(y) + beta[:, :, None, None]
    torch.testing.assert_close(layer(y, z), expected, atol=1e-12, rtol=0)
    assert not torch.allclose(layer.norm.running_mean, torch.zeros(4).double())  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_halved_is_average_pooling_with_its_gradient(dtype: torch.dtype) -> None:
    x = torch.randn(3, 5, 8, 6).to(dtype).to(memory_format=torch.channels_last)
    weight = torch.randn(3, 5, 4, 3).to(dtype)
    ours, theirs = (x.clone().requires_grad_() for _ in range(2))
    (halved(ours) * weight).sum().backward()  # type: ignore[no-untyped-call]
    (F.avg_pool2d(theirs, 2) * weight).sum().backward()  # type: ignore[no-untyped-call]
    assert torch.equal(halved(x), F.avg_pool2d(x, 2))
    assert ours.grad is not None
    assert theirs.grad is not None
    assert torch.equal(ours.grad, theirs.grad)
