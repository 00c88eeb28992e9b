"""The parts of the Python interface that are more than a name: ``load_inverter`` and ``score``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from bench.cell import check_judge, networks
from bench.classifiers import LoadedClassifier, describe_network
from bench.classifiers.base import Classifier
from bench.classifiers.providers.file import input_size_of
from bench.cli.printing import say_once
from bench.config import DEFAULT_DATASET, Preset
from bench.datasets import dataset_class, judge_of
from bench.datasets.base import Pixels, to_pixels
from bench.environment import default_preset, resolve_device
from bench.errors import SkipCellError, UsageError
from bench.identify import method_class
from bench.inverters.base import WITH_NETWORK, Inverter, Target
from bench.metrics import score_folders
from bench.metrics.evaluate import evaluate
from bench.metrics.folders import PixelSource
from bench.metrics.registry import chosen
from bench.store.record import Score


def load_inverter(
    method: str,
    classifier: nn.Module,
    *,
    dataset: str = DEFAULT_DATASET,
    image_size: int | None = None,
    preset: Preset | None = None,
    training_seed: int | None = None,
) -> Inverter:
    """An inverter for one classifier, ready for ``.invert(logits, seeds) -> images``.

    Args:
        method: a registered inverter or ``path/to/file.py:Class``.
        classifier: from ``load_classifier``, or any module from [0, 1] images (N, 3, H, W) to logits (N, K).
        dataset: the name that the inverter is told.
        image_size: side of the reconstructions in pixels; by default that of the dataset's, of a folder without
            a size in its name the classifier's input size.
        preset: ``fast`` or ``paper``; by default as ``bench run`` does, ``fast`` on the CPU.
        training_seed: of the training whose weights are taken; by default those that come first.

    Raises:
        UsageError: no such method.
        SkipCellError: it makes no sense for this classifier, or there are no weights for it.
    """
    cls = method_class(method)
    if not issubclass(cls, Inverter):
        raise UsageError(f"{method} is a control: it needs originals and runs through bench.run only.")
    side = image_size or _side(dataset, classifier)
    target = _target(cls, describe_network(classifier), dataset, (side, side), preset)
    target = replace(target, training_seed=training_seed)
    if reason := cls.skip(target):
        raise SkipCellError(reason)
    inverter: Inverter = cls(target)
    return inverter


def _side(dataset: str, classifier: nn.Module) -> int:
    """The size of a dataset's images, said on stderr where the classifier prefers another or decides it."""
    described = describe_network(classifier)
    if (side := dataset_class(dataset).side(dataset)) is not None:
        if described.input_size != side:
            say_once(
                f"images of {dataset} are {side} px, and so are the reconstructions; {described.name} takes "
                f"{described.input_size} px: for those, load_inverter(..., image_size={described.input_size})"
            )
        return side
    size = input_size_of(classifier, described.name)
    say_once(f"{dataset} is taken at {size} px, the input size of {described.name}")
    return size


def _target(
    cls: type[Inverter], classifier: LoadedClassifier, dataset: str, image_size: tuple[int, int], preset: Preset | None
) -> Target:
    """What an inverter of this class learns about the classifier: the network only with access beyond logits."""
    device = next((p.device for p in classifier.network.parameters()), torch.device("cpu"))
    with torch.inference_mode():
        num_logits = classifier.network(torch.zeros(1, 3, *image_size, device=device)).shape[1]
    return Target(
        classifier=classifier.name,
        classifier_sha256=classifier.sha256,
        dataset=dataset,
        num_logits=num_logits,
        image_size=image_size,
        device=device,
        preset=preset or default_preset(device.type),
        network=classifier.network if cls.access in WITH_NETWORK else None,
    )


def score(
    originals: Tensor | str | Path,
    reconstructions: Tensor | str | Path,
    *,
    classifier: nn.Module | None = None,
    labels: Tensor | None = None,
    inception_weights: Path | None = None,
    judge: str | bool | None = None,
    metrics: Collection[str] | None = None,
    device: str = "auto",
) -> dict[str, Score]:
    """Every registered metric on paired images.

    Args:
        originals: (N, 3, H, W) in [0, 1], rounded to uint8 before scoring, or a folder of images.
        reconstructions: the same shape, or a folder with the same file names.
        classifier: the target, for the metrics that ask it; without one they are null.
        labels: (N,) true classes, or None.
        inception_weights: torch-fidelity's file for ``fid``; the fetched one if there is one.
        judge: the classifier that plays it; True takes that of the default dataset, which is asked by default where the
            images have its size.
        metrics: keys of those to compute; None computes those that are always computed.
        device: ``auto``, ``cpu`` or ``cuda``.

    Returns:
        A ``Score`` for every key; null values carry the reason in ``note``.

    Raises:
        UnknownNameError: there is no such metric.
    """
    chosen(metrics)  # a misspelt key is said before any work
    a, b = _pair(originals, reconstructions)
    target = describe_network(classifier) if classifier is not None else None
    place = resolve_device(device)
    if target is not None:
        target.network.to(place)
        _say_another_size(target, a.shape[1:3])
    if judge is None:
        judge = tuple(a.shape[1:3]) == (dataset_class(DEFAULT_DATASET).side(DEFAULT_DATASET),) * 2
    named = judge if isinstance(judge, str) else judge_of(DEFAULT_DATASET) if judge else None
    if named is not None:
        check_judge(named, target.sha256 if target else None)
    nets = networks(target, place, judge=named, inception=inception_weights)
    truth = None if labels is None else labels.cpu().numpy().astype(np.int64)
    # whether these reconstructions came from noise is not known here: diversity is null, with its reason
    return evaluate(a, b, labels=truth, logits=None, networks=nets, stochastic=True, wanted=metrics).metrics


def _say_another_size(target: LoadedClassifier, shown: tuple[int, ...]) -> None:
    """Say where a user's network is shown images of another size than it takes; shipped ones resize by themselves."""
    wanted = getattr(target.network, "input_size", None)
    if wanted is not None and not isinstance(target.network, Classifier) and shown != (wanted, wanted):
        say_once(
            f"{target.name} is shown the images as they are, {shown[1]}x{shown[0]} px, and says that it takes {wanted} "
            "px"
        )


def _pair(originals: Tensor | str | Path, reconstructions: Tensor | str | Path) -> tuple[PixelSource, PixelSource]:
    if isinstance(originals, Tensor) and isinstance(reconstructions, Tensor):
        return _pixels(originals, "originals"), _pixels(reconstructions, "reconstructions")
    if isinstance(originals, Tensor) or isinstance(reconstructions, Tensor):
        raise UsageError("Give two tensors of shape (N, 3, H, W), or two folders; this is one of each.")
    pair = score_folders(Path(originals), Path(reconstructions))
    return pair.originals, pair.reconstructions


def _pixels(images: Tensor, role: str) -> Pixels:
    """A tensor as stored pixels, once it was found to be images in [0, 1]."""
    if images.ndim != 4 or images.shape[1] != 3 or not images.is_floating_point():
        raise UsageError(
            f"The {role} should be a float tensor (N, 3, H, W) in [0, 1], got {tuple(images.shape)} of {images.dtype}. "
            "For uint8 pixels in NCHW order, divide by 255."
        )
    low, high = float(images.min()), float(images.max())
    if not (low >= -1e-3 and high <= 1 + 1e-3):  # also where one is NaN
        raise UsageError(f"The {role} should lie in [0, 1] and reach from {low:.4g} to {high:.4g}. Rescale them first.")
    return to_pixels(images)
