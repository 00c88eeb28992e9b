"""What the manifest says of weights that this project trained: where they come from, and how they were made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.classifiers.providers.zoo import ZOO
from bench.config import DEFAULT_DATASET
from bench.environment import describe, resolve_device
from bench.errors import WeightsError
from bench.training.journal import DESCRIPTION
from bench.weights.files import entry as shipped
from bench.weights.files import metadata
from bench.weights.lookup import DEFAULT_SIZE

SOURCE = "trained by this project"
LICENCE = "MIT"
PAPERS = {
    "resnet152": "He et al. 2016, Deep Residual Learning for Image Recognition",
    "robust_resnet152": "He et al. 2016; N-FGSM: de Jorge et al. 2022, Make Some Noise",
    "inception_v3": "Szegedy et al. 2016, Rethinking the Inception Architecture for Computer Vision",
    "judge": "Simonyan & Zisserman 2015; Jordan 2024",
    "judge-tiny-imagenet": "Simonyan & Zisserman 2015; Jordan 2024",
    "biggan-logit": "Teterwak et al. 2021, Understanding Invariance via Feedforward Inversion",
    "biggan-logit-ch64": "Teterwak et al. 2021, at the width of BigGAN-PyTorch's CIFAR-10 configuration",
    "onehot-biggan": "Teterwak et al. 2021, with the arg-max class in place of the logits",
    "dosovitskiy-brox-2016a": "Dosovitskiy & Brox 2016, Generating Images with Perceptual Similarity Metrics",
    "dosovitskiy-brox-2016b": "Dosovitskiy & Brox 2016, Inverting Visual Representations with Convolutional Networks",
    "flow-matching": "Lipman et al. 2023, Flow Matching; Liu et al. 2023, Flow Straight and Fast",
    "nash-2019": "Nash, Kushman & Williams 2019, Inverting Supervised Representations; Salimans et al. 2017",
    "controls": None,
}


def facts_of_classifier(name: str, path: Path) -> dict[str, Any]:
    """A classifier's manifest entry, without measurements."""
    entry = {
        "kind": "classifier",
        "num_logits": ZOO[name].num_logits,
        "parameters": sum(p.numel() for p in ZOO[name].build().parameters()),
    }
    return _provenance(path, name, f"bench train classifier {name}") | entry


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
        "dataset": facts.get("dataset", DEFAULT_DATASET),
        "image_size": int(facts.get("image_size", DEFAULT_SIZE)),
    }
    entry |= {key: facts[key] for key in ("comparator", "comparator_sha256", "default") if key in facts}
    if "seed" in facts:
        entry["seed"] = int(facts["seed"])
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
