"""Metrics by key, from entry points: an entry is a Metric, its class, or a sequence of such. Imports no torch."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import cache

from bench.cards import MetricCard
from bench.cli.printing import say_once
from bench.errors import PluginError, UnknownNameError
from bench.metrics.base import FAMILIES, ExtractorMetric, Metric
from bench.metrics.extractors import extractors
from bench.registry import METRICS, load, registered

KEY = r"(?!prediction_|image_id$|label$)[a-z][a-z0-9_]{0,99}"  # others are columns of per_image.parquet
Plugin = Metric | type[ExtractorMetric]


@cache
def _plugins() -> list[tuple[str, Plugin]]:
    """Everything registered, with the name of its entry; what cannot be used is said on stderr and left out."""
    found: list[tuple[str, Plugin]] = []
    for name in registered(METRICS):
        try:
            found += [(name, plugin) for plugin in _unfolded(name, load(METRICS, "metric", name))]
        except PluginError as error:
            say_once(str(error))
    return found


def _unfolded(name: str, plugin: object) -> Iterator[Plugin]:
    if isinstance(plugin, Sequence) and not isinstance(plugin, str):
        for one in plugin:
            yield from _unfolded(name, one)
        return
    if inspect.isclass(plugin) and issubclass(plugin, ExtractorMetric):
        yield plugin
        return
    made = plugin() if inspect.isclass(plugin) else plugin
    if not isinstance(made, Metric) or not isinstance(getattr(made, "card", None), MetricCard):
        raise PluginError(f"The metric {name!r} cannot be used", f"it should be a bench.Metric with a card: {plugin!r}")
    if not re.fullmatch(KEY, made.key):
        raise PluginError(f"The metric {name!r} cannot be used", f"its key is {made.key!r}, and should match {KEY}")
    yield made


@cache
def metrics() -> dict[str, Metric]:
    """The metrics that are always computed, by key in the order of the tables: by family, ours first."""
    numbered = [
        (FAMILIES.index(one.card.family) if one.card.family in FAMILIES else len(FAMILIES), not ours(one), place, one)
        for place, (_, one) in enumerate(_plugins())
        if isinstance(one, Metric)
    ]
    found: dict[str, Metric] = {}
    for *_, one in sorted(numbered, key=lambda row: row[:3]):
        if one.key in found:
            say_once(f"The metric {one.key!r} is registered twice, and {type(one).__module__}'s is left out.")
        found.setdefault(one.key, one)
    return found


def ours(metric: Metric) -> bool:
    """Whether it comes with bench."""
    return type(metric).__module__.startswith("bench.")


@cache
def cards() -> dict[str, MetricCard]:
    """Their cards, with their places in the complete table."""
    return {key: replace(one.card, place=place) for place, (key, one) in enumerate((metrics() | asked_for()).items())}


@cache
def asked_for() -> dict[str, Metric]:
    """What is computed where it is asked for: each family over each extractor that has features."""
    always = [one for one in metrics().values() if isinstance(one, ExtractorMetric)]
    known = {(family, one.extractor) for one in always for family in type(one).__mro__}
    found = [
        family(name)
        for _, family in _plugins()
        if inspect.isclass(family)
        for name, extractor in extractors().items()
        if extractor.dimension != 0 and (family, name) not in known
    ]
    return {one.key: one for one in found}


def find(key: str) -> Metric | None:
    """A metric by key, or None."""
    return metrics().get(key) or asked_for().get(key)


def chosen(wanted: Collection[str] | None) -> list[Metric]:
    """The metrics of these keys in the order of the tables; of None those that are always computed.

    Raises:
        UnknownNameError: there is no such metric.
    """
    if wanted is None:
        return list(metrics().values())
    everything = metrics() | asked_for()
    for key in wanted:
        if key not in everything:
            raise UnknownNameError("metric", key, everything)
    return [one for key, one in everything.items() if key in wanted]


def forget() -> None:
    """Look for plugins again."""
    for known in (extractors, _plugins, metrics, asked_for, cards):
        known.cache_clear()


def asks_target(key: str) -> bool:
    """Whether a metric asks the network that was inverted."""
    metric = find(key)
    return metric is not None and metric.needs.target
