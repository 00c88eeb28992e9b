"""Put freshly trained weights into the zoo: measure them, copy them, write their manifest entry.

    python -m bench.zoo.publish classifier robust_resnet152
    python -m bench.zoo.publish margins efficientnet_lite0
    python -m bench.zoo.publish controls robust_resnet152
    python -m bench.zoo.publish inverter biggan-logit robust_resnet152

Run once per recipe, after it was chosen on ``val``: this is where ``test`` is looked at.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from bench.classifiers import open_classifier
from bench.classifiers.catalogue import CATALOGUE
from bench.classifiers.train import robust_accuracy
from bench.datasets import cifar10
from bench.environment import describe, resolve_device
from bench.errors import WeightsError
from bench.progress import progress
from bench.training.data import TrainingImages
from bench.training.journal import DESCRIPTION
from bench.training.pairs import split_logits
from bench.weights import entry as shipped
from bench.weights import load_file, metadata
from bench.zoo.manifest import amend, enter

SOURCE = "trained by this project"
LICENCE = "MIT"
PAPERS = {
    "resnet152": "He et al. 2016, Deep Residual Learning for Image Recognition",
    "robust_resnet152": "He et al. 2016; N-FGSM: de Jorge et al. 2022, Make Some Noise",
    "inception_v3": "Szegedy et al. 2016, Rethinking the Inception Architecture for Computer Vision",
    "judge": "Simonyan & Zisserman 2015; Jordan 2024",
    "biggan-logit": "Teterwak et al. 2021, Understanding Invariance via Feedforward Inversion",
    "biggan-logit-ch64": "Teterwak et al. 2021, at the width of BigGAN-PyTorch's CIFAR-10 configuration",
    "onehot-biggan": "Teterwak et al. 2021, with the arg-max class in place of the logits",
    "dosovitskiy-brox-2016a": "Dosovitskiy & Brox 2016, Generating Images with Perceptual Similarity Metrics",
    "dosovitskiy-brox-2016b": "Dosovitskiy & Brox 2016, Inverting Visual Representations with Convolutional Networks",
    "controls": None,
}


def main() -> None:
    """Dispatch on the kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("classifier", "margins", "controls", "inverter"))
    parser.add_argument("names", nargs="+", help="a classifier; a method before it for an inverter")
    parser.add_argument("--from", dest="folder", type=Path, default=Path("train"), help="where the trainings lie")
    given = parser.parse_args()
    *methods, classifier = given.names
    if given.kind == "margins":
        publish_margins(classifier)
        return
    name = "-".join({"classifier": [], "controls": ["controls"], "inverter": methods}[given.kind] + [classifier])
    path = given.folder / name / f"{name}.safetensors"
    if given.kind == "classifier":
        publish_classifier(classifier, path)
    elif given.kind == "controls":
        command = f"bench train controls --classifier {classifier}"
        _enter(name, path, facts_of_fitted(path, classifier, "controls", ["class-mean", "ridge"], command))
    else:
        command = f"bench train inverter {methods[0]} --classifier {classifier}"
        _enter(name, path, facts_of_fitted(path, classifier, methods[0], methods, command))


def publish_classifier(name: str, path: Path) -> None:
    """Accuracy and mean margin on train, val and test; under PGD-20 on test."""
    device = resolve_device("auto")
    net = CATALOGUE[name].build()
    net.load_state_dict(load_file(path))
    net.eval().requires_grad_(False).to(device).to(memory_format=torch.channels_last)
    measured: dict[str, float] = {}
    for split in ("train", "val", "test"):
        data = TrainingImages(cifar10.load(split), device, 0)
        accuracy, margin = accuracy_and_margin(net, data, split)
        measured |= {f"{split}_accuracy": round(accuracy, 4), f"{split}_margin": round(margin, 3)}
    if name != "judge":
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


def facts_of_classifier(name: str, path: Path) -> dict[str, Any]:
    """A classifier's manifest entry, without measurements."""
    entry = {
        "kind": "classifier",
        "num_logits": CATALOGUE[name].num_logits,
        "parameters": sum(p.numel() for p in CATALOGUE[name].build().parameters()),
    }
    return _provenance(path, name, f"bench train classifier {name}") | entry


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


def facts_of_fitted(path: Path, classifier: str, paper: str, methods: list[str], command: str) -> dict[str, Any]:
    """The entry of an inverter's weights, or of the controls' statistics, tied to their classifier's hash."""
    facts = metadata(path)
    if facts["classifier_sha256"] != shipped(classifier).sha256:
        raise WeightsError(f"{path} was fitted for other weights of {classifier} than those of the zoo. Train it anew.")
    entry = {
        "kind": "controls" if paper == "controls" else "inverter",
        "classifier": classifier,
        "classifier_sha256": facts["classifier_sha256"],
        "methods": methods,
    }
    entry |= {key: facts[key] for key in ("comparator", "comparator_sha256") if key in facts}
    return _provenance(path, paper, command) | entry


def _provenance(path: Path, paper: str, command: str) -> dict[str, Any]:
    facts = metadata(path)
    provenance: dict[str, Any] = {"source": SOURCE, "licence": LICENCE, "paper": PAPERS[paper], "command": command}
    if "train_seconds" in facts:
        provenance["train_seconds"] = int(facts["train_seconds"])
        provenance["machine"] = machine(path.parent / DESCRIPTION)
    if "recipe" in facts:
        provenance["recipe"] = json.loads(facts["recipe"])
    if curve := holdout_curve(path.parent / "log.jsonl"):
        provenance["curve"] = curve
    return provenance


def machine(description: Path) -> str:
    """What a training ran on when it was last started, from its ``run.json``; without one, this machine."""
    recorded = json.loads(description.read_text()).get("environment") if description.exists() else None
    found = recorded or describe(resolve_device("auto"))
    threads, architecture = found["threads"], found["platform"].split()[-1]
    return found["gpu"] or f"{threads} thread{'s' if threads > 1 else ''}, {found['processor']}, {architecture}"


def holdout_curve(log: Path) -> dict[str, list[float]]:
    """What ``val`` gave over the steps of a training: a list for ``step`` and for each score, from its log."""
    rows = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    by_step = {row["step"]: row for row in rows if any(name.startswith("val_") for name in row)}
    looks = [by_step[step] for step in sorted(by_step)]
    scores = sorted({name for row in looks for name in row if name.startswith("val_")})
    if not looks:
        return {}
    return {"step": [row["step"] for row in looks]} | {
        name: [round(row[name], 4) for row in looks] for name in scores if all(name in row for row in looks)
    }


def _enter(name: str, path: Path, facts: dict[str, Any]) -> None:
    print(json.dumps(enter(name, path.read_bytes(), facts), indent=2))


if __name__ == "__main__":
    main()
