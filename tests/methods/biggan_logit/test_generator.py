"""The generator: the published parameters, what is stored computes what was trained, shipped weights fit."""

import json

import pytest
import torch

from bench.weights.files import load_shipped, manifest, metadata
from methods.biggan_logit.attention import SelfAttention
from methods.biggan_logit.conditioning import ConditionalBatchNorm
from methods.biggan_logit.generator import (
    NOISE_DIM,
    Generator,
    GeneratorBlock,
    effective_state,
    estimate_statistics,
    generator_of,
    trainable_generator,
)
from tests.methods.biggan_logit.small import count


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


@pytest.mark.networks
@pytest.mark.parametrize("name", [n for n, e in manifest().items() if "biggan-logit" in e.facts.get("methods", [])])
def test_shipped_weights_fit_the_network_that_their_settings_describe(name: str) -> None:
    settings, size = json.loads(metadata(manifest()[name].path)["recipe"]), manifest()[name].facts["image_size"]
    state = load_shipped(name)
    network = generator_of(len(state["standardise.mean"]), size, settings)
    network.load_state_dict(state)
    attention, blocks = {32: (0, 3), 64: (1, 4)}[size]
    assert sum(isinstance(m, SelfAttention) for m in network.modules()) == attention
    assert sum(isinstance(m, ConditionalBatchNorm) for m in network.modules()) == 2 * blocks + 1
