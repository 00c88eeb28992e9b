"""Weights in eight bits: a matrix or kernel as integers with one scale an output channel.

The step of a channel is its largest absolute weight / 127, as in symmetric per-channel quantisation (Krishnamoorthi
2018, "Quantizing deep convolutional networks for efficient inference", section 2.2). Inside an xz container that is a
third smaller than fp16 with 7 bits of mantissa. Vectors (biases, statistics of normalisation) are
fp16, the steps float32.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

SCALE = "::scale"  # behind a tensor's name: the name of its channels' steps
LEVELS = 127


def in_rows(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Every float tensor (C, ...) of two or more dimensions as int8, its steps (C,) beside it; other floats as fp16."""
    packed: dict[str, Tensor] = {}
    for name, value in state.items():
        if value.ndim < 2 or not value.is_floating_point():
            packed[name] = value.half() if value.is_floating_point() else value
            continue
        rows = value.float().flatten(1)
        steps = rows.abs().amax(1) / LEVELS
        levels = (rows / steps.clamp_min(torch.finfo(torch.float32).tiny)[:, None]).round()
        packed[name] = levels.to(torch.int8).reshape(value.shape)
        packed[name + SCALE] = steps
    return packed


def from_rows(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of ``in_rows`` but for what that rounded: integers with steps beside them as float32 (C, ...).

    Raises:
        ValueError: steps without their integers, or of another number than channels.
    """
    whole = {name: value for name, value in state.items() if not name.endswith(SCALE)}
    for name, steps in state.items():
        if not name.endswith(SCALE):
            continue
        levels = whole.get(name.removesuffix(SCALE))
        if levels is None or levels.dtype != torch.int8 or steps.shape != levels.shape[:1]:
            raise ValueError(f"{name} belongs to no tensor of {len(steps)} channels in int8")
        whole[name.removesuffix(SCALE)] = levels.float() * steps.float().reshape(-1, *[1] * (levels.ndim - 1))
    return whole
