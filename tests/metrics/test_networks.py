"""What the metrics look through: what is lacking for which metric, and what is opened how often."""

from typing import Any

import pytest
import torch
from torch import nn

from bench.cards import ClassifierCard, DatasetCard, MetricCard
from bench.classifiers import LoadedClassifier
from bench.metrics import networks as module
from bench.metrics.base import Metric, Needs
from bench.metrics.extractors import Extractor, extractors
from bench.metrics.extractors.judge import Judge
from bench.metrics.networks import NO_TARGET, Networks

CPU = torch.device("cpu")
TARGET = LoadedClassifier("small", nn.Flatten(), "c" * 64, 16)


class Counted(Extractor):
    name = "counted"
    dimension = 3
    missing = "Type: bench data fetch counted"

    def __init__(self, sha256: str | None = "e" * 64) -> None:
        self.here, self.opened = sha256, 0

    def sha256(self) -> str | None:
        return self.here

    def network(self, device: torch.device) -> Any:
        self.opened += 1
        return self


def metric(needs: Needs, least: int = 0) -> Metric:
    class One(Metric):
        card = MetricCard("one", "one", "one", None, "image")

    one = One()
    one.needs, one.least_images = needs, least
    return one


def test_what_is_lacking_is_said_in_a_sentence() -> None:
    nets = Networks(TARGET, CPU, {"counted": Counted(), "gone": Counted(None)})
    assert nets.lacks(metric(Needs(logits=("target",), features=("counted",))), 1) is None
    assert Networks(None, CPU, {}).lacks(metric(Needs(logits=("target",))), 1) == NO_TARGET
    unknown = nets.lacks(metric(Needs(networks=("nobody",))), 1)
    assert unknown == "There is no extractor called 'nobody': bench list extractors."
    assert nets.lacks(metric(Needs(features=("gone",))), 1) == Counted.missing
    few = metric(Needs(features=("counted",)), 2_048)
    assert nets.lacks(few, 2_047) == "Set-level distances need at least 2,048 images, here are 2,047."
    assert nets.lacks(few, 2_048) is None


def test_a_network_is_known_by_its_weights() -> None:
    nets = Networks(TARGET, CPU, {"counted": Counted()})
    assert (nets.sha256("target"), nets.sha256("counted")) == ("c" * 64, "e" * 64)
    assert Networks(None, CPU, {}).sha256("target") is None


def test_an_extractor_that_does_not_know_its_weights_lacks_them(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(Counted):
        name = "broken"

        def sha256(self) -> str | None:
            raise OSError("unreadable")

    nets = Networks(TARGET, CPU, {"broken": Broken()})
    assert nets.lacks(metric(Needs(features=("broken",))), 1) == Counted.missing
    assert "the extractor 'broken' does not know its weights: OSError: unreadable" in capsys.readouterr().err


def test_registered_extractors_are_opened_once_a_process_and_others_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    registered, own = Counted(), Counted()
    monkeypatch.setitem(extractors(), "counted", registered)
    module._opened.cache_clear()
    for one in (registered, own):
        nets = Networks(TARGET, CPU, {"counted": one})
        assert nets.open("counted") is nets.open("counted") is one
    assert (registered.opened, own.opened) == (1, 2)
    assert Networks(TARGET, CPU, {}).open("target") is TARGET.network
    module._opened.cache_clear()


CIFAR10 = DatasetCard("cifar10", "id", 32, tuple("abcdefghij"))


@pytest.mark.parametrize(
    ("judge", "dataset", "rows"),
    [
        ("judge", CIFAR10, list(range(10))),
        ("judge", DatasetCard("folder", "id", 32, tuple("abcdefghij")), []),
        ("judge", DatasetCard("folder", "id", 32, ()), None),  # nobody knows the labels
        (None, CIFAR10, None),
    ],
)
def test_the_judge_is_asked_what_its_logits_say_of_the_labels(
    judge: str | None, dataset: DatasetCard, rows: list[int] | None
) -> None:
    found = Networks(None, CPU, {"judge": Judge(judge)}).asked_about(dataset).labels
    assert (None if found is None else found.tolist()) == rows


@pytest.mark.parametrize(("classes", "apart"), [("imagenet", True), ("cifar10", False), ("", False)])
def test_target_and_judge_of_different_classes_are_told_apart(classes: str, apart: bool) -> None:
    target = LoadedClassifier("small", nn.Flatten(), "c", 16, ClassifierCard("small", "small", "c", 10, classes))
    assert Networks(target, CPU, {"judge": Judge("judge")}).apart is apart
    assert not Networks(target, CPU, {}).apart
    assert not Networks(target, CPU, {"judge": Judge()}).apart
