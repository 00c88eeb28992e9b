"""The ablation: the recipe without its feature term and nothing else, scored beside the one with it."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from baselines.dosovitskiy_brox.losses import feature_term
from baselines.dosovitskiy_brox.train_2016a import DosovitskiyBrox2016aRecipe
from bench.classifiers import LoadedClassifier
from bench.datasets import cifar10
from bench.datasets.base import to_images
from bench.store.record import Score
from studies.dosovitskiy_brox import ablation


def test_the_feature_term_is_zero_and_nothing_else_differs() -> None:
    generated, images = torch.rand(2, 4, 4, 4), torch.rand(2, 4, 4, 4)
    assert feature_term(generated, images, ablation.WITHOUT.pool5_rms).item() == 0
    assert feature_term(generated, images, DosovitskiyBrox2016aRecipe().pool5_rms).item() > 0
    assert (
        replace(
            ablation.WITHOUT, name=DosovitskiyBrox2016aRecipe().name, pool5_rms=DosovitskiyBrox2016aRecipe().pool5_rms
        )
        == DosovitskiyBrox2016aRecipe()
    )


@pytest.mark.networks
def test_both_rows_are_scores_of_their_own_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 5)).requires_grad_(False)
    classifier = LoadedClassifier("linear", network, "ab" * 32, 32)

    class Flat:
        def __init__(self, target: object, weights: Path | None = None) -> None:
            self.level = 0.25 if weights is None else 0.75

        def invert(self, logits: torch.Tensor, seeds: list[int]) -> torch.Tensor:
            return torch.full((len(logits), 3, 32, 32), self.level)

    seen = []

    def score(originals: torch.Tensor, found: torch.Tensor, **_: object) -> dict[str, Score]:
        seen.append(float(found.mean()))
        assert torch.equal(originals, to_images(cifar10.shipped_test()[0][:7]))
        return {key: Score(float(found.mean()), (0.0, 1.0), len(found)) for key in ablation.METRICS}

    monkeypatch.setattr(ablation, "DosovitskiyBrox2016a", Flat)
    monkeypatch.setattr(ablation, "score", score)
    rows = ablation.compare(classifier, tmp_path / "w", 7)
    assert seen == [0.25, 0.75]
    assert [row["feature loss"] for row in rows] == ["with", "without"]
    assert rows[1]["lpips"] == "0.7500 [0.0000, 1.0000]"
