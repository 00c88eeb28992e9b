"""A world in which every claim holds: invented cells with known means, and what it takes to change one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from bench.seeding import seed_of
from bench.store.files import write_atomically
from bench.store.record import Level, Record, Score
from reports.analysis.claims.evidence import Evidence
from reports.analysis.claims.language import Case, Values
from reports.analysis.groups import Entry

N = 500
R, S, V, E = "robust_resnet152", "resnet152", "inception_v3", "efficientnet_lite0"
GAN, DECODER, RANDOM, ONEHOT = "biggan-logit", "dosovitskiy-brox-2016a", "same-class-random", "onehot-biggan"
CHANCE = 0.02
SHIFT = {f"shift {v}": v / 2 for v in (-2, -1, 0, 1, 2)}
SCALE = {f"scale {v}": k / 2 - 1 for k, v in enumerate(("0.25", "0.5", "1", "2", "4"))}
PERTURB = {f"perturb {v}": k / 4 for k, v in enumerate(("0", "0.25", "0.5", "1", "2"))}
Name = tuple[str, str, str]

LPIPS = {GAN: 0.0, DECODER: 0.1, ONEHOT: 0.2, RANDOM: 0.3}
OF = {R: 0.3, S: 0.4, V: 0.4, E: 0.4}  # LPIPS
RUN = {
    "ssim": {R: 0.3, S: 0.3, V: 0.2, E: 0.2},
    "diversity": {R: 0.2, S: 0.3, V: 0.3, E: 0.3},
}


@dataclass
class Cell:
    """One cell as it would be written: columns in rows of level and image, and its record."""

    record: Record
    columns: dict[str, Any]
    lacks: tuple[str, ...] = field(default=())

    def entry(self, root: Path) -> Entry:
        """Write it, and read it back."""
        record = self._scored()
        folder = root / record.classifier / record.method / (record.key or f"{record.probe or 'run'}-{record.seed}")
        folder.mkdir(parents=True, exist_ok=True)
        kept = {name: values for name, values in self.columns.items() if name not in self.lacks}
        if kept:
            pq.write_table(pa.table(kept), folder / "per_image.parquet")
        write_atomically(folder / "record.json", record.to_json().encode())
        return Entry(Record.from_json((folder / "record.json").read_text()), folder)

    def _scored(self) -> Record:
        """The record with the means of the columns as they are now."""
        if not self.columns:
            return self.record
        levels = tuple(replace(one, metrics=self._means(one.metrics, one.name)) for one in self.record.levels)
        return replace(self.record, metrics=self._means(self.record.metrics, "all"), levels=levels)

    def _means(self, scores: dict[str, Score], level: str) -> dict[str, Score]:
        rows = np.array(self.columns["level"]) == level if "level" in self.columns else slice(None)
        held = {k: self.columns[k][rows] for k, one in scores.items() if k in self.columns and one.value is not None}
        means = {key: float(np.nanmean(values)) for key, values in held.items() if np.isfinite(values).any()}
        return scores | {key: replace(scores[key], value=mean, ci95=(mean, mean)) for key, mean in means.items()}

    def add(self, column: str, amount: float, levels: Sequence[str] = ()) -> None:
        """Move a column by this much, of all rows or those of some levels."""
        rows = np.isin(self.columns["level"], list(levels)) if levels else slice(None)
        self.columns[column] = self.columns[column].copy()
        self.columns[column][rows] += amount

    def change(self, **fields: Any) -> None:
        """Overwrite fields of the record."""
        self.record = replace(self.record, **fields)


@contextmanager
def small_subsets() -> Iterator[None]:
    """The invented cells have 500 images: their kernel distances are of subsets of 100."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reports.analysis.pairs.KID_SUBSET_SIZE", 100)
        yield


def spread(mean: float, *names: object, n: int = N) -> NDArray[np.float64]:
    """(n,) values around a mean, exactly; the same names give the same values."""
    noise = np.random.default_rng(seed_of("world", *names)).normal(0, 0.05, n)
    values: NDArray[np.float64] = noise - noise.mean() + mean
    return values


def ids(n: int, kind: str = "test") -> list[str]:
    return [f"{kind}-{7 * k % 9001:05d}" for k in range(n)]


def score(column: str, value: float) -> Score:
    return Score(value, (value, value), N, CHANCE if "mrr" in column else None)


def record(method: str, classifier: str, probe: str, n: int) -> Record:
    trained = method != RANDOM
    return Record(
        method, classifier, "cifar10", n, 0,
        kind="inverter" if method in (GAN, DECODER) else "control",
        protocol={"fingerprint": "f00d"},
        weights={classifier: f"sha of {classifier}"},
        recipe={"name": "cpu", "hash": "abc" if method in (GAN, ONEHOT) else "def", "steps": 9} if trained else None,
        probe=probe or None,
        created="2026-11-22T00:00:00+00:00",
    )  # fmt: skip


def run_cell(method: str, classifier: str, n: int = N) -> Cell:
    labels = np.arange(n) % 10
    predicted = np.where(np.arange(n) % 4 == 0, (labels + 1) % 10, labels)
    mrr = 0.3 - 0.1 * (classifier != R) - 0.1 * (method == ONEHOT)
    columns: dict[str, Any] = {
        "image_id": ids(n),
        "label": labels,
        "prediction_target_original": predicted,
        "lpips": spread(OF[classifier] + LPIPS[method], method, classifier, "lpips", n=n),
        "reid_class_judge": (np.arange(n) % 10 < (3 if method == DECODER else 8)).astype(float),
        "reid_within_class_judge_mrr": spread(mrr, method, classifier, "mrr", n=n),
        "never_needed": np.zeros(n),
    }
    for column, means in RUN.items():
        columns[column] = spread(means[classifier], method, classifier, column, n=n)
    metrics = {k: score(k, float(np.mean(v))) for k, v in columns.items() if k not in ("image_id", "label")}
    subsets = tuple(float(x) for x in spread(0.5 - 0.1 * (classifier == V), method, classifier, "kid", n=100))
    metrics["kid_efficientnet_lite0"] = Score(float(np.mean(subsets)), None, n, subsets=subsets)
    return Cell(replace(record(method, classifier, "", n), metrics=metrics), columns)


def probe_cell(method: str, classifier: str, probe: str, levels: dict[str, dict[str, Any]]) -> Cell:
    """Levels by name, each with its columns; the level ``all`` spans the others."""
    keys = list(dict.fromkeys(key for columns in levels.values() for key in columns))
    counts = {name: len(next(iter(columns.values()))) for name, columns in levels.items()}
    table: dict[str, Any] = {
        "level": [name for name, n in counts.items() for _ in range(n)],
        "image_id": [one for name, n in counts.items() for one in ids(n, name if probe == "ood" else "test")],
    }
    for key in keys:
        table[key] = np.concatenate([c.get(key, np.full(counts[name], np.nan)) for name, c in levels.items()])
    made = {
        name: {key: score(key, float(np.nanmean(values))) for key, values in columns.items()}
        for name, columns in levels.items()
    }
    spans = made.pop("all", {})
    found = tuple(Level(name, None, metrics) for name, metrics in made.items())
    return Cell(replace(record(method, classifier, probe, N), metrics=spans, levels=found), table)


def noise(method: str, classifier: str) -> Cell:
    name = method, classifier, "noise"
    draws = {f"draw {k}": {"lpips": spread(0.3, *name, k)} for k in (1, 2)}
    spans = {"diversity": spread(0.3, *name, "d"), "class_judge_draws": spread(0.8, *name, "c")}
    return probe_cell(method, classifier, "noise", draws | {"all": spans})


def manipulation(method: str, classifier: str, probe: str, levels: dict[str, float]) -> Cell:
    slope = 0.4 if classifier == R else 0.1
    columns = {
        level: {k: spread(0.5 + slope * at, method, classifier, level, k) for k in ("contrast", "sharpness")}
        for level, at in levels.items()
    }
    return probe_cell(method, classifier, probe, columns)


def perturb(method: str, classifier: str) -> Cell:
    worse = 0.1 * (classifier == S)
    columns = {
        level: {
            "lpips_neutral": spread((0.3 * at + worse) * (at > 0), method, classifier, level, "l"),
            "class_judge_neutral": spread(1 - (0.5 * at + worse) * (at > 0), method, classifier, level, "c"),
        }
        for level, at in PERTURB.items()
    }
    return probe_cell(method, classifier, "perturb", columns)


def ood(method: str, classifier: str) -> Cell:
    columns = {
        level: {
            "lpips": spread(OF[classifier], method, classifier, level, n=n),
            "reid_instance_target_mrr": spread(0.2, method, classifier, level, "mrr", n=n),
        }
        for level, n in (("cifar10", N), ("photographs", 16), ("fashion-mnist", N))
    }
    return probe_cell(method, classifier, "ood", columns)


class World:
    """Every cell that a claim asks about, by (method, classifier, probe)."""

    def __init__(self) -> None:
        self.cells: dict[Name, Cell] = {}
        for classifier in (R, S, V, E):
            for method in (GAN, DECODER, RANDOM):
                self.cells[method, classifier, ""] = run_cell(method, classifier)
            self.cells[GAN, classifier, "noise"] = noise(GAN, classifier)
        self.cells[ONEHOT, R, ""] = run_cell(ONEHOT, R)
        makers: dict[str, Callable[[str, str], Cell]] = {"perturb": perturb, "ood": ood}
        for classifier in (R, S):
            for method in (GAN, DECODER):
                for probe, make in makers.items():
                    self.cells[method, classifier, probe] = make(method, classifier)
                for probe, levels in (("shift", SHIFT), ("scale", SCALE)):
                    self.cells[method, classifier, probe] = manipulation(method, classifier, probe, levels)

    def __getitem__(self, name: Name) -> Cell:
        return self.cells[name]

    def entries(self, root: Path) -> list[Entry]:
        return [cell.entry(root) for cell in self.cells.values()]

    def for_case(self, root: Path, case: Case) -> Evidence:
        """Only the cells that a case asks about."""
        named = [side for one in case.conditions for side in (one.values, one.against) if isinstance(side, Values)]
        names = dict.fromkeys((one.method, one.classifier, one.probe) for one in named)
        return Evidence([self.cells[name].entry(root) for name in names if name in self.cells])
