"""Plans of cells that take a moment: four images by the plugins of ``tests/plugins.py``, one score."""

from __future__ import annotations

import json
from pathlib import Path

from bench.config import RunConfig
from bench.store.record import Record
from bench.sweep.cells import Planned, plan_cells
from bench.sweep.executor import Work
from bench.sweep.plan import Plan, read_plan
from tests.cells import PLUGINS

HEAD = 'classifiers = ["robust_resnet152"]\nnum_images = 4\nmetrics = ["psnr"]\ncontrols = false\ndevice = "cpu"\n'


def plugin(name: str) -> str:
    return f"{PLUGINS}:{name}"


def write(folder: Path, *methods: str, more: str = "") -> Path:
    """A plan of these methods, those in capitals plugins, with more lines of TOML."""
    names = [plugin(name) if name[0].isupper() else name for name in methods]
    path = folder / "plan.toml"
    path.write_text(f"methods = {json.dumps(names)}\n{HEAD}{more}")
    return path


def opened(folder: Path, *methods: str, more: str = "") -> tuple[Plan, list[Planned]]:
    plan = read_plan(write(folder, *methods, more=more))
    return plan, plan_cells(plan, folder / "runs", "cpu")


def work_of(folder: Path, *methods: str, more: str = "", workers: int | None = 1) -> Work:
    plan, cells = opened(folder, *methods, more=more)
    place = folder / "sweep"
    place.mkdir(exist_ok=True)
    return Work(plan, cells, [None] * len(cells), place, workers)


def short(cell: Planned) -> str:
    """``Noisy 1``: class and seed."""
    return f"{cell.config.method.rpartition(':')[2]} {cell.config.seed}"


def record_of(config: RunConfig, out: Path) -> tuple[Record, Path]:
    """The record of a configuration below another folder of runs."""
    from dataclasses import replace

    from bench.cell import Cell

    cell = Cell.open(replace(config, out=out))
    record = cell.finished()
    assert record is not None, f"{config.method} has no record in {out}"
    return record, cell.folder.path


def same_results(one: tuple[Record, Path], other: tuple[Record, Path]) -> bool:
    """Every score, and every byte of what lies beside the records."""
    files = ("reconstructions.npy", "second_draw.npy", "reconstruction_logits.npy", "per_image.parquet")
    pairs = [(one[1] / name, other[1] / name) for name in files if (one[1] / name).exists()]
    bytes_agree = all(a.read_bytes() == b.read_bytes() for a, b in pairs)
    return one[0].metrics == other[0].metrics and bool(pairs) and bytes_agree and one[0].digests == other[0].digests
