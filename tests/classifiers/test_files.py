"""Weight files of other houses: what is found, fetched, opened and refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bench.classifiers import files, load_classifier, open_classifier
from bench.classifiers.files import FoundFile, PublishedFile, check_reference, fetch, find
from bench.errors import DataError, WeightsError
from tests.classifiers.tiny_library import Published, place


def test_a_published_file_is_fetched_once_and_verified(tiny: Published, bench_home: Path) -> None:
    loaded = open_classifier("tiny:a")
    assert loaded.card is not None
    assert (loaded.card.verified, loaded.card.licence, loaded.card.accuracy) == (True, "MIT", {"top1": 0.5})
    assert place(bench_home).read_bytes() == tiny.path.read_bytes()
    tiny.path.unlink()
    assert open_classifier("tiny:a").sha256 == loaded.sha256
    images = torch.rand(2, 3, 16, 16)
    mean, std = torch.tensor([0.5, 0.4, 0.3]).view(1, 3, 1, 1), torch.tensor([0.2, 0.2, 0.3]).view(1, 3, 1, 1)
    assert torch.allclose(loaded.network(images), tiny.body((images - mean) / std), atol=1e-6)


def test_what_comes_with_another_hash_is_thrown_away(tiny: Published, bench_home: Path) -> None:
    tiny.tell("0123456789")
    with pytest.raises(WeightsError, match=f"what came has the SHA-256 {tiny.sha256}"):
        load_classifier("tiny:a")
    assert not place(bench_home).exists()
    assert list(place(bench_home).parent.iterdir()) == []


def test_what_lies_in_the_place_with_another_hash_is_refused(tiny: Published, bench_home: Path) -> None:
    place(bench_home).parent.mkdir(parents=True)
    place(bench_home).write_bytes(tiny.path.read_bytes()[:-7])
    with pytest.raises(WeightsError, match=rf"begins with {tiny.sha256[:8]}.*damaged or another file\. Delete it"):
        load_classifier("tiny:a")


def test_offline_the_text_has_file_source_hash_and_place(
    tiny: Published, bench_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise DataError("Name or service not known")

    monkeypatch.setattr(files, "download", refuse)
    with pytest.raises(WeightsError) as caught:
        load_classifier("tiny:a")
    text = str(caught.value)
    for part in ("tiny:a", "tiny.pth", tiny.path.as_uri(), tiny.sha256[:8], str(place(bench_home)), "not known"):
        assert part in text
    assert "--classifier-weights PATH" in text


def test_without_a_known_hash_nothing_is_fetched(tiny: Published, bench_home: Path) -> None:
    tiny.tell("")
    with pytest.raises(WeightsError, match="not fetched, because no hash is published"):
        load_classifier("tiny:a")


def pointing(path: Path, sha256: str) -> Path:
    """A pointer of Git LFS to a file."""
    pointer = path.with_name("pointer")
    pointer.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize 1\n")
    return pointer


def test_a_hash_that_stands_elsewhere_is_fetched_first_and_noted(tiny: Published, tmp_path: Path) -> None:
    place = tmp_path / "here" / "tiny.pth"
    one = PublishedFile("tiny:a", "tiny.pth", tiny.path.as_uri(), "", where=place)
    pointed = replace(one, pointer=pointing(tiny.path, tiny.sha256).as_uri())
    assert find(pointed, None) == FoundFile(place, tiny.sha256, verified=True)
    assert (place.parent / "tiny.pth.sha256").read_text() == f"{tiny.sha256}  tiny.pth\n"
    tiny.path.unlink()
    assert find(pointed, None).verified
    place.write_bytes(b"something else")
    with pytest.raises(WeightsError, match=rf"begins with {tiny.sha256}.*Delete it"):
        find(pointed, None)


@pytest.mark.parametrize(("text", "words"), [("0" * 64, "what came has the SHA-256"), ("", "does not say its SHA-256")])
def test_a_file_that_is_not_what_its_pointer_says_is_thrown_away(
    text: str, words: str, tiny: Published, tmp_path: Path
) -> None:
    place = tmp_path / "here" / "tiny.pth"
    pointer = pointing(tiny.path, text).as_uri()
    with pytest.raises(WeightsError, match=rf"its SHA-256 stands at {pointer}\), which is not here.*{words}"):
        find(PublishedFile("tiny:a", "tiny.pth", tiny.path.as_uri(), "", pointer, place), None)
    assert list(place.parent.iterdir()) == []


def stored(path: Path, pixels: Any, logits: Tensor) -> None:
    np.savez(path.with_name(f"{path.name}.logits.npz"), images=pixels, logits=logits.numpy())


def test_logits_beside_a_file_are_a_reference(tiny: Published, bench_home: Path) -> None:
    """Also for a file with the published hash."""
    network = load_classifier("tiny:a")
    pixels = np.random.default_rng(1).integers(0, 255, (4, 16, 16, 3), np.uint8)
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    stored(place(bench_home), pixels, network(images))
    load_classifier("tiny:a")
    for other in (network(images[:, [2, 1, 0]]), network(images) + 0.01, network(images)[:, :4], network(images)[:3]):
        stored(place(bench_home), pixels, other)
        with pytest.raises(WeightsError, match=r"gives other logits than tiny\.pth\.logits\.npz.*colour channels"):
            load_classifier("tiny:a")
    stored(place(bench_home), pixels, torch.full((4, 5), float("nan")))
    with pytest.raises(WeightsError, match="gives other logits"):
        load_classifier("tiny:a")


def test_a_reference_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    check_reference(nn.Flatten(), "x", path)
    np.savez(f"{path}.logits.npz", images=np.array([{}], dtype=object), logits=np.zeros(1))
    with pytest.raises(WeightsError, match=r"w\.pth\.logits\.npz should hold images"):
        check_reference(nn.Flatten(), "x", path)


def test_places(bench_home: Path) -> None:
    one = PublishedFile("torchvision:resnet18@V1", "r.pth", "https://host/r.pth", "ab" * 4)
    assert one.place == bench_home / "classifiers" / "torchvision" / "r.pth"
    with pytest.raises(WeightsError, match=r"cannot be fetched: ftp://host/r\.pth is no https address"):
        fetch(PublishedFile("torchvision:resnet18@V1", "r.pth", "ftp://host/r.pth", "ab" * 4))
    assert not one.place.exists()
