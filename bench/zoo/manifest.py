"""Writing the zoo: a packed weight file and its manifest entry, together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from bench.store.files import write_atomically
from bench.weights import files as weights


def enter(name: str, data: bytes, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Put one safetensors file (its bytes) into the zoo and return its entry."""
    packed = weights.pack(data)
    file = f"{name}.safetensors.xz"
    write_atomically(weights.ZOO / file, packed)
    return _write(name, {"file": file, "sha256": hashlib.sha256(data).hexdigest(), "size": len(packed)} | dict(facts))


def amend(name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Add facts to the entry of a file that is there, and return it."""
    return _write(name, weights.entry(name).facts | dict(facts))


def _write(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    path = weights.ZOO / "manifest.json"
    entries = json.loads(path.read_text()) | {name: entry}
    write_atomically(path, (json.dumps(dict(sorted(entries.items())), indent=2) + "\n").encode())
    weights.manifest.cache_clear()
    return entry
