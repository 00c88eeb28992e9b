"""The network of LPIPS v0.1 (AlexNet): weights, identity and resizing as any extractor's; it looks at pairs.

It gives no features: of one image they would be five layers of maps, which nobody keeps for N images.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from bench.metrics.extractors.base import Extractor
from bench.weights.files import entry, load_shipped

if TYPE_CHECKING:
    import torch
    from torch import nn

FILLS = frozenset(("uniform_", "normal_", "kaiming_uniform_", "kaiming_normal_"))


class LpipsAlex(Extractor):
    """The authors' network, from weights that ship; ``bench.metrics.lpips.lpips_distance`` asks it."""

    name = "lpips_alex"
    dimension = 0
    resizing = "sides under 64 px to 64; bicubic, antialiased"
    resized_as = "lpips"

    def sha256(self) -> str:
        """Of the shipped file."""
        return entry(self.name).sha256

    def network(self, device: torch.device) -> Any:
        """Pairs of images to distances (n, 1, 1, 1)."""
        return load_lpips(device)


def load_lpips(device: torch.device | str = "cpu") -> nn.Module:
    """The authors' network: their linear weights, torchvision's convolutions (float16 in the file), evaluation mode."""
    import lpips
    import torch
    from torch.overrides import TorchFunctionMode

    class Blank(TorchFunctionMode):
        """Nothing is filled at random: the package builds all of AlexNet to keep its convolutions."""

        def __torch_function__(
            self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
        ) -> Any:
            """Call any function but those of ``FILLS``, which answer with their tensor as it is."""
            given = kwargs or {}
            if getattr(func, "__name__", "") in FILLS:
                return args[0] if args else given["tensor"]
            return func(*args, **given)

    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]), Blank():
        # The package calls torchvision with an argument of old; a random start would be overwritten below.
        warnings.filterwarnings(
            "ignore", r"(The parameter 'pretrained'|Arguments other than a weight enum)", UserWarning
        )
        net: nn.Module = lpips.LPIPS(net="alex", version="0.1", pnet_rand=True, verbose=False)
    missing = set(net.load_state_dict(load_shipped("lpips_alex"), strict=False).missing_keys)
    assert not [name for name in missing if name.startswith("net.")]
    net.to(device).to(memory_format=torch.channels_last)
    return net.eval().requires_grad_(False)
