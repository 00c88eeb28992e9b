"""Names to classes: entry points for installed plugins, ``path/to/file.py:Class`` for local ones.

Listing reads metadata only; a plugin is imported when it is used.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from bench.errors import PluginError, UnknownNameError, UsageError
from bench.foreign import guarded

INVERTERS = "bench.inverters"
CONTROLS = "bench.controls"
CLASSIFIERS = "bench.classifiers"  # providers, by the prefix of their networks
METRICS = "bench.metrics"
EXTRACTORS = "bench.extractors"
TRAINERS = "bench.trainers"
STATISTICS = "bench.statistics"  # what controls need of the training images, fitted beforehand
REPORTS = "bench.reports"
DATASETS = "bench.datasets"
ALL = "all"


def points(group: str) -> list[EntryPoint]:
    """The entry points of a group by name; under one name there may be several."""
    return list(_points(group, _places()))


def _places() -> tuple[tuple[str, int], ...]:
    """Where modules are looked for, and when anything was installed there last."""
    places = [(place, Path(place or ".")) for place in sys.path]
    return tuple((place, path.stat().st_mtime_ns) for place, path in places if path.exists())


@lru_cache(maxsize=32)
def _points(group: str, places: tuple[tuple[str, int], ...]) -> tuple[EntryPoint, ...]:
    found = {(point.name, point.value): point for point in _installed(places).select(group=group)}
    return tuple(found[key] for key in sorted(found))


@lru_cache(maxsize=1)
def _installed(places: tuple[tuple[str, int], ...]) -> Any:
    """Every entry point there: to look takes 20 ms, and is done once while the places stay as they are."""
    return entry_points()


def registered(group: str) -> dict[str, EntryPoint]:
    """The names of a group. One that two distributions claim is there, and cannot be loaded."""
    return {point.name: point for point in points(group)}


def load(group: str, kind: str, name: str) -> Any:
    """The class registered under ``name``, or the object that ``path/to/file.py:Name`` points to.

    Raises:
        UnknownNameError: there is no such name.
        PluginError: it cannot be imported, or two distributions claim the name.
    """
    if ".py:" in name:
        from bench.local import load_file

        return load_file(name)
    found = [point for point in points(group) if point.name == name]
    if not found:
        raise UnknownNameError(kind, name, registered(group))
    if len(found) > 1:
        values = " and ".join(point.value for point in found)
        raise PluginError(
            f"Two plugins are registered as {name!r}", values, "Uninstall one of them, or rename its entry point."
        )
    (point,) = found
    with guarded(f"The {kind} {name!r} ({point.value}) cannot be imported", _remedy(point)):
        return point.load()


@lru_cache(maxsize=256)  # a distribution's name is read from its METADATA, a millisecond each time
def _remedy(point: EntryPoint) -> str:
    return f"Repair or remove it: pip uninstall {point.dist.name if point.dist else 'its distribution'}"


def expanded(names: Iterable[str], everything: Iterable[str]) -> list[str]:
    """Names with ``all`` replaced by everything there is; doubles are dropped."""
    known = list(everything)
    return list(dict.fromkeys(one for name in names for one in (known if name == ALL else [name])))


def methods_of(names: Sequence[str], access: str | None) -> list[str]:
    """Names with ``all`` replaced by every inverter, or by those of one ``access``; what is named stays.

    Raises:
        UsageError: an access is given and ``all`` is not.
        PluginError: an inverter cannot be imported, which only an access asks for.
    """
    everything = list(registered(INVERTERS))
    if access is not None:
        if ALL not in names:
            raise UsageError(f"--access {access} chooses among all methods: give --method all, or leave it away.")
        everything = [name for name in everything if load(INVERTERS, "method", name).access == access]
    return expanded(names, everything)


def reports() -> Any:
    """The module that writes tables and pages from records."""
    return load(REPORTS, "report", "standard")
