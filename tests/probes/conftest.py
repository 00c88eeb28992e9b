"""One call runs one probe on tiny networks in a folder of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from bench.config import RunConfig
from bench.probes.runner import open_cell, run_probe
from bench.probes.scene import Scene
from bench.store.record import Level, Record, Score

TINY = Path(__file__).parent / "tiny.py"


@dataclass(frozen=True)
class Result:
    """A record with the files beside it."""

    record: Record
    folder: Path

    def level(self, name: str) -> dict[str, Score]:
        return next(level.metrics for level in self.record.levels if level.name == name)

    def value(self, name: str, key: str) -> float:
        found = self.level(name)[key].value
        assert found is not None, self.level(name)[key].note
        return found

    @property
    def table(self) -> dict[str, NDArray[Any]]:
        table = pq.read_table(self.folder / "per_image.parquet")
        return {name: table[name].to_numpy() for name in table.column_names}

    def column(self, name: str, key: str) -> NDArray[Any]:
        table = self.table
        values: NDArray[Any] = table[key][table["level"] == name]
        return values

    @property
    def pictures(self) -> NDArray[np.uint8]:
        pixels: NDArray[np.uint8] = np.load(self.folder / "pictures.npy")
        return pixels

    @property
    def captions(self) -> dict[str, Any]:
        captions: dict[str, Any] = json.loads((self.folder / "captions.json").read_text())
        return captions


RunProbe = Callable[..., Result]


@pytest.fixture(autouse=True)
def no_training_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """The classifiers of tiny.py have no training images: their mean logits are 0."""
    monkeypatch.setattr("bench.probes.access.training_mean", lambda scene: (np.zeros(scene.logits.shape[1]), "nowhere"))


@pytest.fixture
def config(tmp_path: Path, bench_home: Path) -> RunConfig:
    return RunConfig(f"{TINY}:Decode", f"{TINY}:tiles", num_images=4, out=tmp_path / "runs", device="cpu")


@pytest.fixture
def run(config: RunConfig) -> RunProbe:
    """``run("noise", "Grey", "tiles", num_images=4)``; the method and the classifier are names in tiny.py."""

    def go(kind: str, method: str, classifier: str, *, complete: bool = True, **more: Any) -> Result:
        cell = replace(config, method=f"{TINY}:{method}", classifier=f"{TINY}:{classifier}", **more)
        record = run_probe(kind, cell)
        assert not complete or record.status == "complete", record.reason
        (folder,) = cell.out.glob(f"**/{record.key}")
        return Result(record, folder)

    return go


@pytest.fixture
def scene(config: RunConfig) -> Scene:
    """Four images, whose logits are their 4x4 tiles, and their decoder."""
    from bench.probes.manipulate import Shift

    return Scene.open(open_cell(Shift(), config))


def names(levels: tuple[Level, ...]) -> list[str]:
    return [level.name for level in levels]
