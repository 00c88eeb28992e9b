"""``reference/python.md``: everything public in ``bench``, with signatures and docstrings."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from typing import Any

import bench
from studies.docs.docstrings import Docstring, arguments, outcome, parsed, summary
from studies.docs.markdown import block, code, joined, prose, table
from studies.docs.signatures import signature, value

INTRO = (
    "Everything that `import bench` offers. Importing it loads no torch; the calls do. A plugin is a subclass of "
    "one of the base classes; methods that a subclass has to write are marked so."
)
CALLS = "Calls"
GROUPS = {  # by the module that something is defined in, the first that fits
    "bench.public": CALLS,
    "bench.line": CALLS,
    "bench.classifiers.provider": "Classifiers",
    "bench.classifiers": CALLS,
    "bench.datasets.base": "Datasets",
    "bench.datasets": CALLS,
    "bench.config": "Runs and records",
    "bench.store": "Runs and records",
    "bench.inverters": "Inverters and controls",
    "bench.training": "Training of inverters",
    "bench.metrics": "Metrics",
    "bench.probes": "Probes",
}
CARDS = {"ClassifierCard": "Classifiers", "MetricCard": "Metrics"}
OTHER = "Other"


def page() -> str:
    """The whole page."""
    found: dict[str, list[str]] = {title: [] for title in dict.fromkeys([*GROUPS.values(), OTHER])}
    for name in bench.__all__:
        found[group(name)].append(name)
    rows = [
        (f"[{code(f'bench.{name}')}](#{name})", prose(summary(getattr(bench, name))))
        for names in found.values()
        for name in names
    ]
    parts = ["# Python", INTRO, table(("name", "what it is"), rows)]
    for title, names in found.items():
        if names:
            parts += [f"## {title}", *(_public(name, getattr(bench, name)) for name in names)]
    return joined(parts)


def group(name: str) -> str:
    """The title under which something public stands."""
    module = str(getattr(bench, name).__module__)
    fitting = (title for start, title in GROUPS.items() if module == start or module.startswith(f"{start}."))
    return CARDS.get(name) or next(fitting, OTHER)


def _public(name: str, thing: Any) -> str:
    if not inspect.isclass(thing):
        return joined([f"### {code(name)}", *_function(f"bench.{name}", thing)])
    found = parsed(thing)
    bases = [base.__name__ for base in thing.__bases__ if base.__name__ in bench.__all__]
    inherits = "Inherits from " + ", ".join(f"[{code(base)}](#{base})" for base in bases) + "." if bases else ""
    heading = f'### <a id="{name}"></a>{code(name)}'
    made = block(signature(f"bench.{name}", thing), "python")
    methods = [_method(name, key, one) for key, one in _methods(thing)]
    return joined([heading, made, found.described(), inherits, _attributes(thing, found), *methods])


def _function(name: str, call: Any, *, bound: bool = False) -> list[str]:
    found = parsed(call)
    return [block(signature(name, call, bound=bound), "python"), found.described(), arguments(found), outcome(found)]


def _attributes(cls: type, found: Docstring) -> str:
    """What the docstring says of each attribute, with its default."""
    defaults = _defaults(cls)
    rows = [
        (code(name), code(defaults[name]) if name in defaults else "", prose(meaning))
        for name, meaning in found.items("Attributes").items()
    ]
    return table(("attribute", "default", "meaning"), rows) if rows else ""


def _defaults(cls: type) -> dict[str, str]:
    if dataclasses.is_dataclass(cls):
        return {
            one.name: value(one.default) for one in dataclasses.fields(cls) if one.default is not dataclasses.MISSING
        }
    plain = (str, int, float, bool, tuple, type(None))
    return {name: value(one) for name, one in inspect.getmembers(cls) if isinstance(one, plain) and name[0] != "_"}


def _methods(cls: type) -> Iterator[tuple[str, Any]]:
    """What the class itself defines for others to call or to write."""
    for key, one in vars(cls).items():
        described = one.func if hasattr(one, "func") else one
        if not key.startswith("_") and (callable(one) or isinstance(one, classmethod | staticmethod | property)):
            yield key, one
        elif not key.startswith("_") and described is not one:  # a cached property
            yield key, property(described)


def _method(owner: str, key: str, one: Any) -> str:
    written = "*To be written by a subclass.*" if getattr(one, "__isabstractmethod__", False) else ""
    heading = f'#### <a id="{owner}.{key}"></a>{code(f"{owner}.{key}")}'
    if isinstance(one, property):
        return joined([heading, written, parsed(one.fget).described()])
    call = one.__func__ if isinstance(one, classmethod | staticmethod) else one
    bound = not isinstance(one, staticmethod)
    return joined([heading, written, *_function(f"{owner}.{key}", call, bound=bound)])
