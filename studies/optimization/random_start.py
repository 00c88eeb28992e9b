"""How far does a reconstruction depend on its random start?

    python -m studies.optimization.random_start --num-images 100

The same logits are inverted from several starts. ``starts`` is the mean LPIPS between two reconstructions of one
image; it is read against ``images``, the same between reconstructions of two images from the same run, and against
``originals``, between two different originals (each image with the next one): ``starts`` near 0 means that the logits
decide, ``starts`` near ``images`` that the noise does. ``original`` is the distance to the original.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.optimization.mahendran_vedaldi import MahendranVedaldi
from bench.datasets.base import Pixels
from bench.metrics.bootstrap import mean_ci, paired_difference
from studies.optimization.study import Study, arguments, lpips, report

CLASSIFIERS = ("robust_resnet152", "resnet152")
Values = dict[str, NDArray[np.float64]]


def measure(study: Study, starts: int) -> Values:
    """(N,) values of each kind of distance, averaged over starts or pairs of starts."""
    runs = [study.reconstruct(MahendranVedaldi, seed) for seed in range(starts)]
    pairs = list(itertools.combinations(range(starts), 2))
    return {
        "starts": np.mean([lpips(runs[a], runs[b]) for a, b in pairs], axis=0),
        "images": np.mean([lpips(run, following(run)) for run in runs], axis=0),
        "originals": lpips(study.originals, following(study.originals)),
        "original": np.mean([lpips(study.originals, run) for run in runs], axis=0),
    }


def following(pixels: Pixels) -> Pixels:
    """Each image's successor, the first one's for the last."""
    return np.roll(pixels, -1, axis=0)


def rows_of(found: dict[str, Values]) -> list[dict[str, Any]]:
    """A row a classifier, and the paired difference between the two."""
    rows: list[dict[str, Any]] = []
    for name, values in found.items():
        rows.append({"classifier": name} | {kind: mean_ci(column) for kind, column in values.items()})
    robust, standard = (found[name] for name in CLASSIFIERS)
    differences = {kind: paired_difference(robust[kind], standard[kind]) for kind in robust}
    rows.append({"classifier": f"{CLASSIFIERS[0]} - {CLASSIFIERS[1]}"} | differences)
    return rows


def main() -> None:
    """Measure both classifiers, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=3, help="starts for each image")
    given = arguments(parser, Path("runs/random-start.json"))
    studies = [Study.open(name, given.split, given.num_images, given.preset) for name in CLASSIFIERS]
    found = {study.classifier.name: measure(study, given.starts) for study in studies}
    report(rows_of(found), studies, given, {"starts": given.starts, "metric": "lpips"})


if __name__ == "__main__":
    main()
