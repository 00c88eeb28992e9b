"""Residual networks that normalise and activate before each convolution (He et al. 2016b), for 32x32 images.

Wide ResNets (Zagoruyko & Komodakis 2016) and pre-activation ResNets differ in widths and depths alone; houses differ in
the activation, in what the shortcut sees, and in the padding at stride 2.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from bench.classifiers.same import SameConv


@dataclass(frozen=True)
class Form:
    """In what houses differ.

    Attributes:
        activation: of every layer.
        same: whether strided convolutions are padded as TensorFlow does, or alike on both sides.
        activated: whether a shortcut's convolution sees the activated input of its block, or the input itself.
        shortcut: side of that convolution's kernel.
        norm_last: whether the last maps are normalised and activated before they are averaged.
    """

    activation: type[nn.Module] = nn.ReLU
    same: bool = False
    activated: bool = True
    shortcut: int = 1
    norm_last: bool = True

    def convolution(self, c_in: int, c_out: int, stride: int, kernel: int = 3) -> nn.Module:
        """Without a bias, H x W to H / stride x W / stride."""
        if self.same:
            return SameConv(c_in, c_out, kernel, stride, bias=False)
        return nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, bias=False)


class Block(nn.Module):
    """Two convolutions around a shortcut (He et al. 2016b, figure 4e)."""

    def __init__(self, c_in: int, c_out: int, stride: int, form: Form) -> None:
        super().__init__()
        self.bn1, self.bn2, self.act = nn.BatchNorm2d(c_in), nn.BatchNorm2d(c_out), form.activation()
        self.conv1 = form.convolution(c_in, c_out, stride)
        self.conv2 = form.convolution(c_out, c_out, 1)
        changes = stride != 1 or c_in != c_out
        self.shortcut = form.convolution(c_in, c_out, stride, form.shortcut) if changes else None
        self.activated = form.activated

    def forward(self, x: Tensor) -> Tensor:
        """(N, c_in, H, W) to (N, c_out, H / stride, W / stride)."""
        h = self.act(self.bn1(x))
        kept = x if self.shortcut is None else self.shortcut(h if self.activated else x)
        return self.conv2(self.act(self.bn2(self.conv1(h)))) + kept  # type: ignore[no-any-return]


class PreActivationResNet(nn.Module):
    """(N, 3, 32, 32) to (N, K): groups of blocks, of which all but the first halve the side."""

    def __init__(self, stem: int, widths: tuple[int, ...], blocks: int, num_classes: int, form: Form) -> None:
        super().__init__()
        self.conv1, c_in = nn.Conv2d(3, stem, 3, 1, 1, bias=False), stem
        self.layers = nn.Sequential()
        for group, width in enumerate(widths):
            strides = [2 if group and not block else 1 for block in range(blocks)]
            ins = [c_in, *[width] * (blocks - 1)]
            self.layers.append(nn.Sequential(*(Block(c, width, s, form) for c, s in zip(ins, strides, strict=True))))
            c_in = width
        self.bn = nn.BatchNorm2d(c_in) if form.norm_last else None
        self.act = form.activation()
        self.fc = nn.Linear(c_in, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Normalised images to logits."""
        h = self.layers(self.conv1(x))
        h = h if self.bn is None else self.act(self.bn(h))
        return self.fc(h.mean((2, 3)))  # type: ignore[no-any-return]


def wide_resnet(depth: int, factor: int, num_classes: int, form: Form) -> PreActivationResNet:
    """WRN-depth-factor (Zagoruyko & Komodakis 2016, table 1)."""
    return PreActivationResNet(16, (16 * factor, 32 * factor, 64 * factor), (depth - 4) // 6, num_classes, form)


def preact_resnet18(num_classes: int, form: Form) -> PreActivationResNet:
    """Four groups of two blocks."""
    return PreActivationResNet(64, (64, 128, 256, 512), 2, num_classes, form)
