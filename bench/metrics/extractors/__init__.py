"""The networks that metrics look through, by name, from entry points. Imports no torch."""

from __future__ import annotations

import inspect
from functools import cache
from pathlib import Path

from bench.cli.printing import say_once
from bench.errors import PluginError, error_text
from bench.metrics.extractors.base import Extractor
from bench.registry import EXTRACTORS, load, registered

__all__ = ["Extractor", "extractors", "identity", "playing"]


@cache
def extractors() -> dict[str, Extractor]:
    """Every registered extractor; what cannot be loaded is said on stderr and left out."""
    found: dict[str, Extractor] = {}
    for name in registered(EXTRACTORS):
        try:
            found[name] = _checked(name, load(EXTRACTORS, "extractor", name))
        except PluginError as error:
            say_once(str(error))
    return found


def _checked(name: str, plugin: object) -> Extractor:
    made = plugin() if inspect.isclass(plugin) else plugin
    if not isinstance(made, Extractor) or getattr(made, "name", None) != name:
        raise PluginError(
            f"The extractor {name!r} cannot be used", f"it should be a bench.Extractor of that name and is {plugin!r}"
        )
    return made


def playing(judge: str | None, inception: Path | None) -> dict[str, Extractor]:
    """Every extractor, with the classifier that plays the judge, and the user's own file for Inception."""
    from bench.metrics.extractors.inception import Inception
    from bench.metrics.extractors.judge import Judge

    return extractors() | {"judge": Judge(judge)} | ({"inception": Inception(inception)} if inception else {})


def identity(extractor: Extractor) -> str | None:
    """SHA-256 of its weights; None where they are not here, or it cannot say."""
    try:
        return extractor.sha256()
    except Exception as error:  # an outsider's, or weights that are gone
        say_once(f"the extractor {extractor.name!r} does not know its weights: {error_text(error)}")
        return None
