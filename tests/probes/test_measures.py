"""What probes measure beside the metrics."""

from __future__ import annotations

from bench.cli.listing import PROBES
from bench.metrics.registry import metrics
from bench.probes.measures import MEASURES
from bench.probes.runner import open_probe
from bench.registry import registered

KINDS = tuple(registered(PROBES))


def test_measures_are_named_once_and_described() -> None:
    assert all(info.key == key and info.definition and info.title for key, info in MEASURES.items())
    assert not set(MEASURES) & set(metrics())
    assert all(open_probe(kind).question.endswith("?") for kind in KINDS)
