"""Networks of libraries: [0, 1] images in, resized and normalised as the library says, penultimate features.

Libraries cut a margin off (resize to 232, crop 224, for instance). Nothing is cut here, because an inverter is judged
by whole pictures: images of the network's own size pass as they are, others are resized on the shorter side to it.
"""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from bench.classifiers.base import Classifier
from bench.classifiers.library import Described
from bench.errors import UsageError


class LibraryNetwork(Classifier):
    """A library's own network; a subclass says what its penultimate features are."""

    cpu_batch = 10  # of 224 pixels a side

    def __init__(self, body: nn.Module, described: Described) -> None:
        super().__init__(described.mean, described.std)
        self.body: Any = body
        self.input_size, self.interpolation = described.input_size, described.interpolation
        self.backwards = described.channels == "BGR"

    def prepare(self, images: Tensor) -> Tensor:
        """[0, 1] images (N, 3, H, W) to normalised ones whose shorter side is ``input_size``.

        A bicubic overshoot beyond [0, 1] is kept, where a library that resizes files would cut it: a gradient passes.
        """
        height, width = images.shape[-2:]
        if (shorter := min(height, width)) != self.input_size:
            size = [self.input_size * side // shorter for side in (height, width)]
            images = F.interpolate(images, size, mode=self.interpolation, align_corners=False, antialias=True)
        normalised = (images - self.mean) / self.std
        return normalised.flip(1) if self.backwards else normalised


class HeadedNetwork(LibraryNetwork):
    """Its last linear layer is its head: it is taken out, and what it is given are the features."""

    def __init__(self, body: nn.Module, described: Described) -> None:
        super().__init__(body, described)
        linear = [name for name, module in body.named_modules() if isinstance(module, nn.Linear)]
        self.fc: nn.Module | None = None
        if linear:
            parent, _, last = linear[-1].rpartition(".")
            self.fc = body.get_submodule(linear[-1])
            setattr(body.get_submodule(parent), last, nn.Identity())

    def embed(self, normalised: Tensor) -> Tensor:
        """Normalised (N, 3, S, S) to (N, F): what the last linear layer is given; pooled maps where there is none."""
        if self.fc is None:  # SqueezeNet: its logits are the means of maps
            return self.body.features(normalised).mean((2, 3))  # type: ignore[no-any-return]
        return self.body(normalised)  # type: ignore[no-any-return]

    def head(self, features: Tensor) -> Tensor:
        """The last linear layer."""
        assert self.fc is not None
        return self.fc(features)  # type: ignore[no-any-return]

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, K) of [0, 1] images (N, 3, H, W)."""
        return self.body(self.prepare(images)) if self.fc is None else super().forward(images)


class TimmNetwork(LibraryNetwork):
    """Of timm, which gives the features itself."""

    def embed(self, normalised: Tensor) -> Tensor:
        """Normalised (N, 3, S, S) to (N, F)."""
        features: Tensor = self.body.forward_head(self.body.forward_features(normalised), pre_logits=True)
        return features.flatten(1)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, K) of [0, 1] images (N, 3, H, W)."""
        return self.body(self.prepare(images))  # type: ignore[no-any-return]


class TransformersNetwork(HeadedNetwork):
    """Of transformers, whose answer holds more than logits.

    Raises:
        UsageError: it has no single head, so that nothing are its penultimate features.
    """

    def __init__(self, body: nn.Module, described: Described) -> None:
        linear = [one for one in body.modules() if isinstance(one, nn.Linear)]
        heads = [one for one in linear if one.out_features == described.num_logits]
        if len(heads) != 1 or heads != linear[-1:]:
            raise UsageError(
                f"{described.file.network} does not end in one linear layer that gives its {described.num_logits} "
                "logits, whose input would be the features. Give it as path/to/file.py:function."
            )
        super().__init__(body, described)

    def embed(self, normalised: Tensor) -> Tensor:
        """Normalised (N, 3, S, S) to (N, F)."""
        return self.body(normalised).logits  # type: ignore[no-any-return]
