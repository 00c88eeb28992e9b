"""DINOv2 and CLIP with random weights in the published files' layout, against independent implementations."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bench.classifiers.files import HUB
from bench.datasets import cifar10, fetched
from bench.datasets.base import to_images
from bench.errors import DataError, MetricError, UnknownNameError
from bench.metrics.extractors.timm import Clip, DinoV2, TimmExtractor, positions
from bench.metrics.networks import Networks
from bench.metrics.registry import asked_for
from tests.classifiers.providers.libraries import photo, tensor

CPU = torch.device("cpu")
Give = Callable[[TimmExtractor, dict[str, Tensor]], None]


@pytest.fixture
def give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Give:
    """Let tensors pass for an extractor's published file."""

    def put(one: TimmExtractor, state: dict[str, Tensor]) -> None:
        path = tmp_path / "weights.pth"
        torch.save(state, path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        monkeypatch.setattr(type(one), "file", replace(one.file, where=path, sha256=digest))

    return put


def made(build: Callable[[], nn.Module]) -> nn.Module:
    """A network whose every layer speaks, seeded; no time is lost on its own start."""
    generator = torch.Generator().manual_seed(0)
    with torch.device("meta"):
        module = build().to_empty(device="cpu")
    with torch.no_grad():
        for parameter in module.parameters():
            width = parameter[0].numel() if parameter.dim() > 1 else 16
            parameter.normal_(0, width**-0.5, generator=generator)
    return module.eval()


def close(ours: Tensor, theirs: Tensor, share: float) -> None:
    """Both differ by no more than this share of what tells two images apart."""
    assert ours.shape == theirs.shape
    assert float((ours - theirs).abs().mean()) < share * float((theirs[0] - theirs[1]).abs().mean())


def images() -> Tensor:
    """(2, 3, 224, 224) of the size that the networks are shown."""
    return torch.cat([tensor(photo(224)), tensor(photo(224)).flip(1, 3)])


@pytest.mark.networks
@torch.inference_mode()
def test_dinov2_is_that_of_transformers(give: Give) -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.Dinov2Config(hidden_size=384, num_attention_heads=6, image_size=518)
    theirs: Any = made(lambda: transformers.Dinov2Model(config))
    ours, state = DinoV2(), as_published(theirs.state_dict())
    give(ours, state)
    shown = (images() - torch.tensor(ours.mean).view(3, 1, 1)) / torch.tensor(ours.std).view(3, 1, 1)
    theirs.embeddings.position_embeddings.data = positions(state["pos_embed"], 16)  # it would interpolate otherwise
    close(ours.network(CPU)(images()), theirs(shown).pooler_output, 1e-3)


def as_published(held: dict[str, Tensor]) -> dict[str, Tensor]:
    """What transformers calls its tensors, in the names of the authors' file; older versions called some otherwise."""
    swaps = [
        ("embeddings.patch_embeddings.projection", "patch_embed.proj"), ("embeddings.position_embeddings", "pos_embed"),
        ("embeddings.", ""), ("encoder.layer.", "blocks."), ("attention.attention.", "attention."),
        ("attention.output.dense", "attention.o_proj"), ("query", "q_proj"), ("key", "k_proj"), ("value", "v_proj"),
        ("attention.o_proj", "attn.proj"), ("layer_scale", "ls"), ("lambda1", "gamma"), ("layernorm.", "norm."),
    ]  # fmt: skip
    state = {}
    for name, value in held.items():
        for old, new in swaps:
            name = name.replace(old, new)
        state[name] = value
    for block in range(12):
        for part in ("weight", "bias"):
            parts = [state.pop(f"blocks.{block}.attention.{one}_proj.{part}") for one in "qkv"]
            state[f"blocks.{block}.attn.qkv.{part}"] = torch.cat(parts)
    return state


def test_positions_are_resized_as_in_the_authors_code() -> None:
    """``interpolate_pos_encoding`` of facebookresearch/dinov2, asked once with the same values."""
    values = torch.sin(0.7 * torch.arange(1 + 37 * 37))[None, :, None]
    found = positions(values, 16)[0, :, 0]
    assert found.shape == (257,)
    assert found[0] == values[0, 0, 0]
    np.testing.assert_allclose(
        found[[1, 2, 100, 200, 256]], [0.976989, -0.057753, -1.021675, 0.476776, 0.899075], atol=2e-4
    )


@pytest.mark.networks
@torch.inference_mode()
def test_clip_is_that_of_its_authors(give: Give) -> None:
    from torch_fidelity.feature_extractor_clip import VisionTransformer

    theirs = made(lambda: VisionTransformer(224, 32, 768, 12, 12, 512))
    ours = Clip()
    give(ours, {f"visual.{name}": value for name, value in theirs.state_dict().items()} | {"text": torch.ones(1)})
    shown = (images() - torch.tensor(ours.mean).view(3, 1, 1)) / torch.tensor(ours.std).view(3, 1, 1)
    close(ours.network(CPU)(images()), theirs(shown), 1e-3)


@pytest.mark.parametrize("one", [DinoV2(), Clip()], ids=lambda one: one.name)
def test_preprocessing_and_licence_are_what_timm_says(one: TimmExtractor) -> None:
    timm = pytest.importorskip("timm")
    config = timm.get_pretrained_cfg(one.file.network.partition(":")[2])
    assert (config.mean, config.std, config.interpolation) == (one.mean, one.std, "bicubic")
    assert config.license == "apache-2.0"
    assert one.file.network.startswith(f"timm:{one.architecture}.")
    assert {config.url, f"{HUB}/{config.hf_hub_id}"} & {one.file.url, one.file.url.partition("/resolve")[0]}


@pytest.mark.networks
@torch.inference_mode()
def test_images_are_shown_as_timm_shows_files(give: Give, monkeypatch: pytest.MonkeyPatch) -> None:
    timm = pytest.importorskip("timm")
    from PIL import Image
    from timm.data import create_transform

    one = DinoV2()
    theirs: Any = made(lambda: timm.create_model(one.architecture, **one.settings()))
    give(one, theirs.state_dict())
    monkeypatch.setattr(one, "prepared", lambda state: state)  # these weights have the positions of 224 px
    pixels = cifar10.shipped_test()[0][:2]
    pipeline = create_transform((3, 224, 224), mean=one.mean, std=one.std, interpolation="bicubic", crop_pct=1.0)
    shown = torch.stack([pipeline(Image.fromarray(row)) for row in pixels])
    close(one.network(CPU)(to_images(pixels)), theirs(shown), 0.05)


def test_every_family_has_a_metric_over_each() -> None:
    families = ("fd", "kid", "precision", "recall", "density", "coverage")
    assert {f"{family}_{name}" for family in families for name in ("dinov2", "clip")} <= set(asked_for())


def test_without_the_file_a_sentence_says_where_it_comes_from_and_where_it_belongs(bench_home: Path) -> None:
    one = DinoV2()
    assert one.sha256() is None
    for part in (one.file.name, one.file.sha256, one.file.url, str(bench_home), "bench data fetch dinov2"):
        assert part in one.missing
    with pytest.raises(MetricError, match="bench data fetch dinov2"):
        one.network(CPU)
    lacking = Networks(None, CPU, {"dinov2": one}).lacks(asked_for()["fd_dinov2"], 3_000)
    assert lacking == one.missing


def test_without_timm_it_says_what_to_install(bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.metrics.extractors.timm.installed", lambda name: None)
    one = Clip()
    assert one.sha256() is None
    assert one.missing == "clip needs timm. Type: pip install timm"


def test_a_file_is_taken_by_its_hash_alone(tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, said = fetched("clip"), list[str]()
    assert isinstance(one, Clip)
    own = tmp_path / one.file.name
    with pytest.raises(DataError, match="there is no"):
        one.fetch(own)
    own.write_bytes(b"weights")
    with pytest.raises(DataError, match="should have the SHA-256 e6d1bd77") as found:
        one.fetch(tmp_path)
    assert f"came from {tmp_path}" in str(found.value)
    assert one.verify() == [(one.file.name, "missing")]
    monkeypatch.setattr(Clip, "file", replace(one.file, sha256=hashlib.sha256(b"weights").hexdigest()))
    one.fetch(tmp_path, say=said.append)
    one.fetch(say=said.append)
    assert one.file.place.read_bytes() == b"weights"
    assert ["verified" in line for line in said] == [True, False]
    assert (one.verify(), one.sha256()) == ([(one.file.name, "right")], one.file.sha256)
    one.file.place.write_bytes(b"other weights")
    assert one.verify() == [(one.file.name, "wrong")]
    assert one.sha256() is None
    assert "damaged or another file" in one.missing
    one.fetch(tmp_path, say=said.append)  # what is damaged is not taken for there
    assert one.verify() == [(one.file.name, "right")]
    with pytest.raises(UnknownNameError, match="clip"):
        fetched("clipp")


def test_weights_of_another_network_do_not_fit(give: Give) -> None:
    one = Clip()
    give(one, {"visual.conv1.weight": torch.ones(2, 3, 32, 32)})
    with pytest.raises(MetricError, match="does not fit vit_base_patch32_clip_quickgelu_224"):
        one.network(CPU)
