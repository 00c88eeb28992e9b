"""The shipped zoo is whole: every file is what its entry says and belongs to the classifier that it names."""

import hashlib
import json
from functools import cache
from pathlib import Path

import pytest

from bench.store.fingerprint import digest
from bench.store.record import read_records
from bench.weights.files import ZOO, Entry, manifest, metadata, read
from bench.weights.lookup import Fitted
from methods.biggan_logit.recipes import RECIPES
from methods.biggan_logit_ch64.train import Ch64Trainer

OURS = [item for item in manifest().values() if item.facts.get("source") == "trained by this project"]
FITTED = [item for item in OURS if item.facts["kind"] in ("inverter", "controls")]


@cache
def opened(path: Path) -> tuple[str, dict[str, str]]:
    """SHA-256 and metadata of a file, which is unpacked once for all tests; a checkpoint of others has no metadata."""
    return hashlib.sha256(read(path)).hexdigest(), {} if path.suffix == ".pth" else metadata(path)


@pytest.mark.parametrize("item", manifest().values(), ids=lambda item: item.name)
def test_every_file_has_the_hash_and_the_provenance_of_its_entry(item: Entry) -> None:
    assert opened(item.path)[0] == item.sha256
    assert {"kind", "source", "licence", "command", "size"} <= set(item.facts)
    assert item.path.stat().st_size == item.facts["size"]


@pytest.mark.parametrize("item", FITTED, ids=lambda item: item.name)
def test_what_was_fitted_belongs_to_the_classifier_that_ships(item: Entry) -> None:
    """A classifier is replaced only together with all its inverters."""
    assert item.facts["classifier_sha256"] == manifest()[item.facts["classifier"]].sha256
    assert opened(item.path)[1]["classifier_sha256"] == item.facts["classifier_sha256"]


@pytest.mark.parametrize(
    "item", [item for item in OURS if item.facts["kind"] != "controls"], ids=lambda item: item.name
)
def test_what_was_trained_says_how(item: Entry) -> None:
    assert {"name", "hash", "steps"} <= set(item.facts["recipe"])
    assert item.facts["train_seconds"] > 0
    assert item.facts["machine"]
    assert json.loads(opened(item.path)[1]["recipe"]) == item.facts["recipe"]


def test_one_comparison_recipe_a_method() -> None:
    """Weights of a method are compared across classifiers of a dataset: only those of one recipe may be, but its seed.

    The clock stopped those of ``biggan-logit-ch64``: their recipes differ in their steps, so that no claim compares
    them across classifiers.
    """
    inverters = [item for item in FITTED if item.facts["kind"] == "inverter"]
    recipes: dict[str, set[str]] = {}
    for item in inverters:
        (method,) = item.facts["methods"]
        if method == "biggan-logit-ch64":
            steps = item.facts["recipe"]["steps"]
            known = ("hash", "steps")
            same = {key: value for key, value in RECIPES["gpu"].settings().items() if key not in known}
            assert {key: value for key, value in item.facts["recipe"].items() if key not in known} == same
            assert item.facts["recipe"]["hash"] == Ch64Trainer().recipe(steps=steps).digest()
            continue
        family = f"{method.removeprefix('onehot-').split('-logit')[0]} on {item.facts['dataset']}"
        recipes.setdefault(family, set()).add(digest(Fitted.read(item.path, item.facts, own=False).unseeded))
    assert all(len(hashes) == 1 for hashes in recipes.values()), recipes


def test_no_file_lies_in_the_zoo_without_an_entry() -> None:
    named = {item.file for item in manifest().values()}
    assert {path.name for path in ZOO.glob("*.safetensors*")} <= named


def test_committed_records_were_made_with_weights_that_ship() -> None:
    """A score in the README whose weights were replaced would be a score of nothing that is here.

    Statistics of training images that do not ship are counted from a user's own copy (`bench train controls`).
    """
    shipped = {item.sha256 for item in manifest().values()}
    counted_here = {item.facts["dataset"] for item in manifest().values() if item.facts["kind"] == "controls"}
    records = read_records(Path(__file__).resolve().parents[2] / "reports" / "results")
    assert records
    for record, folder in records:
        strangers = {name for name, sha256 in record.weights.items() if sha256 not in shipped}
        if record.dataset not in counted_here:
            strangers -= {"training-statistics"}
        assert not strangers, f"{folder.parent.name}/{folder.name}: {strangers}"
