"""Networks of libraries: an identity of file and preprocessing, files of one's own, files that do not fit."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from bench.classifiers import load_classifier, open_classifier
from bench.errors import WeightsError
from tests.classifiers.tiny_library import Published


def test_the_identity_is_of_the_file_and_of_the_preprocessing(tiny: Published, bench_home: Path) -> None:
    from bench_tiny_provider import TinyProvider  # type: ignore[import-not-found]

    shown = TinyProvider().describe("a").preprocessing
    expected = hashlib.sha256(json.dumps([tiny.sha256, shown], sort_keys=True).encode()).hexdigest()
    assert open_classifier("tiny:a").sha256 == expected


def test_a_file_of_ones_own_is_warned_of_and_has_an_identity_of_its_own(
    tiny: Published, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published = open_classifier("tiny:a")
    own = tmp_path / "own.safetensors"
    save_file({key: 2 * value for key, value in tiny.body.state_dict().items()}, own)
    loaded = open_classifier("tiny:a", weights=own)
    assert loaded.card is not None
    assert (loaded.card.verified, loaded.card.accuracy) == (False, {})
    assert loaded.sha256 != published.sha256
    assert not torch.equal(loaded.network(torch.rand(1, 3, 16, 16)), published.network(torch.rand(1, 3, 16, 16)))
    assert capsys.readouterr().err.count("own.safetensors is not known to be the published weights of tiny:a") == 1
    same = open_classifier("tiny:a", weights=tiny.path)
    assert same.sha256 == published.sha256
    assert capsys.readouterr().err == ""
    with pytest.raises(WeightsError, match="there is no such file"):
        open_classifier("tiny:a", weights=tmp_path / "nothing.pth")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s | {"extra": torch.zeros(1)}, r"does not fit tiny:a: .*Unexpected key.*extra"),
        (lambda s: {k: v for k, v in s.items() if k != "4.bias"}, r"does not fit tiny:a: .*Missing key.*4\.bias"),
        (lambda s: s | {"4.bias": torch.zeros(6)}, r"does not fit tiny:a: .*size mismatch for 4\.bias"),
    ],
)
def test_wrong_keys_and_shapes_are_refused(change: Any, words: str, tiny: Published, tmp_path: Path) -> None:
    torch.save(change(tiny.body.state_dict()), tmp_path / "wrong.pth")
    with pytest.raises(WeightsError, match=words):
        load_classifier("tiny:a", weights=tmp_path / "wrong.pth")
