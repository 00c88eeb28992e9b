"""``torchvision:NAME[@WEIGHTS]``: torchvision's classifiers, by its own names for them and for their weights."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bench.classifiers.files import PublishedFile
from bench.classifiers.library import Described, LibraryProvider
from bench.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from bench.classifiers.wrapped import LibraryNetwork

HASH = re.compile(r"-([0-9a-f]{8,})\.")  # torch.hub: the first digits of a file's SHA-256 stand in its name


class TorchvisionProvider(LibraryProvider):
    """Without WEIGHTS those that torchvision calls its default."""

    form = "NAME[@WEIGHTS]"
    summary = "torchvision's ImageNet networks, for instance torchvision:resnet152@IMAGENET1K_V1"

    def describe(self, name: str) -> Described:
        """See ``LibraryProvider.describe``."""
        weights = _weights(name)
        architecture, url, shown = name.partition("@")[0], str(weights.url), weights.transforms()
        file = url.rpartition("/")[2]
        digits = HASH.search(file)
        scores = weights.meta.get("_metrics", {}).get("ImageNet-1K", {})
        mode = shown.interpolation.value
        return Described(
            PublishedFile(f"torchvision:{architecture}@{weights.name}", file, url, digits.group(1) if digits else ""),
            num_logits=len(weights.meta["categories"]),
            input_size=int(shown.crop_size[0]),
            mean=tuple(shown.mean),
            std=tuple(shown.std),
            interpolation=mode if mode in ("bilinear", "bicubic") else "bicubic",
            classes="imagenet",
            accuracy={f"imagenet_val_{key.replace('@', '')}": value / 100 for key, value in scores.items()},
            summary=f"torchvision's {architecture}, weights {weights.name}",
            licence=str(weights.meta.get("license", "BSD-3-Clause")),
            citation=("torchvision2016library",),
        )

    def network(self, name: str, state: dict[str, Tensor]) -> LibraryNetwork:
        """See ``LibraryProvider.network``: built by torchvision, which is handed the state instead of a download."""
        from torchvision.models import get_model

        from bench.classifiers.wrapped import HeadedNetwork

        weights = _weights(name)
        weights.get_state_dict = lambda *_, **__: state  # what it builds depends on the weights: it must know which
        try:
            network = get_model(name.partition("@")[0], weights=weights)
        finally:
            del weights.get_state_dict
        return HeadedNetwork(network, self.describe(name))


def _weights(name: str) -> Any:
    """Torchvision's own entry of ``NAME[@WEIGHTS]``."""
    from torchvision import models

    architecture, _, tag = name.partition("@")
    known = models.list_models(module=models)
    if architecture not in known:
        raise UnknownNameError("network of torchvision", architecture, known)
    published = models.get_model_weights(architecture)
    names = [one.name for one in published]
    if tag and tag not in names:
        raise UnknownNameError(f"file of weights for torchvision's {architecture}", tag, names)
    weights = published[tag] if tag else published.DEFAULT
    if not weights.meta.get("categories"):
        raise UsageError(f"torchvision:{name} gives features and no logits. Name other weights.")
    return weights
