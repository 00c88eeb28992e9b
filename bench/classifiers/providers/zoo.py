"""``zoo:NAME``: the networks that ship, by how to build what their weights fit. Imports torch only on use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.cards import ClassifierCard
from bench.classifiers.provider import JUDGE, ClassifierProvider
from bench.config import DEFAULT_DATASET
from bench.errors import UnknownNameError, UsageError, WeightsError

if TYPE_CHECKING:
    from torch import Tensor

    from bench.classifiers.base import Classifier

THIN = (
    "a thin, 32x32 version of the published architecture, trained by this project on CIFAR-10. Its scores do not speak "
    "for the ImageNet network of that name."
)
CIFAR10 = {
    "mean": [0.4914, 0.4822, 0.4465],
    "std": [0.2470, 0.2435, 0.2616],
    "resize": "other sizes to 32 px; bicubic, antialiased",
}
IMAGENET = {
    "mean": [0.498] * 3,
    "std": [0.502] * 3,
    "resize": "sides up to 64 px to 128, larger ones to 224; bicubic, antialiased",
}

IMAGENET_64 = {
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
    "resize": "other sizes to 64 px; bicubic, antialiased",
}


@dataclass(frozen=True)
class ZooEntry:
    """One network.

    Attributes:
        module, builder: where its class stands.
        summary: one line.
        citation: see ``ClassifierCard``.
        num_logits: K.
        input_size: side of the images that it prefers.
        classes: whose classes its logits name.
        preprocessing: as data.
        robust, caveat: see ``ClassifierCard``.
        accuracy: as published, where the manifest has none.
        target: whether it may be inverted; a judge scores alone.
        published: ``module:function`` that gives the state where it is not a file of the zoo.
    """

    module: str
    builder: str
    summary: str
    citation: tuple[str, ...]
    num_logits: int = 10
    input_size: int = 32
    classes: str = DEFAULT_DATASET
    preprocessing: Any = None
    robust: str | None = None
    caveat: str = THIN
    accuracy: tuple[tuple[str, float], ...] = ()
    target: bool = True
    published: str = ""

    def build(self) -> Classifier:
        """The network with fresh weights."""
        network: Classifier = getattr(import_module(self.module), self.builder)()
        network.input_size = self.input_size
        return network


ZOO = {
    "robust_resnet152": ZooEntry(
        "bench.classifiers.resnet", "ThinResNet152", "thin 32x32 ResNet-152, adversarially trained against Linf 8/255",
        ("he2016deep", "dejorge2022make"), robust="Linf 8/255",
    ),
    "resnet152": ZooEntry(
        "bench.classifiers.resnet", "ThinResNet152", "thin 32x32 ResNet-152, trained on clean images", ("he2016deep",),
    ),
    "inception_v3": ZooEntry(
        "bench.classifiers.inception", "ThinInceptionV3", "thin 32x32 Inception-v3, trained on clean images",
        ("szegedy2016rethinking",),
    ),
    "efficientnet_lite0": ZooEntry(
        "bench.classifiers.efficientnet_lite", "EfficientNetLite0",
        "the published EfficientNet-Lite0 with its ImageNet weights; small images enlarged to 128 px",
        ("tan2019efficientnet",), num_logits=1000, input_size=224, classes="imagenet", preprocessing=IMAGENET,
        caveat="", accuracy=(("imagenet_val_accuracy", 0.751),),
        published="bench.classifiers.efficientnet_lite:published_state",
    ),
    JUDGE: ZooEntry(
        "bench.classifiers.vgg", "JudgeVGG",
        "small VGG-style network without residual connections; scores reconstructions, never a target",
        ("simonyan2015very", "jordan2024cifar"), caveat="", target=False,
    ),
    "judge-tiny-imagenet": ZooEntry(
        "bench.classifiers.vgg", "JudgeVGG64",
        "VGG-style network without residual connections for 64 px; scores reconstructions, never a target",
        ("simonyan2015very", "jordan2024cifar"), num_logits=200, input_size=64, classes="tiny-imagenet",
        preprocessing=IMAGENET_64, caveat="", target=False,
    ),
}  # fmt: skip
TARGETS = tuple(name for name, one in ZOO.items() if one.target)


class ZooProvider(ClassifierProvider):
    """Networks whose weights ship with bench; their identity is the SHA-256 of the weight file."""

    summary = "networks that ship with bench"

    def names(self) -> Sequence[str]:
        """All of the table above."""
        return tuple(ZOO)

    def card(self, name: str, weights: Path | None = None) -> ClassifierCard:
        """From the table above and the manifest; see ``ClassifierProvider.card``."""
        from bench.weights.files import manifest, sha256_of

        one = _entry(name)
        try:
            shipped = manifest().get(name)
        except FileNotFoundError:
            shipped = None
        if weights is None and shipped is None:
            raise WeightsError(f"The weights of zoo:{name} are not here. Install bench again.")
        facts = shipped.facts if shipped is not None else {}
        identity = shipped.sha256 if weights is None and shipped is not None else sha256_of(weights or Path())
        own = shipped is None or identity != shipped.sha256
        return ClassifierCard(
            name,
            f"zoo:{name}",
            identity,
            one.num_logits,
            classes=one.classes,
            place=tuple(ZOO).index(name),
            input_size=one.input_size,
            preprocessing=one.preprocessing or CIFAR10,
            robust=None if own else one.robust,
            accuracy={} if own else dict(one.accuracy) | _accuracies(facts.get("measured") or {}),
            caveat=one.caveat,
            verified=not own,
            target=one.target,
            summary=one.summary,
            licence="" if own else facts.get("licence", ""),
            citation=one.citation,
        )

    def build(self, name: str, weights: Path | None = None) -> Classifier:
        """The network with its shipped weights, or with those of a file that ``bench train classifier`` wrote."""
        one = _entry(name)
        network = one.build()
        network.load_state_dict(_state(name, one, network, weights))
        return network


def _state(name: str, one: ZooEntry, network: Classifier, weights: Path | None) -> dict[str, Tensor]:
    from bench.weights.files import load_file, load_shipped

    module, _, function = one.published.partition(":")
    if weights is None:
        return getattr(import_module(module), function)() if module else load_shipped(name)
    if module:
        raise UsageError(f"--classifier-weights is not for zoo:{name}, whose weights come with a package.")
    found, wanted = load_file(weights), network.state_dict()
    wrong = sorted(key for key in found.keys() | wanted.keys() if _shape(found, key) != _shape(wanted, key))
    if wrong:
        raise WeightsError(
            f"{weights} does not fit zoo:{name}: {wrong[0]} has shape {_shape(found, wrong[0])}, and the network "
            f"expects {_shape(wanted, wrong[0])} ({len(wrong)} such). Give a file of bench train classifier {name}."
        )
    return found


def _shape(state: dict[str, Tensor], key: str) -> tuple[int, ...] | None:
    return tuple(state[key].shape) if key in state else None


def _entry(name: str) -> ZooEntry:
    if name not in ZOO:
        raise UnknownNameError("network of the zoo", name, ZOO)
    return ZOO[name]


def _accuracies(measured: dict[str, Any]) -> dict[str, float]:
    """The numbers that were measured, without the margins of the logits."""
    numbers = {name: value for name, value in measured.items() if type(value) in (int, float)}
    return {name: value for name, value in numbers.items() if not name.endswith("_margin")}
