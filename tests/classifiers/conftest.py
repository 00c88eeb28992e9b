"""Networks in files of a user's own, and a library with one tiny network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.classifiers.tiny_library import PROVIDER, Published
from tests.conftest import AddPlugin

HEAD = "import torch\nfrom torch import nn\n"
PLAIN = "nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 4))"
Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write ``own_net.py``, and files beside it; returns the reference to its ``network``."""

    def files(code: str, **beside: str) -> str:
        for name, text in {**beside, "own_net": HEAD + code}.items():
            (tmp_path / f"{name}.py").write_text(text)
        return f"{tmp_path / 'own_net.py'}:network"

    return files


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plugin: AddPlugin, bench_home: Path) -> Published:
    plugin("tiny", "bench.classifiers", "tiny = bench_tiny_provider:TinyProvider", PROVIDER)
    return Published(tmp_path, monkeypatch)
