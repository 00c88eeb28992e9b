"""The protocol's fingerprint: everything that decides how a reconstruction is scored, except N."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from bench.classifiers.catalogue import JUDGE
from bench.datasets.base import Dataset
from bench.metrics.catalogue import GALLERY, METRIC_VERSION
from bench.weights import entry, sha256_of

RESIZING = {
    "efficientnet_lite0": "sides up to 64 px to 128, larger ones to 224; bicubic, antialiased",
    "lpips": "sides under 64 px to 64; bicubic, antialiased",
}


def protocol(dataset: Dataset, inception_weights: Path | None) -> dict[str, Any]:
    """The parts and their ``fingerprint``; records of different fingerprints are never ranked together."""
    extractors = {name: entry(name).sha256 for name in ("efficientnet_lite0", JUDGE, "lpips_alex")}
    if inception_weights is not None and inception_weights.is_file():
        extractors["inception"] = sha256_of(inception_weights)
    parts: dict[str, Any] = {
        "dataset": dataset.name if dataset.name == "cifar10" else "folder",
        "order": dataset.fingerprint,
        "gallery": GALLERY,
        "resizing": RESIZING,
        "extractors": extractors,
        "metric_versions": dict(METRIC_VERSION),
    }
    text = json.dumps(parts, sort_keys=True)
    return {"fingerprint": hashlib.sha256(text.encode()).hexdigest()[:16]} | parts
