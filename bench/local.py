"""``path/to/file.py:Name``: a user's own file, loaded as it is now, and known by all the code that it brings along.

A file is known by its text and by the texts of the files that it imports, directly or through one another, unless they
belong to Python, to an installed package or to bench. They are found by reading the imports, not by running them: the
same files are found whatever the process has loaded before.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import site
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

from bench.environment import SOURCE
from bench.errors import UsageError
from bench.foreign import guarded

_folders: list[str] = []  # of the files that were loaded, the last one first; they stand at the end of ``sys.path``
_loaded: dict[str, tuple[Path, str]] = {}  # path and SHA-256 of the helpers as they are in ``sys.modules``, by name


def local_file(reference: str) -> Path:
    """The file in ``path/to/file.py:Name``.

    Raises:
        UsageError: there is no such file.
    """
    text = reference.rpartition(":")[0]
    path = Path(text).expanduser().resolve()
    if not path.is_file():
        raise UsageError(f"{reference!r} names the file {text}, which does not exist.")
    return path


def local_name(reference: str) -> str:
    """``file.Name``, which stands in records: no path of anybody's machine."""
    path, _, attribute = reference.rpartition(":")
    return f"{Path(path).stem}.{attribute}"


def load_file(reference: str) -> Any:
    """Import ``path/to/file.py`` and return the attribute after the colon.

    It may import what lies beside it. A helper that has changed since it was imported is imported again.

    Raises:
        UsageError: there is no such file, or it has no such attribute.
        PluginError: it cannot be imported.
    """
    path, attribute = local_file(reference), reference.rpartition(":")[2]
    known = {name: (file, _sha256(file)) for name, file in helpers(path).items()}
    _forget_stale(known)
    module_name = f"bench_local_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(module_name, path, loader=_Text(module_name, str(path)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # it is told apart by seconds and size alone
    try:
        with guarded(f"{path.name} cannot be imported"):
            spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = writes
    _loaded.update({name: file for name, file in known.items() if name in sys.modules})
    if not hasattr(module, attribute):
        names = ", ".join(n for n in vars(module) if not n.startswith("_"))
        raise UsageError(f"{path.name} has no {attribute!r}. It defines: {names}.")
    return getattr(module, attribute)


class _Text(SourceFileLoader):
    """Compiles the text that is there now, whatever lies in ``__pycache__``."""

    def get_code(self, fullname: str) -> CodeType | None:
        """The module's code."""
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def _forget_stale(known: dict[str, tuple[Path, str]]) -> None:
    """Take these helpers out of ``sys.modules`` where one of them is another file, or was another text, by then."""
    importlib.invalidate_caches()
    if any(name in sys.modules and _loaded.get(name) != file for name, file in known.items()):
        for name in known:
            sys.modules.pop(name, None)


def source_of(path: Path) -> bytes:
    """What decides what a file does, as far as its code goes: its text, then names and texts of its helpers.

    Of a file that is installed it is the text alone.
    """
    if _installed(path):
        return path.read_bytes()
    parts = [path.read_bytes()]
    for name, file in sorted(helpers(path).items()):
        parts += [f"\0{name}\0".encode(), file.read_bytes()]
    return b"".join(parts)


def helpers(path: Path) -> dict[str, Path]:
    """The files that a file imports, directly or through one another, and that no installed package owns.

    Args:
        path: of the file; what lies beside it can be imported from then on.

    Returns:
        Paths by the names of the modules.
    """
    _reach(path.parent)
    found: dict[str, Path] = {}
    todo: list[tuple[Path, str]] = [(path, "")]
    while todo:
        file, package = todo.pop()
        for name in _imports(file, package):
            for module, spec in _specs(name):
                origin = Path(spec.origin).resolve() if spec.has_location and spec.origin else None
                if origin is not None and _installed(origin):
                    break
                if origin is None or module in found or origin == path:
                    continue
                found[module] = origin
                if origin.suffix == ".py":
                    inside = spec.submodule_search_locations is not None
                    todo.append((origin, module if inside else module.rpartition(".")[0]))
    return found


def _reach(folder: Path) -> None:
    """Let what lies in the folder be imported, after everything that is installed, before other files' folders."""
    text = str(folder)
    if text in sys.path and text not in _folders:
        return
    _folders[:] = [text, *(other for other in _folders if other != text)]
    sys.path[:] = [*(entry for entry in sys.path if entry not in _folders), *_folders]


def _imports(file: Path, package: str) -> Iterator[str]:
    """The names that a file imports, anywhere in it; some of them may be no modules."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, OSError):  # the import says so
        return
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                around = package.split(".") if package else []
                above = around[: len(around) - node.level + 1] if node.level else []
                base = ".".join([*above, *([node.module] if node.module else [])])
                yield from (f"{base}.{alias.name}" for alias in node.names if base)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name


def _specs(name: str) -> Iterator[tuple[str, ModuleSpec]]:
    """Where a module and the packages around it lie, the outermost first, as far as there are such."""
    search: Sequence[str] | None = None
    parts = name.split(".")
    for k, part in enumerate(parts):
        spec = _top(part) if search is None else PathFinder.find_spec(part, search)
        if spec is None:
            return
        yield ".".join(parts[: k + 1]), spec
        if spec.submodule_search_locations is None:
            return
        search = list(spec.submodule_search_locations)


def _top(name: str) -> ModuleSpec | None:
    """As ``importlib`` finds it, but without believing ``sys.modules``."""
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = find(name, None) if find else None
        if spec is not None:
            return spec
    return None


def _installed(file: Path) -> bool:
    """Whether a file belongs to Python, to an installed package or to bench."""
    return bool({"site-packages", "dist-packages"} & set(file.parts)) or any(file.is_relative_to(p) for p in _places())


@cache
def _places() -> tuple[Path, ...]:
    paths = sysconfig.get_paths()
    places = [paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")]
    places += [*site.getsitepackages(), site.getusersitepackages()]
    own = [SOURCE / name for name in ("bench", "baselines", "methods", "reports")]
    return tuple(Path(place).resolve() for place in places) + tuple(own)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
