"""What becomes of a reconstruction without a prior (lambda = 0)?

    python -m studies.optimization.no_prior --num-images 100

The same logits are inverted from the same starts with the default settings and without both priors. Compared are LPIPS
to the original, the total variation (beta 1, mean over pixels and colours), the judge's agreement with the class of
the original, and the distance of the logits; differences are paired by image.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.optimization.mahendran_vedaldi import CHOSEN, MahendranVedaldi
from baselines.optimization.objectives import total_variation
from bench.datasets.base import Pixels, to_images
from bench.metrics.bootstrap import mean_ci, paired_difference
from studies.optimization.study import Study, arguments, report

CLASSIFIERS = ("robust_resnet152", "resnet152")
METRICS = ("lpips", "reid_class_judge", "logit_error")
NO_PRIOR = replace(CHOSEN, lambda_tv=0.0, lambda_alpha=0.0)
Values = dict[str, NDArray[np.float64]]


def measure(study: Study) -> dict[str, Values]:
    """(N,) values of each metric with priors, without them, and of the originals where they have one."""
    found = {"original": {"total_variation": roughness(study.originals)}}
    for label, settings in (("default", CHOSEN), ("no prior", NO_PRIOR)):
        pixels = study.reconstruct(partial(MahendranVedaldi, settings=settings))
        scores = study.scores(pixels, judged=True)
        found[label] = {key: scores[key] for key in METRICS} | {"total_variation": roughness(pixels)}
    return found


def roughness(pixels: Pixels) -> NDArray[np.float64]:
    """(N,) isotropic total variation, mean over pixels and colours, of (N, H, W, 3) uint8."""
    images = to_images(pixels)
    values: NDArray[np.float64] = (total_variation(images, beta=1) / images[0].numel()).double().numpy()
    return values


def rows_of(name: str, found: dict[str, Values]) -> list[dict[str, Any]]:
    """A row a setting, and the paired difference."""
    keys = (*METRICS, "total_variation")
    rows = [
        {"classifier": name, "setting": label} | {key: mean_ci(values[key]) if key in values else None for key in keys}
        for label, values in found.items()
    ]
    differences = {key: paired_difference(found["no prior"][key], found["default"][key]) for key in keys}
    return [*rows, {"classifier": name, "setting": "no prior - default"} | differences]


def main() -> None:
    """Measure both classifiers, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given = arguments(parser, Path("runs/no-prior.json"))
    studies = [Study.open(name, given.split, given.num_images, given.preset) for name in CLASSIFIERS]
    rows = [row for study in studies for row in rows_of(study.classifier.name, measure(study))]
    report(rows, studies, given, {})


if __name__ == "__main__":
    main()
