"""The discretised mixture of logistics (Salimans et al. 2017, section 2.1 and 2.2): probabilities of 256 levels.

A pixel's three values share one component of the mixture; within it green's mean moves with the red value that is
there, blue's with red and green:

    P(x) = sum_m pi_m prod_c [F((x_c + 1/255 - mu_mc) / s_mc) - F((x_c - 1/255 - mu_mc) / s_mc)]

F is the logistic function; the bin of level 0 reaches down to minus infinity, that of level 255 up to infinity.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

LEVELS = 256
HALF = 1 / (LEVELS - 1)  # of a bin's width, for values in [-1, 1]
LEAST = -7.0  # the logarithm of a scale at least
PER_COMPONENT = 10  # numbers: a weight, and three means, log-scales and coefficients
MEANS, LOG_SCALES, COEFFICIENTS = slice(1, 4), slice(4, 7), slice(7, 10)


def to_values(images: Tensor) -> Tensor:
    """Images in [0, 1] to the nearest of 256 levels, as values in [-1, 1]."""
    return (images * (LEVELS - 1)).round() / (LEVELS - 1) * 2 - 1


def log_probability(parameters: Tensor, x: Tensor) -> Tensor:
    """log P(x) of each pixel, in nats.

    The bin's mass is F(b) - F(a) = F(b) F(-a) (1 - exp(a - b)), so that its logarithm has no small differences; it is
    exact, where public code puts the density in place of small masses.

    Args:
        parameters: (N, 10 M, H, W): weights of M components before the softmax; then, each for red, green and blue,
            means, log-scales and coefficients before the tanh.
        x: (N, 3, H, W), levels as values in [-1, 1].

    Returns:
        (N, H, W).
    """
    n, channels, height, width = parameters.shape
    split = parameters.contiguous().view(n, PER_COMPONENT, channels // PER_COMPONENT, height, width)
    values = x[:, :, None]  # (N, 3, 1, H, W)
    means = moved(split[:, MEANS], split[:, COEFFICIENTS].tanh(), values)
    log_scales = split[:, LOG_SCALES].clamp_min(LEAST)
    inverse = torch.exp(-log_scales)
    centred = values - means  # (N, 3, M, H, W)
    below = F.logsigmoid(inverse * (centred + HALF))  # log F(b)
    above = F.logsigmoid(-inverse * (centred - HALF))  # log F(-a)
    inner = below + above + torch.log(-torch.expm1(-2 * HALF * inverse))
    each = torch.where(values < -1 + HALF, below, torch.where(values > 1 - HALF, above, inner))
    return torch.logsumexp(each.sum(1) + split[:, 0].log_softmax(1), dim=1)


def moved(means: Tensor, coefficients: Tensor, values: Tensor) -> Tensor:
    """The means (N, 3, M, ...) of a pixel's colours, given the values (N, 3, 1, ...) of the colours before each."""
    red, green = values[:, 0], values[:, 1]
    a, b, c = coefficients.unbind(1)
    first, second, third = means.unbind(1)
    return torch.stack([first, second + a * red, third + b * red + c * green], dim=1)


def draw(parameters: Tensor, uniform: Tensor) -> Tensor:
    """Values of pixels by inverting the distribution functions: the component, then colour by colour.

    Args:
        parameters: (N, 10 M), as above, of a pixel each.
        uniform: (N, 4) in (0, 1): for the component, red, green and blue.

    Returns:
        (N, 3), levels as values in [-1, 1].
    """
    split = parameters.view(len(parameters), PER_COMPONENT, -1)  # (N, 10, M)
    cumulated = split[:, 0].softmax(1).cumsum(1)
    chosen = (cumulated < uniform[:, :1] * cumulated[:, -1:]).sum(1)  # (N,)
    mine = split[torch.arange(len(split), device=split.device), :, chosen]  # (N, 10)
    spread = mine[:, LOG_SCALES].clamp_min(LEAST).exp() * uniform[:, 1:].logit()
    coefficients = mine[:, COEFFICIENTS].tanh()
    x = torch.zeros_like(spread)
    for colour in range(3):  # each mean is moved by the values before
        mean = moved(mine[:, MEANS], coefficients, x)[:, colour]
        x[:, colour] = to_values(((mean + spread[:, colour] + 1) / 2).clamp(0, 1))
    return x


def bits(nats: Tensor) -> Tensor:
    """Nats to bits."""
    return nats / math.log(2)
