"""What the tests of the libraries' providers share: networks with random weights, and the libraries' pipelines."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from bench.classifiers import load_classifier
from bench.classifiers.files import _sha256
from bench.classifiers.library import LibraryProvider
from bench.errors import WeightsError

DROPPED = {  # modules that abandoned libraries import, and what they want of them without ever calling it
    "torchvision.models.utils": ("load_state_dict_from_url",),
    "pkg_resources": ("resource_filename",),
    "gdown": (),
    "autoattack": ("AutoAttack",),
    "autoattack.state": ("EvaluationState",),
}


def abandoned(module: str, patch: pytest.MonkeyPatch) -> Any:
    """A module of a library that asks for what is no longer there; the test is skipped where the library is not."""
    for name, wanted in DROPPED.items():
        stub = ModuleType(name)
        for one in wanted:
            patch.setattr(stub, one, None, raising=False)
        if name not in sys.modules:
            patch.setitem(sys.modules, name, stub)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(module, exc_type=ImportError)


def randomised(network: nn.Module, side: int = 224) -> nn.Module:
    """The same network, in evaluation mode, with random scales and shifts and the statistics of some pictures.

    So no normalisation is the identity, and what is shown is still seen in the logits of a deep network.
    """
    generator = torch.Generator().manual_seed(1)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    with torch.no_grad():
        for module in norms:
            module.weight.copy_(0.5 + 0.5 * torch.rand(module.weight.shape, generator=generator))
            module.bias.copy_(0.2 * torch.randn(module.bias.shape, generator=generator))
            module.momentum = 1.0
        if norms:
            network.train()(torch.cat([(tensor(photo(side)) - mean) / 0.25 for mean in (0.3, 0.5, 0.7)]))
        for module in norms:
            module.momentum = 0.1
            assert module.running_var is not None
            module.running_var.mul_(1.3)  # damped: what rounding to bytes changes would grow with each layer
    return network.eval()


def photo(side: int) -> Image.Image:
    """A picture with large and small structures, in colours that differ."""
    y, x = np.mgrid[0:side, 0:side] / side
    noise = np.random.default_rng(1).normal(0, 0.05, (side, side, 3))
    waves = [np.sin(9 * x + 3 * y), np.cos(13 * y), np.sin(20 * x * y)]
    values = 0.5 + 0.35 * np.stack(waves, -1) * [1.0, 0.6, 0.8] + noise + [0.1, 0.0, -0.1]
    return Image.fromarray((255 * values.clip(0, 1)).astype(np.uint8))


def tensor(image: Image.Image) -> Tensor:
    """(1, 3, H, W) in [0, 1]."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255


def agree(
    ours: nn.Module, theirs: nn.Module, features: Callable[[Tensor], Tensor], pipeline: Callable[..., Any]
) -> None:
    """Logits, preprocessing and features of both, for a tensor of the network's own size and for files of others."""
    side = int(ours.input_size)  # type: ignore[arg-type]
    with torch.inference_mode():
        native = tensor(photo(side))
        given = pipeline(photo(side))[None]
        assert torch.allclose(ours.prepare(native), given, atol=1e-5)  # type: ignore[operator]
        expected = theirs(given)
        swapped = (theirs(given.flip(1)) - expected).abs().max()  # what another order of the channels would change
        assert (ours(native) - expected).abs().max() <= min(1e-4, 1e-2 * swapped)
        assert swapped > 1e-2 * expected.abs().max()
        assert (ours.features(native) - features(given)).abs().max() <= 1e-4  # type: ignore[operator]
        for other in (64, 300):
            expected = theirs(pipeline(photo(other))[None])
            assert (ours(tensor(photo(other))) - expected).abs().max() <= 2e-2 * expected.abs().max()


def is_differentiable(network: nn.Module) -> None:
    """A gradient reaches the pixels of a picture that is enlarged inside."""
    images = tensor(photo(64)).requires_grad_()
    (gradient,) = torch.autograd.grad(network(images).square().sum(), images)
    assert gradient.isfinite().all()
    assert gradient.count_nonzero() > gradient.numel() / 2


def refuses_other_logits(name: str, weights: Path | None, beside: Path) -> None:
    """Of a network that was shown other channels than the stored logits, or has other weights."""
    network, pixels = load_classifier(name, weights=weights), np.array(photo(224))
    place = beside.with_name(f"{beside.name}.logits.npz")
    np.savez(place, images=pixels[None], logits=network(tensor(photo(224))))
    load_classifier(name, weights=weights)
    for other in (network(tensor(photo(224)).flip(1)), network(tensor(photo(224))) + 1):
        np.savez(place, images=pixels[None], logits=other)
        with pytest.raises(WeightsError, match=rf"gives other logits than {re.escape(place.name)} beside them"):
            load_classifier(name, weights=weights)


def refuses_wrong_and_truncated(name: str, path: Path) -> None:
    """A state with a tensor too many, and half a file."""
    state = torch.load(path) if path.suffix == ".pth" else load_file(path)
    wrong = path.with_name("wrong.safetensors")
    save_file(state | {"extra": torch.zeros(1)}, wrong)
    with pytest.raises(WeightsError, match=rf"wrong\.safetensors does not fit {re.escape(name)}.*extra"):
        load_classifier(name, weights=wrong)
    wrong.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(WeightsError, match=r"wrong\.safetensors is not a whole.*Fetch it again"):
        load_classifier(name, weights=wrong)


def publish(provider: type[LibraryProvider], path: Path, patch: pytest.MonkeyPatch) -> None:
    """Let the provider believe that this very file is what its library publishes, there where it lies."""
    describe, sha256 = provider.describe, _sha256(path, (path.stat().st_size,))

    def described(self: LibraryProvider, name: str) -> Any:
        one = describe(self, name)
        return replace(one, file=replace(one.file, url=path.as_uri(), sha256=sha256[:8]))

    patch.setattr(provider, "describe", described)
