"""How reconstructions are scored, as data: what ``bench.fingerprint`` is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.classifiers.catalogue import JUDGE
from bench.datasets.base import Dataset
from bench.fingerprint import digest
from bench.metrics.catalogue import GALLERY, METRIC_VERSION
from bench.weights import entry, sha256_of

RESIZING = {
    "efficientnet_lite0": "sides up to 64 px to 128, larger ones to 224; bicubic, antialiased",
    "lpips": "sides under 64 px to 64; bicubic, antialiased",
}


def protocol(dataset: Dataset, inception_weights: Path | None) -> dict[str, Any]:
    """The parts that scores are made of, and the ``fingerprint`` of all of them together."""
    return protocol_of(dataset.kind, dataset.fingerprint, inception_weights)


def protocol_of(kind: str, order: str, inception_weights: Path | None) -> dict[str, Any]:
    """The same for images that are known by their fingerprint alone; ``kind`` is the dataset's."""
    extractors = {name: entry(name).sha256 for name in ("efficientnet_lite0", JUDGE, "lpips_alex")}
    if inception_weights is not None and inception_weights.is_file():
        extractors["inception"] = sha256_of(inception_weights)
    parts: dict[str, Any] = {
        "dataset": kind,
        "order": order,
        "gallery": GALLERY,
        "resizing": RESIZING,
        "extractors": extractors,
        "metric_versions": dict(METRIC_VERSION),
    }
    return {"fingerprint": digest(parts)} | parts
