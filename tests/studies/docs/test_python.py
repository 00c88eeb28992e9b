from __future__ import annotations

import bench
from studies.docs.python import CALLS, OTHER, group, page


def section(name: str) -> str:
    return page().split(f"`{name}`\n")[1].split("\n### ")[0]


def test_every_public_name_has_a_group() -> None:
    groups = {name: group(name) for name in bench.__all__}
    assert OTHER not in groups.values()
    assert {name for name, title in groups.items() if title == CALLS} == {
        "load_classifier", "load_dataset", "load_inverter", "run", "score",
    }  # fmt: skip


def test_a_call_has_its_signature_arguments_and_errors() -> None:
    found = section("load_dataset")
    assert "```python\nbench.load_dataset(" in found
    assert "| `split` | `test`, `train` or `val`. |" in found
    assert "**Raises** `UsageError`:" in found


def test_a_class_has_its_attributes_with_defaults() -> None:
    found = section("RunConfig")
    assert '| `out` | `Path("runs")` | the folder of all runs. |' in found
    assert "bench.RunConfig(\n    method: str," in found


def test_what_a_subclass_writes_is_marked() -> None:
    found = section("Inverter")
    written = found.split("`Inverter.invert`")[1]
    assert written.strip().startswith("*To be written by a subclass.*")
    assert "*To be written" not in found.split("`Inverter.skip`")[1].split("####")[0]
    assert "Inherits from [`Inverter`](#Inverter)." in section("LearnedInverter")
