"""A user's own file: loaded as it is now, and known by all the code that it brings along."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import local
from bench.errors import PluginError, UsageError
from bench.local import helpers, load_file, local_name, source_of

CODE = "class Grey:\n    name = 'grey'\n"


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    """No folder and no helper of a test stays."""
    before, path = set(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    local._folders.clear()
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(folder: Path, **files: str) -> Path:
    """Files by name, double underscores for folders; returns ``mine.py``."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "mine.py"


def test_local_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(CODE)
    assert load_file(f"{path}:Grey").name == "grey"


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


def test_a_file_that_cannot_be_imported_is_named_without_its_folder(tmp_path: Path) -> None:
    path = write(tmp_path, mine="import sys\n\nsys.exit('no licence')\n")
    with pytest.raises(PluginError) as raised:
        load_file(f"{path}:Grey")
    assert str(raised.value) == "mine.py cannot be imported: SystemExit: no licence (in mine.py, line 3, <module>)"
    assert local_name(f"{path}:Grey") == "mine.Grey"


def test_helpers_are_all_files_that_nobody_installed(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        mine="import json, torch, bench.seeding\nfrom pack import inner\nimport beside\nimport no_such_thing\n",
        beside="def late():\n    import importlib, lazy\n    importlib.import_module('named')\n",
        lazy="import mine",
        named="",
        unused="",
        pack__init="",
        pack__inner="from . import sibling\nfrom .deep.end import x\n",
        pack__sibling="from .. import nonsense",
        pack__deep__end="x = 1",
    )
    (tmp_path / "pack" / "init.py").rename(tmp_path / "pack" / "__init__.py")
    found = helpers(path)
    names = {"beside", "lazy", "named", "pack", "pack.inner", "pack.sibling", "pack.deep.end"}
    assert found.keys() == names
    assert found["pack.deep.end"] == tmp_path / "pack" / "deep" / "end.py"
    assert not {"beside", "pack"} & sys.modules.keys()


def test_source_follows_every_helper_and_no_other_file(tmp_path: Path) -> None:
    path = write(tmp_path, mine="import a", a="import b", b="x = 1", c="x = 1")
    first = source_of(path)
    write(tmp_path, c="x = 2")
    assert source_of(path) == first
    write(tmp_path, b="x = 2")
    assert source_of(path) != first
    assert source_of(write(tmp_path, mine=CODE)) == CODE.encode()
    own = Path(local.__file__)
    before = list(sys.path)
    assert source_of(own) == own.read_bytes()
    assert sys.path == before


def test_a_helper_that_changed_is_imported_again_with_all_that_stand_on_it(tmp_path: Path) -> None:
    """Within one second, and to a text of the same length, which Python's own cache takes for the same."""
    path = write(tmp_path, mine="from a import x\ny = [x]", a="from b import x", b="x = 1")
    assert load_file(f"{path}:y") == [1]
    kept = sys.modules["a"]
    assert load_file(f"{path}:y") == [1]
    assert sys.modules["a"] is kept
    write(tmp_path, b="x = 2")
    assert load_file(f"{path}:y") == [2]


def test_helpers_of_one_name_in_two_folders_stay_apart(tmp_path: Path) -> None:
    one = write(tmp_path / "one", mine="import aid\nx = aid.x", aid="x = 1")
    two = write(tmp_path / "two", mine="import aid\nx = aid.x\nclass A: ...", aid="x = 2")
    assert [load_file(f"{path}:x") for path in (one, two, one)] == [1, 2, 1]
    assert sys.modules[load_file(f"{two}:A").__module__].__file__ == str(two)


def test_a_file_beside_does_not_hide_what_is_installed(tmp_path: Path) -> None:
    path = write(tmp_path, mine="import platformdirs\nx = platformdirs.__name__", platformdirs="raise RuntimeError")
    assert load_file(f"{path}:x") == "platformdirs"
    assert helpers(path) == {}
