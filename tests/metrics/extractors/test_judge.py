"""The judge is a role: nobody plays it, or a classifier that is known without being opened."""

import pytest
import torch
from torch import nn

from bench.cell import check_judge
from bench.classifiers import LoadedClassifier, classifier_card
from bench.errors import WeightsError
from bench.metrics.extractors import extractors, judge, playing
from bench.metrics.extractors.judge import Judge
from tests.conftest import AddWeights

CPU = torch.device("cpu")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which classifiers were opened, in order."""
    names: list[str] = []

    def opening(name: str, device: str) -> LoadedClassifier:
        names.append(name)
        return LoadedClassifier(name, nn.Flatten(), "ab" * 32, 32)

    monkeypatch.setattr("bench.classifiers.open_classifier", opening)
    judge._opened.cache_clear()
    return names


def test_while_nobody_plays_it_there_are_no_weights() -> None:
    assert Judge().sha256() is None
    assert "--judge NAME" in Judge.missing


def test_one_whose_weights_are_not_here_leaves_its_scores_null_and_says_why(zoo: AddWeights) -> None:
    named = Judge("zoo:judge-tiny-imagenet")
    assert named.sha256() is None
    assert "zoo:judge-tiny-imagenet are not here" in named.missing
    assert "--judge NAME" in Judge.missing
    with pytest.raises(WeightsError, match="are not here"):
        check_judge("zoo:judge-tiny-imagenet", None)


def test_its_identity_is_the_classifiers_and_opens_nothing(opened: list[str]) -> None:
    assert Judge("judge").sha256() == classifier_card("judge").identity
    assert Judge("resnet152").sha256() != Judge("judge").sha256()
    assert opened == []


def test_it_is_opened_once_a_process_whoever_asks(opened: list[str]) -> None:
    first = Judge("judge").network(CPU)
    assert Judge("judge").network(CPU) is first
    assert Judge("resnet152").network(CPU) is not first
    assert opened == ["judge", "resnet152"]
    judge._opened.cache_clear()


def test_whoever_is_named_plays_it_beside_the_registered_extractors() -> None:
    found = playing("resnet152", None)
    assert found.keys() == extractors().keys()
    assert found["judge"].sha256() == classifier_card("resnet152").identity
    assert extractors()["judge"].sha256() is None
