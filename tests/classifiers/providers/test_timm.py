"""``timm:``, against timm's own pipeline, on networks with random weights in timm's own files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from bench.classifiers import classifier_card, open_classifier
from bench.classifiers.provider import provider_of
from bench.classifiers.providers.timm import TimmProvider
from bench.errors import UnknownNameError, UsageError, WeightsError
from tests.classifiers.providers.libraries import (
    agree,
    is_differentiable,
    randomised,
    refuses_other_logits,
    refuses_wrong_and_truncated,
)

pytestmark = pytest.mark.networks


def test_without_timm_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.classifiers.provider.installed", lambda name: None)
    with pytest.raises(UsageError, match=r"timm:resnet18 needs timm\. Type: pip install timm"):
        provider_of("timm:resnet18")


@pytest.mark.parametrize("name", ["resnet18.a1_in1k", "vit_tiny_patch16_224.augreg_in21k_ft_in1k", "edgenext_xx_small"])
def test_it_equals_timm(name: str, tmp_path: Path, bench_home: Path) -> None:
    timm = pytest.importorskip("timm")
    from timm.data import create_transform, resolve_data_config

    torch.manual_seed(1)
    theirs: Any = randomised(timm.create_model(name, pretrained=False))
    path = tmp_path / "model.safetensors"
    save_file(theirs.state_dict(), path)
    ours = open_classifier(f"timm:{name}", weights=path).network
    pipeline = create_transform(**resolve_data_config(model=theirs) | {"crop_pct": 1.0})  # all of the picture

    def features(given: Tensor) -> Tensor:
        found: Tensor = theirs.forward_head(theirs.forward_features(given), pre_logits=True)
        return found

    agree(ours, theirs, features, pipeline)
    is_differentiable(ours)


def test_what_is_not_the_published_network_is_refused(tmp_path: Path, bench_home: Path) -> None:
    timm = pytest.importorskip("timm")
    torch.manual_seed(1)
    path = tmp_path / "model.safetensors"
    save_file(randomised(timm.create_model("resnet18", pretrained=False)).state_dict(), path)
    refuses_wrong_and_truncated("timm:resnet18", path)
    refuses_other_logits("timm:resnet18", path, path)


def test_the_card_says_what_timm_says(tmp_path: Path, bench_home: Path) -> None:
    pytest.importorskip("timm")
    path = tmp_path / "w.safetensors"
    save_file({"a": torch.zeros(1)}, path)
    card = classifier_card("timm:resnet18", weights=path)
    assert (card.name, card.id) == ("timm:resnet18", "timm:resnet18.a1_in1k")
    assert (card.num_logits, card.input_size, card.classes, card.verified) == (1000, 224, "imagenet", False)
    assert card.preprocessing["interpolation"] == "bicubic"
    with pytest.raises(WeightsError, match=r"w.safetensors does not fit timm:resnet18\.a1_in1k: .*Missing key"):
        open_classifier("timm:resnet18", weights=path)


def test_files(bench_home: Path) -> None:
    pytest.importorskip("timm")
    provider = TimmProvider()
    hashed = provider.describe("resnet18.a1_in1k").file
    assert (hashed.name, hashed.sha256) == ("resnet18_a1_0-d63eafa0.pth", "d63eafa0")
    hub = provider.describe("vit_tiny_patch16_224.augreg_in21k_ft_in1k").file
    assert (hub.name, hub.sha256) == ("vit_tiny_patch16_224.augreg_in21k_ft_in1k.safetensors", "")
    assert (
        hub.url
        == "https://huggingface.co/timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k/resolve/main/model.safetensors"
    )
    assert hub.pointer == hub.url.replace("/resolve/", "/raw/")


def test_unknown_names() -> None:
    pytest.importorskip("timm")
    with pytest.raises(UnknownNameError, match=r"Did you mean 'resnet152'.*There are 1,\d\d\d others"):
        TimmProvider().describe("resnet1522")
    with pytest.raises(UnknownNameError, match=r"called 'a9'.*a1_in1k"):
        TimmProvider().describe("resnet18.a9")
