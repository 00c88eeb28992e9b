"""The fingerprint of a score: all that decides how it was computed, except N.

It covers what that metric is made of and no more: another metric, or another metric's weights, leaves it as it is.
Imports no torch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from bench.metrics.catalogue import METRICS, version_of

EXTRACTORS = ("efficientnet_lite0", "judge", "lpips_alex", "inception")
RESIZED = {
    "efficientnet_lite0": "efficientnet_lite0",
    "lpips_alex": "lpips",
}  # under which name ``resizing`` speaks of them


def fingerprints(parts: Mapping[str, Any]) -> dict[str, str]:
    """The fingerprint of each metric of the catalogue under such parts, those of an earlier record among them."""
    return {key: fingerprint_of(key, parts) for key in METRICS}


def fingerprint_of(key: str, parts: Mapping[str, Any]) -> str:
    """The fingerprint of one metric; where a record stores no parts, that of its protocol."""
    versions = parts.get("metric_versions")
    if not isinstance(versions, Mapping) or key not in METRICS:
        return str(parts.get("fingerprint", ""))
    needs, extractors, resizing = METRICS[key].needs, _mapping(parts, "extractors"), _mapping(parts, "resizing")
    return digest(
        {
            "metric": key,
            "version": version_of(key, versions),
            "dataset": parts.get("dataset"),
            "order": parts.get("order"),
            "extractors": {name: extractors.get(name) for name in EXTRACTORS if name in needs},
            "resizing": [resizing.get(RESIZED[name]) for name in RESIZED if name in needs],
            "gallery": parts.get("gallery") if "gallery" in needs else None,
        }
    )


def _mapping(parts: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = parts.get(name)
    return found if isinstance(found, Mapping) else {}


def digest(parts: Mapping[str, Any]) -> str:
    """SHA-256 of data, short."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
