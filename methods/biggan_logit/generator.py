"""G(z, eps): BigGAN's generator at 32x32 with every batch normalisation conditioned on the logits."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from bench.standardise import Standardise
from methods.biggan_logit.conditioning import ConditionalBatchNorm, orthogonal_, spectral_norm_, upsample

NOISE_DIM = 120
SCALE = 10**0.5  # G sees z with mean squared norm 10: gammas then start with a spread of about 0.2


class GeneratorBlock(nn.Module):
    """BN, ReLU, upsample, convolution, BN, ReLU, convolution, around an upsampled 1x1 shortcut."""

    def __init__(self, c_in: int, c_out: int, num_logits: int, hidden: int) -> None:
        super().__init__()
        self.bn1 = ConditionalBatchNorm(c_in, num_logits, hidden)
        self.bn2 = ConditionalBatchNorm(c_out, num_logits, hidden)
        self.conv1 = nn.Conv2d(c_in, c_out, 3, padding=1)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1)
        self.shortcut = nn.Conv2d(c_in, c_out, 1)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """x (N, c_in, H, W) and z (N, K) to (N, c_out, 2H, 2W)."""
        h = self.conv1(upsample(F.relu(self.bn1(x, z))))
        h = self.conv2(F.relu(self.bn2(h, z)))
        shortcut: Tensor = self.shortcut(x)
        out: Tensor = h + upsample(shortcut)  # 1x1 and nearest neighbour commute: convolve the small image
        return out


class Generator(nn.Module):
    """G(z, eps), three blocks from 4x4 to 32x32, all of width 4 ``channels``.

    Args:
        num_logits: K.
        channels: BigGAN's ``ch``.
        hidden: width of the conditioning MLPs.
    """

    def __init__(self, num_logits: int, channels: int = 24, hidden: int = 128) -> None:
        super().__init__()
        width = 4 * channels
        self.width = width
        self.standardise = Standardise(num_logits)
        self.linear = nn.Linear(NOISE_DIM, width * 4 * 4)
        self.blocks = nn.ModuleList(GeneratorBlock(width, width, num_logits, hidden) for _ in range(3))
        self.bn = ConditionalBatchNorm(width, num_logits, hidden)
        self.conv = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, logits: Tensor, eps: Tensor) -> Tensor:
        """Logits (N, K) and noise (N, 120) to images (N, 3, 32, 32) in [0, 1]."""
        z = SCALE * self.standardise(logits)
        h = self.linear(eps).view(-1, self.width, 4, 4).contiguous(memory_format=torch.channels_last)
        for block in self.blocks:
            h = block(h, z)  # (N, 4 ch, 8 | 16 | 32, ...)
        x = torch.tanh(self.conv(F.relu(self.bn(h, z))))
        return (x + 1) / 2


def trainable_generator(num_logits: int, channels: int, hidden: int) -> Generator:
    """A generator as it is trained: orthogonal start, spectral norm everywhere but in the conditioning MLPs."""
    generator = Generator(num_logits, channels, hidden)
    orthogonal_(generator)
    spectral_norm_(generator, skip=ConditionalBatchNorm)
    return generator


@torch.no_grad()
def effective_state(generator: Generator) -> dict[str, Tensor]:
    """The state of the plain network that a spectrally normalised one computes: weights already divided."""
    mode = generator.training
    generator.eval()  # no power iteration from looking
    state = {n: v for n, v in generator.state_dict().items() if ".parametrizations." not in n}
    for name, module in generator.named_modules():
        if parametrize.is_parametrized(module):
            state[f"{name}.weight"] = module.weight
    generator.train(mode)
    return state


@torch.no_grad()
def estimate_statistics(generator: Generator, batches: list[tuple[Tensor, Tensor]]) -> None:
    """Re-estimate every BN mean and variance as the plain average over (logits, noise) batches, in place."""
    norms = [m for m in generator.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # cumulative average
    generator.train()
    for logits, eps in batches:
        generator(logits, eps)
    generator.eval()
