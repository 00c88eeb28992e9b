"""The fingerprint of a score: all that decides how it was computed, except N.

It covers what that metric is made of and no more: another metric, or another metric's weights, leaves it as it is.
Imports no torch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from bench.metrics.base import JUDGE
from bench.metrics.extractors import extractors
from bench.metrics.registry import find


def fingerprint_of(key: str, parts: Mapping[str, Any]) -> str:
    """The fingerprint of one metric under the parts of a protocol, those of an earlier record among them.

    Where a record stores no parts, or nobody knows the metric, it is that of the whole protocol.
    """
    versions, metric = parts.get("metric_versions"), find(key)
    if not isinstance(versions, Mapping) or metric is None:
        return str(parts.get("fingerprint", ""))
    shas, resizing = _mapping(parts, "extractors"), _mapping(parts, "resizing")
    labelled = JUDGE in metric.needs.logits and metric.needs.labels and "judge_names" in parts
    resized = [known for name, known in extractors().items() if name in metric.needs.extractors and known.resizing]
    return digest(
        {
            "metric": key,
            "version": versions.get(metric.versioned_as or key),
            "dataset": parts.get("dataset"),
            "order": parts.get("order"),
            "extractors": {name: shas.get(name) for name in metric.needs.extractors},
            "resizing": [resizing.get(known.resized_as or known.name) for known in resized],
            "gallery": parts.get("gallery") if metric.needs.gallery else None,
        }
        | ({"judge_names": parts["judge_names"]} if labelled else {})
    )


def _mapping(parts: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = parts.get(name)
    return found if isinstance(found, Mapping) else {}


def digest(parts: Mapping[str, Any]) -> str:
    """SHA-256 of data, short."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
