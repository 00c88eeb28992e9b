"""What ``bench/zoo/manifest.json`` says of the weights that ship, whatever folder a user has put in its place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from studies.docs import ROOT

Facts = Mapping[str, Any]


@cache
def manifest() -> dict[str, Facts]:
    """Every entry by its name."""
    entries: dict[str, Facts] = json.loads((ROOT / "bench" / "zoo" / "manifest.json").read_text(encoding="utf-8"))
    return entries


def of_method(name: str) -> list[Facts]:
    """The weights that a method or a control takes."""
    return [facts for facts in manifest().values() if name in facts.get("methods", ())]
