"""The choice on ``val``: its rule, and that the constants in use are what it chose."""

import json

from baselines.optimization import engstrom
from baselines.optimization.engstrom import Engstrom
from baselines.optimization.mahendran_vedaldi import CHOSEN, MahendranVedaldi
from studies.optimization import tune


def test_the_constants_in_use_are_those_that_the_tuning_chose() -> None:
    chosen = {row["method"]: row for row in json.loads(tune.RESULT.read_text())["chosen"]}
    assert vars(CHOSEN).items() <= chosen[MahendranVedaldi.name].items()
    assert chosen[Engstrom.name]["tolerance"] == engstrom.TOLERANCE


def test_the_tuning_chooses_the_lowest_lpips_that_meets_the_logits() -> None:
    def row(lpips: float, error: float) -> dict[str, float]:
        a, b = tune.CLASSIFIERS
        return {f"lpips {a}": lpips, f"lpips {b}": 0.5, f"logit_error {a}": 0.01, f"logit_error {b}": error}

    rows = [row(0.6, 0.05), row(0.4, 0.2), row(0.5, 0.1)]
    assert tune.choice(rows) is rows[2]
    tolerances = [row(lpips, 0.01) | {"tolerance": t} for lpips, t in ((0.52, 0.05), (0.509, 0.02), (0.5, 0.01))]
    assert tune.cheapest_choice(tolerances) is tolerances[1]
