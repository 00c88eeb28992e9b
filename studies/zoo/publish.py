"""Put freshly trained weights into the zoo: measure them, copy them, write their manifest entry.

    python -m studies.zoo.publish classifier robust_resnet152
    python -m studies.zoo.publish margins efficientnet_lite0
    python -m studies.zoo.publish controls robust_resnet152
    python -m studies.zoo.publish inverter biggan-logit robust_resnet152
    python -m studies.zoo.publish inverter biggan-logit robust_resnet152 --seed 2
    python -m studies.zoo.publish inverter biggan-logit efficientnet_lite0 --dataset tiny-imagenet --eight-bits
    python -m studies.zoo.publish eight-bits biggan-logit-efficientnet_lite0-tiny-imagenet

Run once per recipe, after it was chosen on ``val``: this is where ``test`` is looked at.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from safetensors.torch import save
from torch import nn

from bench.classifiers import open_classifier
from bench.classifiers.providers.zoo import ZOO
from bench.classifiers.recipes import RECIPES
from bench.classifiers.train import robust_accuracy
from bench.config import DEFAULT_DATASET
from bench.datasets import cifar10, load_dataset
from bench.environment import resolve_device
from bench.progress import progress
from bench.store.files import write_atomically
from bench.store.folder import slug
from bench.training.data import TrainingImages
from bench.training.pairs import split_logits
from bench.weights.files import entry, load_file, metadata
from bench.weights.rows import in_rows
from bench.zoo.facts import facts_of_classifier, facts_of_fitted
from bench.zoo.manifest import amend, enter


def main() -> None:
    """Dispatch on the kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("classifier", "margins", "controls", "inverter", "eight-bits"))
    parser.add_argument("names", nargs="+", help="a classifier; a method before it for an inverter")
    parser.add_argument("--from", dest="folder", type=Path, default=Path("train"), help="where the trainings lie")
    parser.add_argument("--dataset", default=DEFAULT_DATASET, help="what an inverter or controls were trained on")
    parser.add_argument("--seed", type=int, help="of an inverter's training that is not the recipe's own")
    parser.add_argument("--eight-bits", action="store_true", help="round a new file first; what is measured is rounded")
    given = parser.parse_args()
    *methods, classifier = given.names
    if given.kind == "margins":
        publish_margins(classifier)
        return
    if given.kind == "eight-bits":
        publish_in_eight_bits(classifier)
        return
    name = "-".join({"classifier": [], "controls": ["controls"], "inverter": methods}[given.kind] + [classifier])
    plain, option = name, ""
    if given.dataset != DEFAULT_DATASET:
        name, option = f"{name}-{slug(given.dataset)}", f" --dataset {given.dataset}"
    if given.seed is not None:
        name, option = f"{name}-seed{given.seed}", f"{option} --seed {given.seed}"
    path = given.folder / name / f"{plain if methods else name}.safetensors"
    if given.eight_bits:
        path = in_eight_bits(path, path.parent)
    if given.kind == "classifier":
        publish_classifier(classifier, path)
    elif given.kind == "controls":
        command = f"bench train controls --classifier {classifier}{option}"
        _enter(name, path, facts_of_fitted(path, classifier, "controls", ["class-mean", "ridge"], command))
    else:
        facts = metadata(path)
        option += f" --recipe {json.loads(facts['recipe'])['name']}" if facts.get("default") == "false" else ""
        command = f"bench train inverter {methods[0]} --classifier {classifier}{option}"
        _enter(name, path, facts_of_fitted(path, classifier, methods[0], methods, command))


def publish_in_eight_bits(name: str) -> None:
    """A file of the zoo again, as ``bench.weights.rows`` stores it; its entry says from what it was rounded."""
    was = entry(name)
    kept = {key: value for key, value in was.facts.items() if key not in ("file", "sha256", "size")}
    with TemporaryDirectory() as folder:
        _enter(name, in_eight_bits(was.path, Path(folder)), kept | {"rounded_from": was.sha256})


def in_eight_bits(path: Path, folder: Path) -> Path:
    """A copy of a file of weights as ``bench.weights.rows`` stores them."""
    copy = folder / f"{path.name.partition('.')[0]}-eight-bits.safetensors"
    write_atomically(copy, save(in_rows(load_file(path)), metadata=metadata(path)))
    return copy


def publish_classifier(name: str, path: Path) -> None:
    """Accuracy and mean margin on train, val and test; under PGD-20 on test."""
    device = resolve_device("auto")
    net = ZOO[name].build()
    net.load_state_dict(load_file(path))
    net.eval().requires_grad_(False).to(device).to(memory_format=torch.channels_last)
    measured: dict[str, float] = {}
    for split in ("train", "val", "test"):
        data = TrainingImages(load_dataset(RECIPES[name].dataset, split), device, 0)
        accuracy, margin = accuracy_and_margin(net, data, split)
        measured |= {f"{split}_accuracy": round(accuracy, 4), f"{split}_margin": round(margin, 3)}
    if ZOO[name].target:
        test = TrainingImages(cifar10.load("test"), device, 0)
        measured["test_pgd20"] = round(robust_accuracy(net, test, steps=20, limit=len(test)), 4)
    _enter(name, path, facts_of_classifier(name, path) | {"measured": measured})


def publish_margins(name: str) -> None:
    """Mean margins of a classifier that comes from a package and knows other classes than cifar10's."""
    classifier = open_classifier(name, resolve_device("auto"))
    measured: dict[str, float] = {}
    for split in ("train", "val", "test"):
        data = TrainingImages(cifar10.load(split), resolve_device("auto"), 0)
        top = split_logits(classifier, data, f"cifar10-{split}", mirrored=False).topk(2, dim=1).values
        measured[f"{split}_margin"] = round(float((top[:, 0] - top[:, 1]).mean()), 3)
    print(json.dumps(amend(name, {"measured": measured}), indent=2))


@torch.inference_mode()
def accuracy_and_margin(net: nn.Module, data: TrainingImages, title: str) -> tuple[float, float]:
    """Share of correct top-1 classes, and the mean of the largest logit less the second largest."""
    hits, margin = 0, 0.0
    with progress(len(data), f"measuring on {title}") as bar:
        for rows in data.blocks(500):
            logits = net(data.batch(rows))
            top = logits.topk(2, dim=1).values
            hits += int((logits.argmax(1) == data.labels[rows]).sum())
            margin += float((top[:, 0] - top[:, 1]).sum())
            bar.advance(len(rows))
    return hits / len(data), margin / len(data)


def _enter(name: str, path: Path, facts: dict[str, Any]) -> None:
    print(json.dumps(enter(name, path.read_bytes(), facts), indent=2))


if __name__ == "__main__":
    main()
