"""The frozen classifier as the optimiser sees it: the same function and its gradient in the images, in less time.

A private copy is made faster in four ways: batch normalisations are folded into the convolutions before them,
convolutions compute in bfloat16, and where the CPU's kernels are slow others take their place: 1x1 convolutions with a
stride are given only the pixels that they use, depthwise ones with a stride have a gradient of their own, and ReLUs of
bfloat16 work on its bits. A way is kept only where outputs and gradients still agree with the classifier on noise
images. The classifier itself never changes, and ``logit_error`` in the records always comes from it.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch.overrides import TorchFunctionMode

from baselines.optimization.depthwise import conv2d
from bench.seeding import sample_noise, seed_of

Layer = Literal["logits", "features"]
PROBES = 4


@dataclass(frozen=True)
class Speedup:
    """A way to run the network, and how closely it must agree on the probes.

    Attributes:
        folds: batch normalisations are folded into convolutions.
        precision: of convolutions and fully connected layers.
        max_error: of the outputs, relative to their norm.
        min_cosine: between the gradients.
    """

    folds: bool
    precision: torch.dtype
    max_error: float
    min_cosine: float


SPEEDUPS = (  # fastest first
    Speedup(True, torch.bfloat16, 0.05, 0.9),
    Speedup(False, torch.bfloat16, 0.05, 0.9),
    Speedup(True, torch.float32, 1e-3, 0.999),
)
EXACT = tuple(speedup for speedup in SPEEDUPS if speedup.precision == torch.float32)
NONE = Speedup(False, torch.float32, 0.0, 1.0)


class FrozenNetwork:
    """Logits or penultimate features of images, with gradients in the images alone.

    Args:
        network: any module in evaluation mode, [0, 1] images (n, 3, H, W) to logits (n, K).
        image_size: (H, W).
        device: where the network lies.
        layer: ``logits``, or ``features`` for ``network.features(images)``.
        speedups: to choose from, the first that agrees; ``SPEEDUPS`` by default.

    Attributes:
        speedup: what was found to agree; ``NONE`` runs the network itself.
    """

    def __init__(
        self,
        network: nn.Module,
        image_size: tuple[int, int],
        device: torch.device,
        layer: Layer = "logits",
        speedups: Sequence[Speedup] | None = None,
    ) -> None:
        self.layer, self.speedup, self.network = layer, NONE, network
        noise = sample_noise([seed_of("probe", k) for k in range(PROBES)], 3, *image_size)
        probes = (0.5 + 0.25 * noise).clamp(0, 1).to(device)
        outputs, gradient = self._outputs_and_gradient(probes)
        for speedup in SPEEDUPS if speedups is None else speedups:
            try:
                self.network, self.speedup = self._copy(network, speedup, probes), speedup
                found, slope = self._outputs_and_gradient(probes)
            except Exception:  # a user's module may resist copying or bfloat16 in any way
                continue
            error = (found - outputs).norm() / outputs.norm()
            cosine = F.cosine_similarity(slope.flatten(1), gradient.flatten(1)).min()
            if error <= speedup.max_error and cosine >= speedup.min_cosine:  # False where one is NaN
                return
        self.network, self.speedup = network, NONE

    def __call__(self, images: Tensor) -> Tensor:
        """Images (n, 3, H, W) in [0, 1] to logits (n, K) or features (n, F), float32."""
        low = self.speedup.precision == torch.bfloat16
        kernels = _Kernels() if low and images.device.type == "cpu" else nullcontext()
        with torch.autocast(images.device.type, torch.bfloat16, enabled=low), kernels:
            outputs: Tensor = self._run(self.network, images.contiguous(memory_format=torch.channels_last))
        return outputs.float().flatten(1)

    def _run(self, network: Any, images: Tensor) -> Any:
        return network(images) if self.layer == "logits" else network.features(images)

    def _copy(self, network: nn.Module, speedup: Speedup, probes: Tensor) -> nn.Module:
        """The private copy."""
        twin = copy.deepcopy(network).requires_grad_(False)
        if speedup.folds:
            with torch.no_grad(), _Pairs(twin) as pairs:
                self._run(twin, probes)
            pairs.fold()
        for module in twin.modules():
            if speedup.precision != torch.float32 and isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
                module.to(speedup.precision)  # autocast would cast the weights anew in every step
        if probes.device.type == "cpu":
            for name, module in list(twin.named_modules()):
                if isinstance(module, nn.Conv2d) and _skips_pixels(module):
                    twin.set_submodule(name, _Subsampled(module))
        return twin.to(memory_format=torch.channels_last)

    @torch.enable_grad()
    def _outputs_and_gradient(self, probes: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs (n, K) and the gradient (n, 3, H, W) of half their squared norm."""
        images = probes.clone().requires_grad_()
        outputs = self(images)
        (gradient,) = torch.autograd.grad(outputs.square().sum() / 2, images)
        return outputs.detach(), gradient


def _skips_pixels(convolution: nn.Conv2d) -> bool:
    return convolution.kernel_size == (1, 1) and convolution.stride != (1, 1) and convolution.padding == (0, 0)


class _Subsampled(nn.Module):
    """A 1x1 convolution with a stride, as one without on the pixels that it uses."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.convolution = convolution

    def forward(self, x: Tensor) -> Tensor:
        used = F.avg_pool2d(x, 1, self.convolution.stride)  # unlike that of a slice, its gradient is channels_last
        return F.conv2d(used, self.convolution.weight, self.convolution.bias, groups=self.convolution.groups)


class _Kernels(TorchFunctionMode):
    """Within it ``F.relu`` and ``F.conv2d``, and with them the modules that call them, are the faster ones."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        return (FASTER.get(func, func) if args else func)(*args, **(kwargs or {}))


def _relu(x: Tensor, inplace: bool = False) -> Tensor:
    """``F.relu``, faster for bfloat16."""
    if x.dtype != torch.bfloat16 or x._is_view():  # autograd allows no Function to change a view
        return F.relu(x, inplace)
    found: Tensor = _BitwiseReLU.apply(x, inplace)
    return found


FASTER: Mapping[Callable[..., Any], Callable[..., Any]] = {F.relu: _relu, F.conv2d: conv2d}


class _BitwiseReLU(torch.autograd.Function):
    """The same numbers as PyTorch's ReLU of bfloat16, which computes in float32 on the way.

    Numbers of bfloat16 have the sign of their bits read as an integer, and only 0 is 0, so that the ReLU is the larger
    of that integer and 0; the gradient's bits are multiplied by 0 or 1. But a NaN becomes 0 where its sign bit is set:
    it shows in the scores, which come from the network itself.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, inplace: bool) -> Tensor:
        bits = x.view(torch.int16)
        y = x if inplace else torch.empty_like(x)
        torch.clamp_min(bits, 0, out=y.view(torch.int16))
        if inplace:
            ctx.mark_dirty(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (y,) = ctx.saved_tensors
        positive = y.view(torch.int16).clamp_max(1)
        return positive.mul_(gradient.view(torch.int16)).view(torch.bfloat16), None


class _Pairs:
    """Watches one forward pass for batch normalisations whose input is what a convolution has just returned."""

    def __init__(self, network: nn.Module) -> None:
        self.network, self.calls, self.found = network, Counter[nn.Module](), dict[nn.Module, nn.Module]()
        self._outputs: list[tuple[Tensor, nn.Module]] = []  # kept alive, so that identity means the same tensor

    def __enter__(self) -> _Pairs:
        modules = [m for m in self.network.modules() if isinstance(m, (nn.Conv2d, nn.BatchNorm2d))]
        self._hooks = [module.register_forward_hook(self._see) for module in modules]
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _see(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        self.calls[module] += 1
        if isinstance(module, nn.Conv2d):
            self._outputs.append((output, module))
            return
        for tensor, convolution in self._outputs:
            if tensor is inputs[0]:
                self.found[module] = convolution

    def fold(self) -> None:
        """Replace each pair whose modules were called once each; agreement is checked afterwards, not here."""
        names = {module: name for name, module in self.network.named_modules()}
        for norm, convolution in self.found.items():
            assert isinstance(norm, nn.BatchNorm2d)
            assert isinstance(convolution, nn.Conv2d)
            if self.calls[norm] == self.calls[convolution] == 1 and norm.running_mean is not None:
                self.network.set_submodule(names[convolution], fuse_conv_bn_eval(convolution, norm))
                self.network.set_submodule(names[norm], nn.Identity())
