"""Invented runs over real pictures: records, per-image tables and pixels as ``bench run`` would leave them."""

from __future__ import annotations

import dataclasses
import shutil
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from bench.datasets.cifar10 import shipped_test
from bench.describe import metric_card
from bench.metrics.base import MIN_SET_IMAGES
from bench.metrics.bootstrap import mean_ci
from bench.metrics.registry import metrics
from bench.store.files import write_atomically
from bench.store.record import Cost, Record, Score

Doubles = NDArray[np.float64]
CARDS = [metric_card(key) for key in metrics()]
MAIN_METRICS = [
    key
    for _, key in sorted((card.headline, card.key) for card in CARDS if card.headline is not None and not card.fetched)
]

# method: blur radius, noise, share the target recognises, share the judge recognises, access, kind
INVERTERS: dict[str, tuple[float, float, float, float, str]] = {
    "biggan-logit": (1.0, 12, 0.93, 0.71, "logits"),
    "dosovitskiy-brox-2016a": (1.8, 6, 0.84, 0.55, "logits"),
    "dosovitskiy-brox-2016b": (2.6, 0, 0.62, 0.41, "logits"),
    "mahendran-vedaldi": (0.6, 70, 0.995, 0.24, "white-box"),
    "engstrom-features": (0.8, 40, 0.99, 0.35, "features"),
}
CONTROLS: dict[str, tuple[float, float, float, float, str]] = {
    "oracle": (0.0, 0, 1.0, 1.0, "original"),
    "real-train": (0.2, 4, 0.88, 0.87, "original"),
    "train-nearest": (3.2, 30, 0.97, 0.78, "logits"),
    "same-class-random": (4.2, 35, 0.94, 0.86, "logits"),
    "class-mean": (5.5, 0, 0.55, 0.31, "logits"),
    "ridge": (3.4, 3, 0.48, 0.29, "logits"),
    "onehot-biggan": (2.0, 22, 0.96, 0.80, "logits"),
}
CHANCE = {"r1": 0.0004, "r5": 0.002, "mrr": 0.00336, "class": 0.1}
PROTOCOL = {
    "fingerprint": "9c41d7e05b2a",
    "order": "cifar10 test, published order 1",
    "extractors": {"judge": "vgg, e3b0c442", "efficientnet_lite0": "timm tf, 5f2ab871"},
    "metrics": {"lpips": "v0.1 alex", "kid": "100 x 500"},
}


def make_runs(root: Path, num_images: int = 60, classifier: str = "robust_resnet152", **others: Any) -> Path:
    """Write one group of records with pictures below ``root`` and return ``root``; others overwrite record fields."""
    originals, labels = shipped_test()
    originals, labels = originals[:num_images], labels[:num_images]
    (root / "cifar10" / classifier).mkdir(parents=True, exist_ok=True)
    np.save(root / "cifar10" / "originals.npy", originals)
    for kind, methods in (("inverter", INVERTERS), ("control", CONTROLS)):
        for position, (method, look) in enumerate(methods.items()):
            rng = np.random.default_rng(position + 10 * (kind == "control"))
            pixels = fake(originals, look[0], look[1], rng)
            columns = per_image(originals, pixels, labels, look, rng)
            record = fake_record(method, kind, look, columns, num_images, classifier, rng)
            write_cell(root, dataclasses.replace(record, **others), columns, pixels)
    return root


def two_cells(root: Path, num_images: int) -> Path:
    """An inverter and a control, and nothing else, below ``root``."""
    runs = make_runs(root, num_images)
    for folder in (runs / "cifar10" / "robust_resnet152").iterdir():
        if folder.name not in ("biggan-logit", "ridge"):
            shutil.rmtree(folder)
    return runs


def fake(originals: NDArray[np.uint8], blur: float, noise: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Blurred and noisy copies of the originals: (N, H, W, 3) uint8."""
    blurred = [np.asarray(Image.fromarray(o).filter(ImageFilter.GaussianBlur(blur)), float) for o in originals]
    return np.clip(np.stack(blurred) + rng.normal(0, noise, originals.shape), 0, 255).round().astype(np.uint8)


def per_image(
    originals: NDArray[np.uint8],
    pixels: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    look: tuple[float, float, float, float, str],
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Columns of per_image.parquet: PSNR is real, everything else plausible."""
    n = len(labels)
    error = ((originals.astype(float) - pixels) ** 2).mean(axis=(1, 2, 3))
    with np.errstate(divide="ignore"):
        psnr = np.where(error == 0, np.nan, 10 * np.log10(255**2 / error))
    lpips = np.clip(np.sqrt(error) / 70 * rng.normal(1, 0.15, n), 0, None)
    agree_target, agree_judge = rng.random(n) < look[2], rng.random(n) < look[3]
    wrong = (labels + 1 + rng.integers(0, 9, n)) % 10
    columns: dict[str, Any] = {
        "image_id": [f"test-{row:05d}" for row in range(n)],
        "label": labels.astype(np.int64),
        "prediction_target_original": labels.astype(np.int64),
        "prediction_judge_original": labels.astype(np.int64),
        "prediction_target_reconstruction": np.where(agree_target, labels, wrong).astype(np.int64),
        "prediction_judge_reconstruction": np.where(agree_judge, labels, wrong).astype(np.int64),
        "lpips": lpips,
        "psnr": psnr,
        "ssim": np.clip(1 - lpips * 1.3 + rng.normal(0, 0.02, n), -1, 1),
        "reid_class_target": agree_target.astype(float),
        "reid_class_judge": agree_judge.astype(float),
        "reid_label_judge": agree_judge.astype(float),
        "reid_gap": agree_target.astype(float) - agree_judge,
        "logit_error": np.abs(rng.normal(1 - look[2] + 0.1, 0.1, n)),
        "logit_cosine": np.clip(rng.normal(look[2], 0.05, n), -1, 1),
        "diversity": np.zeros(n),
    }
    for key in metrics():
        if key.startswith(("reid_instance", "reid_within")):
            columns[key] = np.clip(rng.exponential(look[3] / (4 + 40 * look[0]), n), 0, 1)
    return columns


def fake_record(
    method: str,
    kind: Any,
    look: tuple[float, float, float, float, str],
    columns: Mapping[str, Any],
    num_images: int,
    classifier: str,
    rng: np.random.Generator,
) -> Record:
    """A record whose means and intervals are those of the columns."""
    scores = {key: _score(key, columns, num_images, look, rng) for key in metrics()}
    learned = look[4] == "logits"
    return Record(
        method=method,
        classifier=classifier,
        dataset="cifar10",
        num_images=num_images,
        seed=0,
        kind=kind,
        access=look[4],
        training="pairs" if learned else "none",
        stochastic="biggan" in method,
        key=f"{zlib.crc32(method.encode()):08x}",
        protocol=dict(PROTOCOL),
        metrics=scores,
        cost=Cost(num_images * 0.0031, 0.0031, 812.4, "cpu", 4_301_223 if learned else 0, 9_120 if learned else None),
        weights={classifier: "9f" * 32, "judge": "3c" * 32} | ({"inverter": "a7" * 32} if learned else {}),
        recipe={"name": "fast", "hash": "41d0c5", "steps": 7_000} if learned else None,
        environment={"revision": "0c81c25", "torch": "2.11.0", "processor": "a CPU with a name", "threads": 2},
        created="2025-11-22T07:00:00+00:00",
    )


def _score(
    key: str, columns: Mapping[str, Any], n: int, look: tuple[float, float, float, float, str], rng: np.random.Generator
) -> Score:
    better = metrics()[key].card.higher_is_better
    if metrics()[key].card.level == "set":
        return _set_score(key, n, look, rng)
    if not np.isfinite(columns[key]).any():
        return Score(None, higher_is_better=better, note="The images are identical: their PSNR is infinite.")
    value, low, high = mean_ci(columns[key])
    chance = CHANCE.get("class" if "_class_" in key and "within" not in key else key.rsplit("_", 1)[-1])
    note = "deterministic" if key == "diversity" else None
    return Score(value, (low, high), int(np.isfinite(columns[key]).sum()), chance, better, note)


def _set_score(key: str, n: int, look: tuple[float, float, float, float, str], rng: np.random.Generator) -> Score:
    if key == "fid":
        return Score(None, higher_is_better=False, note="Give the Inception weights with --inception-weights PATH.")
    if n < MIN_SET_IMAGES:
        return Score(
            None, higher_is_better=False, note=f"Set-level scores need {MIN_SET_IMAGES} images, there are {n}."
        )
    value = float(3 + look[0] * 40 + look[1] + rng.random())
    if key.startswith("kid"):
        subsets = tuple(float(x) for x in rng.normal(value / 1000, 0.002, 100))
        return Score(float(np.mean(subsets)), None, n, None, False, None, float(np.std(subsets)), subsets)
    return Score(value, None, n, None, False)


def write_cell(root: Path, record: Record, columns: Mapping[str, Any] | None, pixels: Any) -> Path:
    """Lay a cell out as ``bench run`` does; columns and pixels may be missing."""
    folder = root / record.dataset.replace(":", "-").replace("/", "-") / record.classifier
    cell = folder / record.method.replace("/", "-") / (record.key or "0")
    cell.mkdir(parents=True, exist_ok=True)
    if columns is not None:
        pq.write_table(pa.table(dict(columns)), cell / "per_image.parquet")
        np.save(cell / "reconstructions.npy", pixels)
    write_atomically(cell / "record.json", record.to_json().encode())
    return cell
