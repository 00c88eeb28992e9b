"""Every shipped classifier by name: how to build the network that its weights fit. Imports torch only on use."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.classifiers.base import Classifier

JUDGE = "judge"


@dataclass(frozen=True)
class CatalogueEntry:
    """One classifier.

    Attributes:
        module, builder: where the network's class stands.
        num_logits: K.
        input_size: side of the images that it prefers, for folders of images.
        datasets: whose classes its logits name; empty where it knows other classes.
        summary: one line for ``bench list classifiers``.
        published: ``module:function`` that gives the state where it is not a file of the zoo.
    """

    module: str
    builder: str
    num_logits: int
    input_size: int
    datasets: tuple[str, ...]
    summary: str
    published: str = ""

    def build(self) -> Classifier:
        """The network with fresh weights."""
        network: Classifier = getattr(import_module(self.module), self.builder)()
        network.input_size = self.input_size
        return network

    def load(self, name: str) -> Classifier:
        """The network with its shipped or published weights."""
        from bench.weights import load_shipped

        network = self.build()
        module, _, function = self.published.partition(":")
        network.load_state_dict(getattr(import_module(module), function)() if module else load_shipped(name))
        return network


CATALOGUE = {
    "robust_resnet152": CatalogueEntry(
        "bench.classifiers.resnet", "ThinResNet152", 10, 32, ("cifar10",),
        "thin 32x32 ResNet-152, adversarially trained against Linf 8/255",
    ),
    "resnet152": CatalogueEntry(
        "bench.classifiers.resnet", "ThinResNet152", 10, 32, ("cifar10",),
        "thin 32x32 ResNet-152, trained on clean images",
    ),
    "inception_v3": CatalogueEntry(
        "bench.classifiers.inception", "ThinInceptionV3", 10, 32, ("cifar10",),
        "thin 32x32 Inception-v3, trained on clean images",
    ),
    "efficientnet_lite0": CatalogueEntry(
        "bench.classifiers.efficientnet_lite", "EfficientNetLite0", 1000, 224, (),
        "the published EfficientNet-Lite0 with its ImageNet weights; small images enlarged to 128 px",
        "bench.classifiers.efficientnet_lite:published_state",
    ),
    "judge": CatalogueEntry(
        "bench.classifiers.vgg", "JudgeVGG", 10, 32, ("cifar10",),
        "small VGG-style network without residual connections; scores reconstructions, never a target",
    ),
}  # fmt: skip

TARGETS = tuple(name for name in CATALOGUE if name != JUDGE)
