"""``reference/files.md``: what a run leaves on the disk, and every field of a record."""

from __future__ import annotations

import json
from typing import Any

from bench import cards
from bench.store import record
from bench.store.folder import FILES, LOGITS, ORIGINALS
from studies.docs import ROOT
from studies.docs.docstrings import parsed
from studies.docs.markdown import block, code, joined, prose, sentence, table

SCHEMA = ROOT / "bench" / "store" / "record.schema.json"
INTRO = (
    "Every file appears whole or not at all. A cell without `record.json` is unfinished, and the same command "
    "continues it. The record is the contract between runs and reports: a report reads records and what lies beside "
    "them."
)
TREE = f"""runs/<dataset>/{ORIGINALS}
runs/<dataset>/<classifier>/{LOGITS}
runs/<dataset>/<classifier>/<method>/<key>/record.json
runs/<dataset>/<classifier>/<method>/<key>/..."""
SHARED = {
    ORIGINALS: "the images, (N, H, W, 3) uint8, shared by all cells of the dataset",
    "originals.json": "the SHA-256 of each block of 250 of them",
    LOGITS: "ids and logits, (N, K) float32, of one classifier, with the weights that made them",
}
CELL = {
    "reconstructions.npy": "the reconstructions, (N, H, W, 3) uint8, in the order of the ids",
    "second_draw.npy": "the same with the second draw of the noise; of stochastic methods",
    "reconstruction_logits.npy": "what the classifier makes of the reconstructions, (N, K) float32",
    "per_image.parquet": "a row an image: its id, its label, both networks' classes, and a column for each metric of "
    "the level image; of a probe a row for each level and image",
    "pictures.npy": "of a probe: its pictures, rows x columns x H x W x 3, uint8",
    "captions.json": "of a probe: the captions of the pictures' rows and columns",
}
ALWAYS = {
    "record.json": "the record, written last",
    "shards/": "finished pieces of an unfinished cell; gone once the record is written",
}
RECORD = (
    "`record.json` is one object of the type [Record](#Record). The JSON schema is the file "
    "`bench/store/record.schema.json` of the package. Fields that are not required may be missing; fields of later "
    "versions are ignored. No value is ever NaN."
)


def page() -> str:
    """The whole page."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return joined(
        [
            "# Files",
            INTRO,
            "## Where they lie",
            block(TREE),
            "In the folder of a cell or of a probe:",
            _listed(ALWAYS | {name: CELL[name] for name in FILES}),
            "What cells share:",
            _listed(SHARED),
            "## The record",
            RECORD,
            _type("Record", schema),
            *(_type(name, one) for name, one in schema["$defs"].items()),
        ]
    )


def _listed(files: dict[str, str]) -> str:
    return table(("file", "what it holds"), [(code(name), text) for name, text in files.items()])


def _type(name: str, schema: dict[str, Any]) -> str:
    cls = getattr(record, name, None) or getattr(cards, name)
    meanings = parsed(cls).items("Attributes")
    rows = [
        (code(key), kind(one), "yes" if key in schema["required"] else "", prose(meanings.get(key, "")))
        for key, one in schema["properties"].items()
    ]
    about = sentence(prose(schema["description"]))
    return joined([f'### <a id="{name}"></a>{name}', about, table(("field", "type", "required", "meaning"), rows)])


def kind(schema: dict[str, Any]) -> str:
    """A type of the schema in words."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name})"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(kind, schema["anyOf"])))
    if "enum" in schema:
        return " or ".join(code(json.dumps(one)) for one in schema["enum"])
    if schema.get("type") == "array":
        count = f"{schema['maxItems']} " if "maxItems" in schema else ""
        return f"list of {count}{_plural(kind(schema['items']))}"
    if schema.get("type") == "object":
        inner = kind(schema["additionalProperties"])
        return "object" if inner == "anything" else f"object of {_plural(inner)} by name"
    return str(schema.get("type", "anything"))


def _plural(words: str) -> str:
    return f"{words}s" if words.isalpha() and words != "anything" else words
