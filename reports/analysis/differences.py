"""Every pair of ranked methods in a metric: the mean difference with its interval, and whether it is certain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from bench.metrics.bootstrap import mean_cis
from reports.analysis.best import Pairs, paired
from reports.analysis.groups import Entry
from reports.analysis.pairs import holm
from reports.analysis.ranks import LEVEL, Standing, Standings

AT_ONCE = 1_000  # intervals that are drawn together: N doubles each, and as many again
Interval = tuple[float, float, float]


@dataclass(frozen=True)
class Difference:
    """Two methods in a metric, the first less the second.

    Attributes:
        first, second: their rows.
        interval: mean, lower and upper end; None where nothing can be paired.
        p: of no difference after Holm's correction over all pairs of the metric; None where intervals that do not touch
            decide, since nothing can be paired.
        better: the one that is certainly better, or None.
    """

    first: Entry
    second: Entry
    interval: Interval | None
    p: float | None
    better: Entry | None


def differences(ranked: Standings, keys: Iterable[str]) -> dict[str, list[Difference]]:
    """Of each of these metrics that compares something, over the pairs that its ranks rest on.

    The intervals of all metrics are drawn at once, over the same resamples as everywhere.
    """
    pairs = {
        (key, *pair): paired(key, *pair) if one.paired else None
        for key in keys
        for pair, one in ranked[key].compared.items()
    }
    intervals = _intervals({name: one for name, one in pairs.items() if one is not None})
    return {key: _of(key, ranked[key], intervals) for key in keys if ranked[key].compared}


def _of(key: str, standing: Standing, intervals: Mapping[tuple[str, Entry, Entry], Interval]) -> list[Difference]:
    adjusted = holm([one.p for one in standing.compared.values()])
    return [
        Difference(
            a,
            b,
            intervals.get((key, a, b)),
            p if one.paired else None,
            (a if one.better else b) if p < LEVEL else None,
        )
        for ((a, b), one), p in zip(standing.compared.items(), adjusted, strict=True)
    ]


def _intervals(pairs: Mapping[tuple[str, Entry, Entry], Pairs]) -> dict[tuple[str, Entry, Entry], Interval]:
    """Of subsets one by one; of images together where as many of them are defined."""
    found: dict[tuple[str, Entry, Entry], Interval] = {}
    together: dict[int, list[tuple[str, Entry, Entry]]] = {}
    for name, one in pairs.items():
        if not one.subsets_of:
            together.setdefault(len(one.a), []).append(name)
        elif (interval := one.interval()) is not None:
            found[name] = interval
    alike = [names[k : k + AT_ONCE] for names in together.values() for k in range(0, len(names), AT_ONCE)]
    for names in alike:
        columns = np.column_stack([pairs[name].a - pairs[name].b for name in names])
        for name, (mean, low, high) in zip(names, mean_cis(columns), strict=True):
            found[name] = (float(mean), float(low), float(high))
    return found
