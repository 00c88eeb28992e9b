"""``fair:R152``: Facebook's adversarially trained ResNet-152 for ImageNet (Xie et al. 2019), from TensorFlow arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.classifiers.files import FoundFile, PublishedFile
from bench.classifiers.library import Described, LibraryProvider
from bench.classifiers.states import read_arrays
from bench.errors import UnknownNameError

if TYPE_CHECKING:
    from torch import Tensor

    from bench.classifiers.wrapped import LibraryNetwork

RELEASES = "https://github.com/facebookresearch/ImageNet-Adversarial-Training/releases/download"
# Release, top-1 accuracy on clean images, whether it has denoising blocks.
NETWORKS = {"R152": ("v0", 0.623, False), "R152-Denoise": ("v0.1", 0.653, True)}


class FairProvider(LibraryProvider):
    """The house publishes no hash of its archives."""

    form = "R152 or R152-Denoise"
    summary = "Facebook's robust ResNet-152 for ImageNet, Linf 16/255; CC BY-NC 4.0"

    def describe(self, name: str) -> Described:
        """See ``LibraryProvider.describe``."""
        if name not in NETWORKS:
            raise UnknownNameError("network of Facebook's ImageNet-Adversarial-Training", name, NETWORKS)
        release, accuracy, _ = NETWORKS[name]
        return Described(
            PublishedFile(f"fair:{name}", f"{name}.npz", f"{RELEASES}/{release}/{name}.npz", ""),
            num_logits=1000,
            input_size=224,
            mean=(0.5,) * 3,
            std=(0.5,) * 3,
            interpolation="bicubic",
            channels="BGR",
            classes="imagenet",
            robust="Linf 16/255",
            accuracy={"imagenet_val_acc1": accuracy},
            summary=f"Facebook's adversarially trained {name.replace('R152', 'ResNet-152')}",
            licence="CC BY-NC 4.0",
            citation=("xie2019feature",),
        )

    def state(self, found: FoundFile) -> dict[str, Tensor]:
        """See ``LibraryProvider.state``."""
        return read_arrays(found)

    def network(self, name: str, state: dict[str, Tensor]) -> LibraryNetwork:
        """See ``LibraryProvider.network``."""
        from bench.classifiers.feature_denoising import load_arrays, same_resnet
        from bench.classifiers.wrapped import HeadedNetwork

        body = same_resnet(NETWORKS[name][2])
        load_arrays(body, state)
        return HeadedNetwork(body, self.describe(name))
