"""Cells of twenty images by the plugins of ``tests/plugins.py``, and what lies beside their records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench.cards import MetricCard
from bench.config import RunConfig
from bench.metrics.base import Data, Metric, PerImage
from bench.store.record import Record

PLUGINS = Path(__file__).parent / "plugins.py"
TILES = f"{Path(__file__).parent / 'probes' / 'tiny.py'}:tiles"


def config(method: str, out: Path, **more: object) -> RunConfig:
    """A method in capitals is a class of the plugins, any other a registered name."""
    name = f"{PLUGINS}:{method}" if method[0].isupper() else method
    base = RunConfig(name, "robust_resnet152", num_images=20, out=out, controls=False, device="cpu")
    return replace(base, **more)  # type: ignore[arg-type]


def folder_of(record: Record, out: Path) -> Path:
    return next(out.glob(f"*/*/*/{record.key}"))


def columns(record: Record, out: Path) -> dict[str, NDArray[Any]]:
    table = pq.read_table(folder_of(record, out) / "per_image.parquet")
    return {name: table.column(name).to_numpy() for name in table.column_names}


def forget(record: Record, out: Path, *keys: str) -> Record:
    """The record as a bench would have written it that did not know these metrics."""
    folder = folder_of(record, out)
    less = replace(record, metrics={key: score for key, score in record.metrics.items() if key not in keys})
    (folder / "record.json").write_text(less.to_json())
    return less


class Brightness(Metric):
    card = MetricCard("brightness", "brightness", "how bright", None, "image")

    def compute(self, data: Data) -> PerImage:
        return PerImage(np.full(data.n, 0.25))
