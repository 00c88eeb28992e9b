"""Names of classifiers, and a provider by somebody who knows the public interface alone."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from bench.cards import ClassifierCard
from bench.check import CLASSIFIER_RULES, check
from bench.classifiers import classifier_card, load_classifier, open_classifier
from bench.classifiers.provider import ALIASES, ClassifierProvider, provider_class, provider_of, resolve, targets
from bench.cli.app import app
from bench.cli.listing import classifiers
from bench.config import RunConfig
from bench.errors import PluginError, UnknownNameError, UsageError
from bench.line import run_cell
from bench.once import one_run
from bench.registry import CLASSIFIERS
from bench.weights.files import load_shipped, save_weights
from tests.conftest import AddPlugin

PLUGINS = Path(__file__).parents[1] / "plugins.py"


@pytest.mark.parametrize(
    ("typed", "full"),
    [
        ("resnet152", "zoo:resnet152"),
        ("zoo:resnet152", "zoo:resnet152"),
        ("torchvision:resnet152@IMAGENET1K_V1", "torchvision:resnet152@IMAGENET1K_V1"),
        ("a/file.py:function", "a/file.py:function"),
    ],
)
def test_names_are_resolved(typed: str, full: str) -> None:
    assert resolve(typed) == full


def test_a_dataset_says_what_short_names_mean() -> None:
    assert resolve("resnet152", {"resnet152": "torchvision:resnet152"}) == "torchvision:resnet152"
    with pytest.raises(UnknownNameError, match="There is no classifier called 'resnet152'"):
        resolve("resnet152", {})
    assert targets({"a": "zoo:a", "judge": "zoo:judge"}) == ["a"]


@pytest.mark.parametrize("name", ["resnet15", "nobody:resnet152", "file:mine", "", ":"])
def test_what_nobody_provides_is_named_with_what_there_is(name: str) -> None:
    with pytest.raises(UnknownNameError, match=r"torchvision:NAME.*zoo:NAME"):
        resolve(name)


@pytest.mark.networks
def test_the_name_stays_as_typed_and_the_card_has_the_full_id() -> None:
    for name in ("resnet152", "zoo:resnet152"):
        card = classifier_card(name)
        assert (card.name, card.id) == (name, "zoo:resnet152")
        assert open_classifier(name).name == name
    assert len({classifier_card(name).identity for name in ALIASES}) == len(ALIASES)


def test_a_provider_that_is_none_or_lacks_something_says_so(plugin: AddPlugin) -> None:
    plugin("first", CLASSIFIERS, "first = bench_first:P", "P = 3")
    code = "from bench import ClassifierProvider\nclass P(ClassifierProvider):\n    needs = ('no-such-thing',)\n"
    with pytest.raises(PluginError, match=r"should be a subclass of bench\.ClassifierProvider and is 3"):
        provider_class("first")
    plugin("third", CLASSIFIERS, "third = bench_third:P", code + "    card = build = lambda *_: None\n")
    with pytest.raises(UsageError, match=r"third:x needs no-such-thing\. Type: pip install no-such-thing"):
        provider_of("third:x")


JUDGED = classifier_card("judge")


class Counting(ClassifierProvider):
    asked = built = 0

    def card(self, name: str, weights: Path | None = None) -> ClassifierCard:
        Counting.asked += 1
        return JUDGED

    def build(self, name: str, weights: Path | None = None) -> torch.nn.Module:
        Counting.built += 1
        return torch.nn.Flatten()


def test_a_run_asks_for_the_card_once_and_builds_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.classifiers.provider_of", lambda full: (Counting(), full.partition(":")[2]))
    with one_run():
        for _ in range(3):
            assert classifier_card("zoo:judge").name == "zoo:judge"
        assert (Counting.asked, Counting.built) == (1, 0)
        for _ in range(3):
            open_classifier("zoo:judge")
        assert Counting.built == 1


def test_an_outsiders_network_is_listed_loaded_and_checked(outsider: Path) -> None:
    (row,) = [row for row in classifiers() if row["name"] == "outsider:small"]
    assert (row["logits"], row["summary"]) == (1000, "a small random network with 1,000 logits")
    network = load_classifier("outsider:small")
    for side in (32, 64, 100):
        assert network(torch.rand(2, 3, side, side)).shape == (2, 1000)
    told = list(check("outsider:small"))
    assert [one.rule for one in told] == list(CLASSIFIER_RULES)
    assert all(one.kept for one in told), told


@pytest.mark.networks
def test_an_outsiders_network_is_run_on_a_folder(outsider: Path, tmp_path: Path) -> None:
    """Without a size in the dataset's name, at the size that the card says."""
    images = np.random.default_rng(1).integers(0, 255, (4, 50, 60, 3), np.uint8)
    for k, image in enumerate(images):
        path = tmp_path / "photos" / "ab"[k % 2] / f"{k}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    config = RunConfig(
        f"{PLUGINS}:Grey", "outsider:small", f"folder:{tmp_path / 'photos'}", controls=False, device="cpu",
        out=tmp_path / "runs",
    )  # fmt: skip
    with one_run():
        record = run_cell(config)
        oracle = run_cell(replace(config, method="oracle"))
    assert record.status == oracle.status == "complete", (record.reason, oracle.reason)
    assert record.classifier == "outsider:small"
    assert record.weights["outsider:small"] == classifier_card("outsider:small").identity
    assert oracle.metrics["logit_error"].value == 0
    (stored,) = (tmp_path / "runs").glob("*/*/logits.npz")
    assert np.load(stored)["logits"].shape == (4, 1000)
    assert np.load(next((tmp_path / "runs").glob("*/originals.npy"))).shape == (4, 64, 64, 3)


@pytest.mark.networks
def test_weights_of_ones_own_are_another_cell(tmp_path: Path) -> None:
    """Under the same name, beside the cell of the shipped weights."""
    state = {key: value + 0.01 for key, value in load_shipped("robust_resnet152").items()}
    path = save_weights(state, tmp_path / "own.safetensors")
    config = RunConfig(
        f"{PLUGINS}:Grey", "robust_resnet152", num_images=4, controls=False, device="cpu", out=tmp_path / "runs"
    )
    shipped, own = run_cell(config), run_cell(replace(config, classifier_weights=path))
    assert shipped.status == own.status == "complete", own.reason
    assert shipped.classifier == own.classifier == "robust_resnet152"
    assert shipped.key != own.key
    assert own.weights["robust_resnet152"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert shipped.metrics["logit_error"].value != own.metrics["logit_error"].value
    broken = run_cell(replace(config, classifier_weights=tmp_path / "nothing"))
    assert (broken.status, broken.classifier) == ("failed", "robust_resnet152")
    assert "nothing and there is no such file" in str(broken.reason)


def test_weights_belong_to_one_classifier() -> None:
    words = ["run", "--method", "oracle", "--classifier", "all", "--classifier-weights", "x"]
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, UsageError)
    assert "belongs to one classifier" in str(done.exception)


def test_logits_that_name_the_datasets_classes(outsider: Path) -> None:
    assert classifier_card("resnet152").classes == "cifar10"
    assert classifier_card("efficientnet_lite0").classes == "imagenet"
    assert classifier_card("outsider:small").classes == ""


def test_the_judge_is_never_a_target(tmp_path: Path) -> None:
    for name in ("judge", "zoo:judge"):
        with pytest.raises(UsageError, match=f"{name} scores reconstructions and is never a target. Targets: robust_"):
            run_cell(RunConfig(f"{PLUGINS}:Grey", name, out=tmp_path))
