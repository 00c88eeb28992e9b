"""What the measurements and the tuning share: some images, their logits, reconstructions, and scores of pairs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from baselines.optimization.inverter import ImageSpaceInverter
from bench.cell import networks
from bench.classifiers import LoadedClassifier, open_classifier
from bench.classifiers.provider import JUDGE
from bench.cli.printing import print_rows
from bench.config import Preset
from bench.datasets import load_dataset
from bench.datasets.base import Pixels, to_images, to_pixels
from bench.environment import default_preset, resolve_device
from bench.errors import UsageError
from bench.inverters.base import Target
from bench.metrics.evaluate import evaluate
from bench.seeding import sample_seeds
from bench.store.files import write_atomically

Columns = dict[str, NDArray[Any]]
BLOCK = 250
MakeInverter = Callable[[Target], ImageSpaceInverter]


@dataclass(frozen=True)
class Study:
    """Some images and what one classifier makes of them.

    Attributes:
        classifier: the target.
        ids, labels: of the images.
        originals: (N, H, W, 3) uint8.
        logits: (N, K) float32.
        preset: of the inverters.
    """

    classifier: LoadedClassifier
    ids: tuple[str, ...]
    labels: NDArray[np.int64]
    originals: Pixels
    logits: Tensor
    preset: Preset

    @classmethod
    def open(cls, classifier: str, split: str, num_images: int, preset: Preset | None = None) -> Study:
        """The first images of a split of cifar10, in its order.

        Raises:
            UsageError: there are fewer images than that, or fewer than two are asked for.
        """
        dataset = load_dataset("cifar10", split)
        if not 2 <= num_images <= len(dataset):
            raise UsageError(f"--num-images should be between 2 and {len(dataset)}, got {num_images}.")
        device = resolve_device("auto")
        target = open_classifier(classifier, device)
        pixels = dataset.pixels(slice(0, num_images))
        with torch.no_grad():
            blocks = [to_images(pixels[start : start + BLOCK]).to(device) for start in range(0, num_images, BLOCK)]
            logits = torch.cat([target.network(block).float() for block in blocks])
        ids, labels = dataset.ids[:num_images], dataset.labels[:num_images]
        return cls(target, ids, labels, pixels, logits, preset or default_preset(device.type))

    @property
    def device(self) -> torch.device:
        """Where the classifier lies."""
        return self.logits.device

    def reconstruct(self, make: MakeInverter, run_seed: int = 0) -> Pixels:
        """(N, H, W, 3) uint8: what a white-box inverter of the logits makes of them, with a run's seeds."""
        height, width = self.originals.shape[1:3]
        name, sha256 = self.classifier.name, self.classifier.sha256
        target = Target(
            name, sha256, "cifar10", self.logits.shape[1], (height, width), self.device, self.preset,
            self.classifier.network,
        )  # fmt: skip
        return to_pixels(make(target).invert(self.logits, sample_seeds(run_seed, self.ids)))

    def scores(self, reconstructions: Pixels, *, judged: bool) -> Columns:
        """The protocol's per-image metrics of reconstructions against the originals."""
        nets = networks(self.classifier, self.device, judge=JUDGE if judged else None)
        logits = self.logits.cpu().numpy()
        return evaluate(self.originals, reconstructions, labels=self.labels, logits=logits, networks=nets).per_image


def lpips(a: Pixels, b: Pixels) -> NDArray[np.float64]:
    """(N,) LPIPS between paired images (N, H, W, 3) uint8."""
    nets = networks(None, resolve_device("auto"))
    found = evaluate(a, b, labels=None, logits=None, networks=nets, wanted=("lpips",))
    values: NDArray[np.float64] = found.per_image["lpips"]
    return values


def arguments(parser: argparse.ArgumentParser, out: Path) -> argparse.Namespace:
    """Parse what the measurements have in common."""
    parser.add_argument("--num-images", type=int, default=100, help="N, a prefix of the split's order")
    parser.add_argument("--split", choices=("test", "val"), default="test", help="of cifar10")
    parser.add_argument("--preset", choices=("fast", "paper"), help="fast on the CPU by default, else paper")
    parser.add_argument("--out", type=Path, default=out, help="the JSON file to write")
    return parser.parse_args()


def report(
    rows: Sequence[Mapping[str, Any]], studies: Sequence[Study], given: argparse.Namespace, facts: Mapping[str, Any]
) -> None:
    """Print rows whose triples are means with intervals, and write them as JSON."""
    print_rows([{key: _text(value) for key, value in row.items()} for row in rows], "")
    document = {
        "split": given.split,
        "num_images": given.num_images,
        "preset": studies[0].preset,
        "classifiers": {study.classifier.name: study.classifier.sha256 for study in studies},
        **facts,
        "values": ["mean", "lower", "upper"],
        "rows": rows,
    }
    write_atomically(given.out, (json.dumps(document, indent=1) + "\n").encode())
    print(f"written: {given.out}")


def _text(value: Any) -> Any:
    return "{:.4g} [{:.4g}, {:.4g}]".format(*value) if isinstance(value, tuple) else value
