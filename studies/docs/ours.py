"""What this distribution registers: whatever else is installed has no place in its documentation."""

from __future__ import annotations

import re
from typing import Any

from bench.environment import DISTRIBUTION
from bench.metrics.base import Metric
from bench.metrics.registry import asked_for, metrics, ours
from bench.registry import EXTRACTORS, points


def plugins(group: str) -> dict[str, Any]:
    """The objects of a group of entry points, by name."""
    return {point.name: point.load() for point in points(group) if point.dist and _same(point.dist.name)}


def _same(distribution: str) -> bool:
    return re.sub(r"[-_.]+", "-", distribution).lower() == DISTRIBUTION


def always() -> dict[str, Metric]:
    """The metrics that every run computes, by key in the order of the tables."""
    return _known(metrics())


def on_request() -> dict[str, Metric]:
    """The metrics that are computed where they are asked for."""
    return _known(asked_for())


def _known(found: dict[str, Metric]) -> dict[str, Metric]:
    """Without those of others, and without those that look through an extractor of others."""
    networks = plugins(EXTRACTORS)
    return {key: one for key, one in found.items() if ours(one) and set(one.needs.extractors) <= networks.keys()}
