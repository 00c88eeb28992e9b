from __future__ import annotations

import json

from bench.store.folder import FILES
from studies.docs.files import CELL, SCHEMA, kind, page


def test_every_field_of_the_schema_is_there_with_its_meaning() -> None:
    schema, text = json.loads(SCHEMA.read_text(encoding="utf-8")), page()
    for name, one in {"Record": schema, **schema["$defs"]}.items():
        found = text.split(f'<a id="{name}"></a>')[1].split("\n### ")[0]
        for field in one["properties"]:
            row = next(line for line in found.splitlines() if line.startswith(f"| `{field}` |"))
            assert not row.endswith("|  |"), f"{name}.{field} has no meaning"


def test_every_file_of_a_cell_is_there() -> None:
    assert set(CELL) == set(FILES)
    assert all(f"| `{name}` |" in page() for name in (*FILES, "record.json", "originals.npy", "logits.npz"))


def test_types_are_told_in_words() -> None:
    number, null = {"type": "number"}, {"type": "null"}
    pair = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
    assert kind({"anyOf": [pair, null]}) == "list of 2 numbers or null"
    assert (
        kind({"type": "object", "additionalProperties": {"$ref": "#/$defs/Score"}})
        == "object of [Score](#Score) by name"
    )
    assert kind({"type": "object", "additionalProperties": {}}) == "object"
    assert kind({"enum": ["a", 1]}) == '`"a"` or `1`'
    assert kind({}) == "anything"
