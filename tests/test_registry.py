import sys
from pathlib import Path

import pytest

from bench.errors import UnknownNameError, UsageError
from bench.registry import INVERTERS, load, load_file, registered
from tests.conftest import AddPlugin

CODE = "class Grey:\n    name = 'grey'\n"


def test_entry_points_are_found_without_importing_them(plugin: AddPlugin) -> None:
    plugin("outsider", INVERTERS, "grey = outsider_a:Grey", "raise RuntimeError('imported')")
    point = registered(INVERTERS)["grey"]
    assert point.value == "outsider_a:Grey"
    assert "outsider_a" not in sys.modules


def test_load_imports(plugin: AddPlugin) -> None:
    plugin("outsider", INVERTERS, "grey = outsider_b:Grey", CODE)
    assert load(INVERTERS, "method", "grey").name == "grey"


def test_other_groups_stay_apart(plugin: AddPlugin) -> None:
    plugin("outsider", "bench.elsewhere", "grey = outsider_c:Grey", CODE)
    assert "grey" not in registered(INVERTERS)
    assert list(registered("bench.elsewhere")) == ["grey"]


def test_duplicates_raise(plugin: AddPlugin) -> None:
    plugin("one", INVERTERS, "grey = outsider_d:Grey", CODE)
    plugin("two", INVERTERS, "grey = outsider_e:Grey", CODE)
    with pytest.raises(UsageError, match="Two plugins are registered as 'grey'"):
        registered(INVERTERS)


def test_misspelt_name_gets_a_suggestion(plugin: AddPlugin) -> None:
    plugin("outsider", INVERTERS, "dosovitskiy-brox = outsider_f:Grey", CODE)
    with pytest.raises(UnknownNameError, match=r"no method called 'dosovitsky-brox'\. Did you mean 'dosovitskiy-brox'"):
        load(INVERTERS, "method", "dosovitsky-brox")


def test_local_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(CODE)
    assert load(INVERTERS, "method", f"{path}:Grey").name == "grey"


def test_local_file_with_future_annotations_and_dataclass(tmp_path: Path) -> None:
    path = tmp_path / "classy.py"
    path.write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n  x: int"
    )
    assert load_file(f"{path}:A")(3).x == 3


def test_local_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.py, which does not exist"):
        load_file(f"{tmp_path / 'nowhere.py'}:Grey")


def test_local_file_without_the_class(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(CODE)
    with pytest.raises(UsageError, match=r"has no 'Gray'. It defines: Grey"):
        load_file(f"{path}:Gray")
