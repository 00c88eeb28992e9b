"""What does the feature loss of 2016a bring, and to whom?

    python -m studies.dosovitskiy_brox.ablation --classifier resnet152 --resume

Trains 2016a with the feature term at zero and everything else as it is, and scores it beside the weights of the
comparison recipe on the same test images. The feature loss asks a network that learned from the judge's training data
for the features of the original; if the judge's agreement falls without it, it came from there. Nothing is chosen by
this: it explains scores that are there already.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from baselines.dosovitskiy_brox.inverters import DosovitskiyBrox2016a
from baselines.dosovitskiy_brox.train_2016a import DosovitskiyBrox2016aRecipe, Task2016a
from bench.classifiers import LoadedClassifier, open_classifier
from bench.cli.printing import print_rows
from bench.datasets import cifar10
from bench.datasets.base import to_images
from bench.inverters.base import Target
from bench.progress import each
from bench.public import score
from bench.training.engine import Engine
from bench.training.inverters import train_inverter
from bench.training.pairs import TrainingPairs

WITHOUT = replace(DosovitskiyBrox2016aRecipe(), name="cpu-no-feature", pool5_rms=0.0)
METRICS = ("lpips", "psnr", "logit_error", "reid_class_target", "reid_class_judge", "reid_within_class_judge_mrr")
BLOCK = 250


def compare(classifier: LoadedClassifier, weights: Path, count: int) -> list[dict[str, Any]]:
    """A row for the shipped weights, one for those without the feature loss, over the first ``count`` test images."""
    pixels, labels = cifar10.shipped_test()
    originals = to_images(pixels[:count])
    with torch.inference_mode():
        logits = torch.cat([classifier.network(part) for part in torch.split(originals, BLOCK)])
    target = Target(
        classifier.name, classifier.sha256, "cifar10", logits.shape[1], (32, 32), torch.device("cpu"), "fast", None
    )
    rows = []
    for label, inverter in (
        ("with", DosovitskiyBrox2016a(target)),
        ("without", DosovitskiyBrox2016a(target, weights)),
    ):
        scores = score(
            originals, reconstructions(inverter, logits), classifier=classifier.network,
            labels=torch.from_numpy(labels[:count]),
        )  # fmt: skip
        rows.append({"feature loss": label} | {key: _interval(scores[key]) for key in METRICS})
    return rows


def reconstructions(inverter: DosovitskiyBrox2016a, logits: Tensor) -> Tensor:
    """(N, K) to (N, 3, 32, 32)."""
    with torch.inference_mode():
        return torch.cat(
            [inverter.invert(part, [0] * len(part)) for part in each(torch.split(logits, BLOCK), "inverting")]
        )


def _interval(found: Any) -> str:
    return f"{found.value:.4f} [{found.ci95[0]:.4f}, {found.ci95[1]:.4f}]"


def main() -> None:
    """Train what is missing, then print the two rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--classifier", default="resnet152")
    parser.add_argument("--num-images", type=int, default=2_500)
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args()
    classifier = open_classifier(given.classifier)
    folder = Path("train") / f"ablation-no-feature-{classifier.name}"
    weights = folder / f"{DosovitskiyBrox2016a.name}-{classifier.name}.safetensors"
    if not weights.exists():
        engine = Engine()
        task = Task2016a(WITHOUT, TrainingPairs.of(WITHOUT, classifier, engine), classifier, engine)
        train_inverter(task, folder, resume=given.resume)
    print_rows(compare(classifier, weights, given.num_images), "")


if __name__ == "__main__":
    main()
