"""No source of the reports names a metric, classifier, method, control, probe or dataset: cards tell them all.

The rules of the claims are about particular ones and may. Names that are words of English or of CSS as well, such as
``noise`` or ``scale``, count only where a literal holds nothing else; the others count inside of sentences, too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import reports
from bench.classifiers.providers.zoo import ZOO
from bench.cli.listing import PROBES
from bench.metrics.extractors import extractors
from bench.probes.measures import known
from bench.registry import CONTROLS, DATASETS, INVERTERS, registered

ROOT = Path(reports.__file__).parent
SOURCES = [path for path in sorted(ROOT.rglob("*")) if path.suffix in (".py", ".js", ".html", ".css")]
NAMES = {*known(), *ZOO, *extractors(), *registered(DATASETS)} - {"folder"} | {"folder:"}
NAMES |= {name for group in (INVERTERS, CONTROLS, PROBES) for name in registered(group)}
SURE = {"fid", "lpips", "psnr", "ssim"} | {name for name in NAMES if re.search(r"[\d_-]", name)}
ANYWHERE = re.compile(rf"(?<![\w-])({'|'.join(sorted(map(re.escape, SURE), key=len, reverse=True))})(?![\w-])")
QUOTED = re.compile(r"\"([^\"\n]*)\"|'([^'\n]*)'|`([^`\n]*)`|<code>([^<]*)</code>")


def named(path: Path, source: str) -> list[str]:
    """Every name that a source holds."""
    found: list[str] = []
    for text in literals(source) if path.suffix == ".py" else texts(source):
        found += [text] if text.strip() in NAMES else ANYWHERE.findall(text)
    return found


def literals(source: str) -> Iterator[str]:
    """The string literals of a module, pieces of f-strings among them, without docstrings."""
    tree = ast.parse(source)
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, documented)]
    docstrings = {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def texts(source: str) -> Iterator[str]:
    """The whole of a template, script or style sheet, and what is quoted in it, by itself."""
    yield source
    for groups in QUOTED.findall(source):
        yield next(filter(None, groups), "")


def test_there_are_sources_and_names_to_look_for() -> None:
    assert {path.suffix for path in SOURCES} == {".py", ".js", ".html", ".css"}
    assert {"lpips", "judge", "noise", "oracle", "cifar10", "biggan-logit", "lpips_step", "folder:"} <= NAMES


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_source_names_a_thing(path: Path) -> None:
    if re.fullmatch(r"analysis/claims/rules\w*\.py", path.relative_to(ROOT).as_posix()):
        assert named(path, path.read_text(encoding="utf-8"))
    else:
        assert named(path, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("file", "source", "found"),
    [
        ("a.py", 'if record.dataset == "cifar10": pass', ["cifar10"]),
        ("a.py", "x = {'noise': 1}", ["noise"]),
        ("a.py", "x = f'against {one} and same-class-random.'", ["same-class-random"]),
        ("a.py", 'def f():\n    """Of lpips."""\n    return "a noise that is a word"', []),
        ("a.py", '"""Of lpips."""\nx = "reid_class"', []),
        ("a.js", "// of\nif (key === 'psnr') fd_judge();", ["psnr", "fd_judge", "psnr"]),
        ("a.js", "method.judge", []),
        ("a.js", 'for (const by of ["target", "judge"])', ["judge"]),
        ("a.html", "<code>oracle</code> <b>scale</b>", ["oracle"]),
        ("a.html", "{% if one.name == 'iterate' %}", ["iterate"]),
        ("a.css", "transform: scale(2)", []),
    ],
)
def test_a_name_is_found_wherever_it_may_stand(file: str, source: str, found: list[str]) -> None:
    assert named(Path(file), source) == found
