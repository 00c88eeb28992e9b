"""``bench check``: the contract of a method or a classifier, a line a rule; the contract tests run the same code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

from bench.classifiers import LoadedClassifier, open_classifier
from bench.classifiers.base import Classifier
from bench.classifiers.provider import ALIASES, forms, targets
from bench.config import DEFAULT_DATASET
from bench.datasets import load_dataset
from bench.datasets.base import Pixels, to_images
from bench.errors import BenchError, SkipCellError, UnknownNameError, UsageError, error_text
from bench.identify import method_class
from bench.inverters import rules
from bench.inverters.base import WITH_NETWORK, Inverter
from bench.inverters.control import Control
from bench.local import load_file
from bench.registry import CONTROLS, INVERTERS, registered

T = TypeVar("T")
SEEDS = [11, 12, 13, 14, 15]
AGREEMENT = 1e-3  # of the largest logit, by which a row may differ in other company


@dataclass(frozen=True)
class Checked:
    """What became of one rule; ``kept`` is None where it could not be tried."""

    rule: str
    kept: bool | None
    detail: str = ""


MethodRule = Callable[[Inverter, Tensor], None]
ClassifierRule = Callable[[LoadedClassifier, Tensor], None]


def check(name: str, classifier: str = "robust_resnet152") -> Iterator[Checked]:
    """Try every rule on five of the shipped test images.

    Args:
        name: a registered inverter, a classifier by its short name or as ``PROVIDER:NAME``, or
            ``path/to/file.py:Name`` of either.
        classifier: for a method, what it inverts.

    Yields:
        A ``Checked`` a rule, as soon as it was tried.

    Raises:
        UnknownNameError, UsageError, PluginError: there is no such thing, or it cannot be loaded.
    """
    if name in ALIASES or (":" in name and not _is_method(name)):
        target = open_classifier(name)
        yield from _each(CLASSIFIER_RULES, target, _images(target))
        return
    if name in registered(CONTROLS):
        raise UsageError(f"{name} is a control: what it does is its definition, and its own tests hold it.")
    if ".py:" not in name and name not in registered(INVERTERS):
        raise UnknownNameError("method or classifier", name, [*registered(INVERTERS), *targets(), *forms()])
    yield from _method(name, classifier)


def _is_method(name: str) -> bool:
    found = load_file(name) if ".py:" in name else None
    return inspect.isclass(found) and issubclass(found, Inverter | Control)


def _method(name: str, classifier: str) -> Iterator[Checked]:
    from bench.public import load_inverter

    method_class(name)  # what it declares
    yield Checked("declares name, access, training, stochastic and version", True)
    target = open_classifier(classifier)
    try:
        inverter = load_inverter(name, target.network)
    except SkipCellError as reason:
        yield Checked(f"opens for {target.name}", None, str(reason))
        return
    except Exception as error:  # a plugin may fail in any way
        yield Checked(f"opens for {target.name}", False, error_text(error))
        return
    yield Checked(f"opens for {target.name}", True)
    images = _images(target)
    network: torch.nn.Module = target.network
    with torch.inference_mode():
        if inverter.access == "features" and not hasattr(network, "features"):
            yield Checked("is given features", None, f"{target.name} has no .features(images)")
            return
        given: Tensor = network.features(images) if inverter.access == "features" else network(images)  # type: ignore[operator]
    yield from _each(METHOD_RULES, inverter, given.clone())


def _each(named: dict[str, Callable[[T, Tensor], None]], subject: T, given: Tensor) -> Iterator[Checked]:
    for title, rule in named.items():
        try:
            rule(subject, given.clone())
        except Exception as error:  # a plugin may fail in any way
            yield Checked(title, False, str(error) if isinstance(error, BenchError) else error_text(error))
        else:
            yield Checked(title, True)


def _images(classifier: LoadedClassifier) -> Tensor:
    """Five test images (5, 3, H, W); a network of a user's own is shown them at the size that it takes."""
    images = to_images(load_dataset(DEFAULT_DATASET).pixels(slice(0, len(SEEDS))))
    side = classifier.input_size
    if isinstance(classifier.network, Classifier) or side == images.shape[-1]:
        return images
    return F.interpolate(images, size=(side, side), mode="bilinear", antialias=True).clamp(0, 1)


def invert(inverter: Inverter, given: Tensor, seeds: Sequence[int] = SEEDS) -> Tensor:
    """The inverter's answer, with gradients where a run gives it some."""
    with torch.set_grad_enabled(inverter.access in WITH_NETWORK):
        return inverter.invert(given, list(seeds))


def _pixels(inverter: Inverter, given: Tensor, seeds: Sequence[int]) -> Pixels:
    return rules.checked_images(inverter, invert(inverter, given, seeds), len(seeds))[0]


def answers_images(inverter: Inverter, given: Tensor) -> None:
    """(N, 3, H, W) finite floats in [0, 1]."""
    _, outside, furthest = rules.checked_images(inverter, invert(inverter, given), len(given))
    if outside:
        raise BenchError(f"{outside:,} values lie outside [0, 1], by up to {furthest:.2g}; a run clips them.")


def repeats(inverter: Inverter, given: Tensor) -> None:
    """The same logits and seeds give the same bits."""
    if not torch.equal(invert(inverter, given.clone()), invert(inverter, given.clone())):
        raise BenchError("The same logits and seeds give other images the second time.")


def follows_seeds(inverter: Inverter, given: Tensor) -> None:
    """Other seeds give other images if, and only if, the method says that it is stochastic."""
    other = invert(inverter, given.clone(), [seed + 100 for seed in SEEDS])
    if torch.equal(invert(inverter, given.clone()), other) == inverter.stochastic:
        says = "says that it is stochastic, and other seeds give the same images"
        denies = "gives other images for other seeds; add a line to the class: stochastic = True"
        raise BenchError(f"{inverter.name} {says if inverter.stochastic else denies}.")


def rows_stand_alone(inverter: Inverter, given: Tensor) -> None:
    """Order, company and batch size do not matter."""
    found = _pixels(inverter, given, SEEDS)
    rules.check_rows(inverter, lambda z, seeds: _pixels(inverter, z, seeds), given, SEEDS, found)


def leaves_input(inverter: Inverter, given: Tensor) -> None:
    """What it was given is as it was."""
    before = given.clone()
    invert(inverter, given)
    rules.check_input(inverter, given, before)


def leaks_no_gradient(inverter: Inverter, given: Tensor) -> None:
    """Neither into its answer nor into the classifier."""
    if invert(inverter, given).requires_grad:
        raise BenchError("The images carry a gradient. Return images.detach().")
    network = inverter.target.network
    if network is not None and any(p.grad is not None for p in network.parameters()):
        raise BenchError("The classifier's parameters have gradients. Ask for those of the images alone.")


def sees_no_more(inverter: Inverter, given: Tensor) -> None:
    """The network is there only with access beyond the logits, and ``invert`` takes logits and seeds."""
    if (inverter.target.network is not None) != (inverter.access in WITH_NETWORK):
        raise BenchError(f"It declares access {inverter.access!r}, and target.network does not go with that.")
    if more := {"images", "labels", "ids"} & set(inspect.signature(inverter.invert).parameters):
        raise BenchError(f"invert asks for {', '.join(sorted(more))}, which no inverter is given.")


METHOD_RULES: dict[str, MethodRule] = {
    "answers images in [0, 1]": answers_images,
    "gives the same bits again": repeats,
    "follows its seeds as it says": follows_seeds,
    "keeps rows apart": rows_stand_alone,
    "leaves its input": leaves_input,
    "leaks no gradient": leaks_no_gradient,
    "sees no more than it declares": sees_no_more,
}


def gives_logits(classifier: LoadedClassifier, images: Tensor) -> None:
    """(N, K) finite floats, K at least 2."""
    logits = classifier.logits(images)
    if logits.shape[1] < 2 or not torch.isfinite(logits).all():
        raise BenchError(f"It should give at least two finite logits an image, and gives {tuple(logits.shape)}.")


def answers_again(classifier: LoadedClassifier, images: Tensor) -> None:
    """The same images give the same bits."""
    if not torch.equal(classifier.logits(images), classifier.logits(images)):
        raise BenchError("The same images give other logits the second time. Put the network into evaluation mode.")


def images_stand_alone(classifier: LoadedClassifier, images: Tensor) -> None:
    """The logits of an image do not depend on its neighbours."""
    together = classifier.logits(images)
    alone = torch.cat([classifier.logits(image[None]) for image in images])
    scale = max(float(together.abs().max()), 1.0)
    if (worst := float((together - alone).abs().max()) / scale) > AGREEMENT:
        raise BenchError(f"Logits of an image alone differ by {worst:.2g} of the largest from those in a batch.")


def is_differentiable(classifier: LoadedClassifier, images: Tensor) -> None:
    """A gradient reaches the images, which white-box methods need."""
    given = images.clone().requires_grad_(True)
    with torch.enable_grad():
        logits: Tensor = classifier.network(given)
        (gradient,) = torch.autograd.grad(logits.square().sum(), given)
    if not torch.isfinite(gradient).all() or not gradient.any():
        raise BenchError("The gradient with respect to the images is zero or not finite.")


def is_frozen(classifier: LoadedClassifier, images: Tensor) -> None:
    """In evaluation mode, without parameters that ask for gradients."""
    if any(module.training for module in classifier.network.modules()):
        raise BenchError("A part of the network is in training mode.")
    if any(p.requires_grad for p in classifier.network.parameters()):
        raise BenchError("A parameter asks for a gradient.")


def gives_features(classifier: LoadedClassifier, images: Tensor) -> None:
    """``.features(images)`` gives (N, F); only methods of that access need it."""
    features = getattr(classifier.network, "features", None)
    if features is None:
        return
    found = features(images)
    if not isinstance(found, Tensor) or found.ndim != 2 or len(found) != len(images):
        raise BenchError(".features(images) should give (N, F), one tensor.")


def is_what_its_card_says(classifier: LoadedClassifier, images: Tensor) -> None:
    """Identity, number of logits and input size; a name in full."""
    card = classifier.card
    if card is None:
        return
    if not re.fullmatch("[0-9a-f]{64}", card.identity):
        raise BenchError(f"Its identity should be a SHA-256, 64 hexadecimal digits, and is {card.identity!r}.")
    if card.num_logits != (count := classifier.logits(images).shape[1]):
        raise BenchError(f"Its card says {card.num_logits} logits, and it gives {count}.")
    if card.input_size != getattr(classifier.network, "input_size", None):
        raise BenchError(
            f"Its card says images of {card.input_size} px, and network.input_size is "
            f"{getattr(classifier.network, 'input_size', None)}."
        )


def takes_any_size(classifier: LoadedClassifier, images: Tensor) -> None:
    """A provider's network resizes by itself; one from a file is shown what it asks for."""
    if classifier.card is None or ":" not in classifier.card.id:
        return
    for side in (40, 64):
        gives_logits(classifier, F.interpolate(images, (side, side), mode="bilinear", antialias=True))


CLASSIFIER_RULES: dict[str, ClassifierRule] = {
    "gives logits": gives_logits,
    "gives the same bits again": answers_again,
    "keeps images apart": images_stand_alone,
    "lets a gradient reach the images": is_differentiable,
    "is frozen": is_frozen,
    "gives features, where it has them": gives_features,
    "is what its card says": is_what_its_card_says,
    "takes images of any size": takes_any_size,
}
