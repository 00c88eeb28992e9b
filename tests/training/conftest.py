"""A user's own network."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.own_images import CLASSIFIER


@pytest.fixture
def classifier(tmp_path: Path, bench_home: Path) -> str:
    (tmp_path / "mine.py").write_text(CLASSIFIER)
    return f"{tmp_path / 'mine.py'}:network"
