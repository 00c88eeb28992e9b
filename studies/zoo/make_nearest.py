"""Choose the training images that ``train-nearest`` needs for the test images that ship, and their manifest entry.

    bench data fetch cifar10
    python -m studies.zoo.make_nearest robust_resnet152

The logits of the 45,000 training images are computed on the CPU, or read if they are kept from an earlier run.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bench.classifiers import LoadedClassifier, open_classifier
from bench.datasets import cifar10
from bench.store import shared
from bench.training.data import TrainingImages
from bench.training.pairs import split_logits
from bench.zoo.manifest import enter

CPU = torch.device("cpu")


def main() -> None:
    """Write the file and its entry."""
    from safetensors.torch import save

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("classifier", help="a shipped one")
    name = parser.parse_args().classifier
    classifier = open_classifier(name)
    state, facts = chosen(classifier)
    data = save(state, metadata={key: str(value) for key, value in facts.items()})
    described = describe(classifier) | facts | {"num_chosen": len(state["rows"])}
    print(json.dumps(enter(f"train-nearest-{name}", data, described), indent=2))


def chosen(
    classifier: LoadedClassifier, reach: int = cifar10.SHIPPED_TEST_IMAGES
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The training images that are nearest to one of the first ``reach`` test images, and what they were chosen for.

    Returns:
        ``rows`` (M,) among the 45,000, ascending, ``logits`` (M, K) float32 and ``images``, a lossless sheet as
        bytes; and the facts that tie them to the classifier's weights and to the published order.

    Raises:
        DataError: the training split was not fetched.
    """
    from baselines.train_nearest import nearest
    from baselines.training_statistics import packed

    train, test = cifar10.load("train"), cifar10.load("test")
    data = TrainingImages(train, CPU, seed=0)
    index = split_logits(classifier, data, "cifar10-train", mirrored=False)  # (45,000, K)
    with tempfile.TemporaryDirectory() as scratch:
        queries = torch.from_numpy(shared.logits(Path(scratch), classifier, test, reach, CPU))
    rows = torch.unique(nearest(queries, index))  # ascending, so that the first among equals stays the first
    state = {"rows": rows.int(), "logits": index[rows].clone(), "images": packed(train.pixels(rows.tolist()))}
    return state, {"classifier_sha256": classifier.sha256, "order": test.fingerprint, "reach": reach}


def describe(classifier: LoadedClassifier) -> dict[str, Any]:
    """Provenance."""
    return {
        "kind": "controls",
        "classifier": classifier.name,
        "methods": ["train-nearest"],
        "what": "training images of CIFAR-10, each nearest in logits to one of the test images that ship; their logits",
        "source": "the official training images of CIFAR-10: bench data fetch cifar10",
        "source_sha256": cifar10.ARRAYS["train_images"][1],
        "licence": "CIFAR-10 is published without a licence, to be cited as Krizhevsky 2009; the choice is MIT",
        "paper": "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images",
        "command": f"python -m studies.zoo.make_nearest {classifier.name}",
    }


if __name__ == "__main__":
    main()
