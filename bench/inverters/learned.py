"""What every trained inverter (and the one-hot control) shares: finding, checking and opening its weights."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import torch
from torch import Tensor, nn

from bench.classifiers.provider import ALIASES
from bench.cli.printing import say_once
from bench.config import DEFAULT_DATASET
from bench.errors import WeightsError
from bench.inverters.base import Inverter, Target, Training
from bench.store.fingerprint import digest
from bench.weights.files import open_weights
from bench.weights.lookup import FOLDER, Fitted, fitted, of_users_own, retrained, serving


@runtime_checkable
class Freezing(Protocol):
    """A network that is faster once it is told that its weights will not change any more."""

    def freeze(self) -> None:
        """Compute what depends on the weights alone."""


Builder = Callable[[dict[str, Any]], nn.Module]
ON_CPU = 25  # images a pass: they stay in the caches, which makes a generator up to twice as fast as with 250


@dataclass(frozen=True)
class Trained:
    """One trained network, on the device and frozen.

    Attributes:
        network: in evaluation mode.
        weights: SHA-256 by the file's name.
        recipe: ``name``, ``hash``, ``steps`` and ``seed`` of the training, its ``dataset`` and ``image_size``, and
            ``but_seed``, the hash of all settings but the seed.
        train_seconds: how long it took, where the file says so.
        images: hashes of the images of a folder that it was trained on.
        precision: ``bf16`` multiplies in bfloat16.
    """

    network: nn.Module
    weights: dict[str, str]
    recipe: dict[str, Any]
    train_seconds: float | None
    images: frozenset[str] = frozenset()
    precision: str = "float32"

    @property
    def parameters(self) -> int:
        """Their number."""
        return sum(p.numel() for p in self.network.parameters())

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Inputs of n rows each to the network's n rows as float32, a batch at a time."""
        size = ON_CPU if inputs[0].device.type == "cpu" else max(1, len(inputs[0]))
        parts = zip(*(torch.split(rows, size) for rows in inputs), strict=True)
        half = torch.autocast(inputs[0].device.type, torch.bfloat16, enabled=self.precision == "bf16")
        # TF32 would cost a GPU three digits
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False), half:
            return torch.cat([self.network(*part).float() for part in parts])


def unsuited(method: str, target: Target, sizes: tuple[int, ...] = ()) -> str | None:
    """Why ``method`` cannot run for want of weights for this very classifier and size, or None.

    Args:
        method: its name.
        target: what is to be inverted.
        sizes: sides of the images that it can be trained for; any where there are none.
    """
    size = target.image_size[0]
    if sizes and size not in sizes:
        known = ", ".join(map(str, sizes))
        return f"{method} makes images of {known} px and {target.dataset} is {size} px here."
    seed = target.training_seed
    if serving(method, target.classifier_sha256, target.dataset, size, seed):
        return None
    seeds = sorted({one.seed for one in serving(method, target.classifier_sha256, target.dataset, size)})
    here = sorted({one.image_size for one in fitted(method, target.classifier_sha256) if one.serves(target.dataset)})
    others = f"; those that are here are for {', '.join(map(str, here))} px" if here else ""
    others = f"; those that are here have the seeds {', '.join(map(str, seeds))}" if seeds else others
    asked = "" if seed is None else f", trained with seed {seed}"
    return (
        f"There are no weights of {method} for {target.classifier} with SHA-256 {target.classifier_sha256[:16]} and "
        f"images of {size} px{asked}{others}. Train them (--dry-run says how long that takes): "
        f"bench train inverter {method} --classifier {_as_typed(target.classifier)}{_dataset_option(target)}"
        f"{'' if seed is None else f' --seed {seed}'}"
    )


def _dataset_option(target: Target) -> str:
    """What a training for such images is told; of users' own images it must be other ones."""
    if of_users_own(target.dataset):
        return f" --dataset {FOLDER}...@{target.image_size[0]}"
    return "" if target.dataset == DEFAULT_DATASET else f" --dataset {target.dataset}"


def _as_typed(classifier: str) -> str:
    """A classifier's name as ``--classifier`` takes it; of a user's own network the folder is not known."""
    file, dot, function = classifier.rpartition(".")
    if classifier in ALIASES or ":" in classifier:
        return classifier
    return f"{file}.py:{function}" if dot else "FILE.py:FUNCTION"


def open_trained(method: str, target: Target, build: Builder, weights: Path | None = None) -> Trained:
    """Open the weights of ``method`` for ``target``'s classifier.

    Args:
        method: its name in the zoo.
        target: what to invert.
        build: the recipe's settings to a network that the weights fit.
        weights: a file that ``bench train inverter`` wrote; by default the one that belongs to the classifier, the
            dataset and the size (``bench.weights.lookup``).

    Raises:
        WeightsError: the weights are missing, damaged, or were trained for other classifier weights or another size.
    """
    if weights is not None:
        path, opened = weights, open_weights(weights)
    else:
        found = serving(method, target.classifier_sha256, target.dataset, target.image_size[0], target.training_seed)
        if not found:
            raise WeightsError(str(unsuited(method, target)))
        path, opened = found[0].path, open_weights(found[0].path, found[0].sha256 or None)
        if others := [str(one) for one in found[1:] if one.own and one.dataset == found[0].dataset]:
            say_once(f"{method} for {target.classifier} uses {found[0]}; there is also {', '.join(others)}")
    facts = opened.facts
    made = Fitted.read(path, facts, own=weights is not None)
    if facts.get("classifier_sha256") != target.classifier_sha256:
        raise WeightsError(
            f"{path.name} was trained for {facts.get('classifier')} with SHA-256 {facts.get('classifier_sha256')}, "
            f"and this classifier is {target.classifier} with SHA-256 {target.classifier_sha256}. Train one for it: "
            f"bench train inverter {method} --classifier {target.classifier}"
        )
    if (made.image_size,) * 2 != target.image_size:
        raise WeightsError(
            f"{path.name} makes images of {made.image_size} px, and here they are {target.image_size[0]} px. Train one "
            f"for them: bench train inverter {method} --classifier {target.classifier}{_dataset_option(target)}"
        )
    network = build(made.recipe)
    network.load_state_dict(opened.tensors)
    network.eval().requires_grad_(False).to(target.device).to(memory_format=torch.channels_last)
    if isinstance(network, Freezing):
        network.freeze()
    seconds = float(facts["train_seconds"]) if "train_seconds" in facts else None
    recipe = {key: made.recipe[key] for key in ("name", "hash", "steps")}
    recipe |= {"seed": made.seed, "dataset": made.dataset, "image_size": made.image_size}
    recipe["but_seed"] = digest(made.unseeded)
    images = frozenset(facts.get("images", "").split())
    return Trained(network, {path.stem: opened.sha256}, recipe, seconds, images, target.precision)


class LearnedInverter(Inverter):
    """An inverter that is one trained network; a subclass writes ``build`` and ``invert``.

    Attributes:
        trained_as: the method whose weights it takes; the one of its own name where it is empty.
        sizes: sides of the images that it can be trained for; any where there are none.
        reconstruct: the network: inputs of n rows each to its n rows.
    """

    reconstruct: Trained
    trained_as: ClassVar[str] = ""
    sizes: ClassVar[tuple[int, ...]] = ()
    training: ClassVar[Training] = "pairs"
    precisions: ClassVar[tuple[str, ...]] = ("float32", "bf16")

    def __init__(self, target: Target, weights: Path | None = None) -> None:
        """Open the network trained for this very classifier; see ``open_trained``."""
        super().__init__(target)
        trained = open_trained(self.trained_as or self.name, target, self.build, weights)
        self.reconstruct = trained  # inputs of n rows each to the network's answer
        self.weights, self.recipe, self.train_seconds = trained.weights, trained.recipe, trained.train_seconds
        self.parameters, self.trained_on = trained.parameters, trained.images

    @classmethod
    def skip(cls, target: Target) -> str | None:
        """Without weights for this classifier and this size there is nothing to run."""
        return unsuited(cls.trained_as or cls.name, target, cls.sizes)

    def retrained(self) -> list[Self]:
        """The same recipe trained with other seeds, of which weights are here; none where a seed was named."""
        target = self.target
        where = (target.classifier_sha256, target.dataset, target.image_size[0], target.training_seed)
        found = retrained(self.trained_as or self.name, *where)
        return [type(self)(target, one.path) for one in found if found and one.path.stem not in self.weights]

    @abstractmethod
    def build(self, settings: dict[str, Any]) -> nn.Module:
        """The plain network for a recipe's settings."""
