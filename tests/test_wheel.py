"""What the wheel holds: it needs neither ``studies`` nor ``tests``, which stay in the repository."""

import ast
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet
from setuptools import find_packages

ROOT = Path(__file__).resolve().parents[1]
INSIDE, OUTSIDE = {"bench", "baselines", "methods", "reports"}, {"studies", "tests"}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    """Every module that is imported anywhere, by a statement or by ``import_module("its.name")``."""
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(module=str(name)):
                yield name
            case ast.Call(
                func=ast.Name(id="import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name


@pytest.mark.parametrize(
    "line",
    ["import studies.zoo", "from studies import zoo", "import_module('studies')", "x.import_module('studies.a')"],
)
def test_every_way_to_import_is_seen(line: str) -> None:
    assert [name.partition(".")[0] for name in imported(ast.parse(line))] == ["studies"]


@pytest.mark.parametrize("top", sorted(INSIDE))
def test_what_ships_imports_nothing_that_does_not(top: str) -> None:
    paths = sorted((ROOT / top).rglob("*.py"))
    assert paths
    for path in paths:
        names = set(imported(ast.parse(path.read_text(encoding="utf-8"))))
        strangers = {name for name in names if name.partition(".")[0] in OUTSIDE}
        assert not strangers, f"{path.relative_to(ROOT)}: {strangers}"


def test_the_wheel_has_its_packages_and_no_other() -> None:
    patterns = PYPROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    packages = find_packages(str(ROOT), include=patterns)
    assert {name.partition(".")[0] for name in packages} == INSIDE


def test_entry_points_lie_in_the_wheel() -> None:
    groups = [PYPROJECT["project"]["scripts"], *PYPROJECT["project"]["entry-points"].values()]
    assert {target.partition(".")[0] for group in groups for target in group.values()} <= INSIDE


def test_bench_reaches_methods_and_reports_through_the_registry_alone() -> None:
    for path in sorted((ROOT / "bench").rglob("*.py")):
        names = set(imported(ast.parse(path.read_text(encoding="utf-8"))))
        strangers = {name for name in names if name.partition(".")[0] in INSIDE - {"bench"}}
        assert not strangers, f"{path.relative_to(ROOT)}: {strangers}"


def test_nothing_imports_in_a_circle() -> None:
    """Imports inside functions count; those for types alone do not."""
    names = {_module(path): path for top in INSIDE for path in (ROOT / top).rglob("*.py")}
    arrows = {name: _imports(path) & names.keys() - {name} for name, path in names.items()}
    TopologicalSorter(arrows).prepare()  # raises CycleError, with the circle


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in list(ast.walk(tree)):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = [ast.Pass()]
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inside | {node.module}
    return found


def test_every_pinned_version_installs_on_the_oldest_python_that_is_promised() -> None:
    """A newer micro version runs the tests, and would not see that one asks for it."""
    oldest = PYPROJECT["project"]["requires-python"].removeprefix(">=") + ".0"
    names = [line.partition("==")[0] for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()]
    here = {one.metadata["Name"].lower().replace("_", "-"): one for one in distributions()}
    pinned = [here[key] for name in names if (key := name.lower().replace("_", "-")) in here]
    assert len(pinned) > 50
    asked = {one.metadata["Name"]: one.metadata["Requires-Python"] or "" for one in pinned}
    assert not {name: spec for name, spec in asked.items() if not SpecifierSet(spec).contains(oldest)}
