"""Names to classes: entry points for installed plugins, ``path/to/file.py:Class`` for local ones.

Listing reads metadata only; a plugin is imported when it is used.
"""

from __future__ import annotations

import importlib.util
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from bench.errors import UnknownNameError, UsageError

INVERTERS = "bench.inverters"
CONTROLS = "bench.controls"
TRAINERS = "bench.trainers"


def registered(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group by name; two distributions under one name are an error."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        if point.name in found and found[point.name].value != point.value:
            raise UsageError(
                f"Two plugins are registered as {point.name!r}: {found[point.name].value} and {point.value}. "
                "Uninstall one of them, or rename its entry point."
            )
        found[point.name] = point
    return dict(sorted(found.items()))


def load(group: str, kind: str, name: str) -> Any:
    """The class registered under ``name``, or the object that ``path/to/file.py:Name`` points to."""
    if ".py:" in name:
        return load_file(name)
    points = registered(group)
    if name not in points:
        raise UnknownNameError(kind, name, points)
    return points[name].load()


def load_file(reference: str) -> Any:
    """Import ``path/to/file.py`` and return the attribute after the colon."""
    path_text, _, attribute = reference.rpartition(":")
    path = Path(path_text).expanduser().resolve()
    if not path.is_file():
        raise UsageError(f"{reference!r} names the file {path_text}, which does not exist.")
    module_name = f"bench_local_{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    if not hasattr(module, attribute):
        names = ", ".join(n for n in vars(module) if not n.startswith("_"))
        raise UsageError(f"{path_text} has no {attribute!r}. It defines: {names}.")
    return getattr(module, attribute)
