"""Choose the hyper-parameters of the white-box methods on ``val``, and write down what was tried.

    python -m studies.optimization.tune                  # ten minutes on two cores; needs: bench data fetch cifar10

A choice is one for all classifiers: the lowest mean LPIPS over ``robust_resnet152`` and ``resnet152`` among those
whose mean ``logit_error`` is at most 0.1 on each. Of the tolerances, which cost steps, it is the largest whose LPIPS
is at most 0.005 above the lowest. Neither ``test`` nor the judge is looked at. The constants in
``mahendran_vedaldi.CHOSEN`` and ``engstrom.TOLERANCE`` are what ``tuning.json`` names.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from baselines.optimization.engstrom import Engstrom
from baselines.optimization.mahendran_vedaldi import MahendranVedaldi, Settings
from bench.cli.printing import print_rows
from bench.progress import each
from studies.optimization.study import MakeInverter, Study

CLASSIFIERS = ("robust_resnet152", "resnet152")
MAX_LOGIT_ERROR = 0.1
SLACK = 0.005
RESULT = Path(__file__).with_name("tuning.json")

# the published values for deep and for middle layers and one below, the published rate and four times as much
FIRST = [
    Settings(lambda_tv=lambda_tv, eta=eta, jitter=0)
    for lambda_tv, eta in ((100.0, 0.004), *itertools.product((30.0, 10.0, 3.0), (0.004, 0.016)))
]
JITTER = 1  # what 8 of 227 pixels leave at 32
TOLERANCES = (0.05, 0.02, 0.01)

Row = dict[str, Any]


def tried(studies: list[Study], method: str, settings: Row, make: MakeInverter) -> Row:
    """Mean LPIPS and ``logit_error`` of one candidate on every classifier."""
    row: Row = {"method": method, **settings}
    for study in studies:
        began = time.perf_counter()
        scores = study.scores(study.reconstruct(make), judged=False)
        name = study.classifier.name
        row |= {f"{key} {name}": round(float(scores[key].mean()), 4) for key in ("lpips", "logit_error")}
        row[f"seconds {name}"] = round(time.perf_counter() - began, 1)
    print_rows([row], "")
    sys.stdout.flush()
    return row


def priors(studies: list[Study], candidates: Sequence[Settings]) -> list[Row]:
    """A row a candidate for ``mahendran-vedaldi``."""
    return [
        tried(studies, MahendranVedaldi.name, asdict(settings), partial(MahendranVedaldi, settings=settings))
        for settings in each(candidates, MahendranVedaldi.name)
    ]


def tolerances(studies: list[Study]) -> list[Row]:
    """A row a candidate for ``engstrom``."""
    return [
        tried(studies, Engstrom.name, {"tolerance": tolerance}, partial(Engstrom, tolerance=tolerance))
        for tolerance in each(TOLERANCES, Engstrom.name)
    ]


def choice(rows: Sequence[Row]) -> Row:
    """The row of the lowest LPIPS among those that reach the logits."""
    allowed = [row for row in rows if all(row[f"logit_error {name}"] <= MAX_LOGIT_ERROR for name in CLASSIFIERS)]
    return min(allowed, key=mean_lpips)


def cheapest_choice(rows: Sequence[Row]) -> Row:
    """The row of the largest tolerance that is about as good as the choice."""
    bound = mean_lpips(choice(rows)) + SLACK
    return max((row for row in rows if mean_lpips(row) <= bound), key=lambda row: float(row["tolerance"]))


def mean_lpips(row: Row) -> float:
    """Over the classifiers."""
    return sum(float(row[f"lpips {name}"]) for name in CLASSIFIERS) / len(CLASSIFIERS)


def main() -> None:
    """Try everything, print it, and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--num-images", type=int, default=50, help="of val")
    parser.add_argument("--out", type=Path, default=RESULT, help="the JSON file to write")
    arguments = parser.parse_args()
    studies = [Study.open(name, "val", arguments.num_images, "fast") for name in CLASSIFIERS]
    first = priors(studies, FIRST)
    best = Settings(**{field.name: choice(first)[field.name] for field in fields(Settings)})
    mahendran_vedaldi = first + priors(studies, [replace(best, jitter=JITTER)])
    engstrom = tolerances(studies)
    rows, chosen = mahendran_vedaldi + engstrom, [choice(mahendran_vedaldi), cheapest_choice(engstrom)]
    print("\nchosen:")
    print_rows(chosen, "")
    facts = {
        "split": "val",
        "num_images": arguments.num_images,
        "preset": "fast",
        "criterion": f"least LPIPS with logit_error <= {MAX_LOGIT_ERROR} on each; "
        f"tolerance: the largest within {SLACK}",
        "classifiers": {study.classifier.name: study.classifier.sha256 for study in studies},
    }
    arguments.out.write_text(json.dumps(facts | {"chosen": chosen, "tried": rows}, indent=1) + "\n")
    print(f"written: {arguments.out}")


if __name__ == "__main__":
    main()
