"""Nothing lies about that nothing uses: no module that none imports, no public function that none names."""

import ast
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = sorted(
    path for top in ("bench", "baselines", "methods", "reports", "studies") for path in (ROOT / top).rglob("*.py")
)
TEXTS = {path: path.read_text(encoding="utf-8") for path in PRODUCT}
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imported(tree: ast.Module) -> set[str]:
    """Every module that is imported, and every ``module.name`` that is imported from one."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):  # import_module("bench.public")
            found.add(node.value)
    return found


def test_every_module_is_imported_or_run() -> None:
    used = {name: imported(ast.parse(text)) for name, text in ((module(path), TEXTS[path]) for path in PRODUCT)}
    unused = [
        module(path)
        for path in PRODUCT
        if path.name not in ("__init__.py", "__main__.py")
        and "__main__" not in TEXTS[path]  # a command of its own
        and not any(module(path) in names for other, names in used.items() if other != module(path))
        and not re.search(rf'"{re.escape(module(path))}[":]', PYPROJECT)  # an entry point
    ]
    assert not unused


def test_every_function_and_class_is_named_somewhere() -> None:
    tests = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    everything = [*TEXTS.values(), PYPROJECT, *tests]
    names = Counter(word for text in everything for word in re.findall(r"\w+", text))
    defined = {
        node.name
        for text in TEXTS.values()
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.decorator_list
    }
    unused = {name for name in defined if names[name] == 1 and not name.startswith("__")}
    assert not unused
