"""Write the JSON schema of a record from its dataclasses: ``python -m studies.reports.schema``."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from bench.store.files import write_atomically
from bench.store.record import Record

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "bench" / "store" / "record.schema.json"
PLAIN = {str: "string", bool: "boolean", int: "integer", float: "number", NoneType: "null"}


def schema() -> str:
    """The schema as JSON text: every field with its type; fields of later versions are allowed."""
    definitions: dict[str, Any] = {}
    of(Record, definitions)
    record = definitions.pop(Record.__name__)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A record of bench"}
    return json.dumps(head | record | {"$defs": definitions}, indent=2) + "\n"


def of(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a type; those of dataclasses are put among the definitions, by name."""
    origin, inner = get_origin(hint), get_args(hint)
    if dataclasses.is_dataclass(hint):
        return _object(hint, definitions)
    if origin in (Union, UnionType):
        return {"anyOf": [of(one, definitions) for one in inner]}
    if origin is Literal:
        return {"enum": list(inner)}
    if origin is dict:
        return {"type": "object", "additionalProperties": of(inner[1], definitions)}
    if origin is tuple:
        fixed = {} if inner[-1] is Ellipsis else {"minItems": len(inner), "maxItems": len(inner)}
        return {"type": "array", "items": of(inner[0], definitions)} | fixed  # tuples here hold one type
    return {} if hint is Any else {"type": PLAIN[hint]}


def _object(cls: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    name = cls.__name__
    if name not in definitions:
        definitions[name] = {}  # a type may hold itself
        hints, missing = get_type_hints(cls), dataclasses.MISSING
        fields = dataclasses.fields(cls)
        definitions[name] |= {
            "type": "object",
            "description": str(cls.__doc__).partition("\n")[0],
            "properties": {field.name: of(hints[field.name], definitions) for field in fields},
            "required": [f.name for f in fields if f.default is missing and f.default_factory is missing],
        }
    return {"$ref": f"#/$defs/{name}"}


if __name__ == "__main__":
    write_atomically(FILE, schema().encode())
