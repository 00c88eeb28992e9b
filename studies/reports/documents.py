"""README and the pages under ``docs/``: what a program writes into them stands between two markers.

``<!-- KIND:NAME:begin -->`` and ``<!-- KIND:NAME:end -->``, each on a line of its own or beside each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.errors import DataError
from bench.store.files import write_atomically

ROOT = Path(__file__).resolve().parents[2]
Written = Mapping[str, Callable[[], str]]  # name -> the text between the markers, ending in a line break


def documents() -> list[Path]:
    """README, then every page of the documentation by its path."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def written(text: str, kind: str, parts: Written) -> str:
    """The text with everything of a kind written anew.

    Raises:
        DataError: a marker names nothing that is known, or has no partner.
    """
    for name in re.findall(rf"<!-- {kind}:([\w-]+):begin -->", text):
        begin, end = f"<!-- {kind}:{name}:begin -->", f"<!-- {kind}:{name}:end -->"
        if name not in parts or text.count(begin) != 1 or text.count(end) != 1:
            known = ", ".join(parts)
            raise DataError(f"{begin!r} and {end!r} should stand once each, with one of these names: {known}.")
        before, rest = text.split(begin)
        text = f"{before}{begin}\n{parts[name]()}{end}{rest.split(end)[-1]}"
    return text


def update(files: Sequence[Path], kind: str, parts: Written, *, check: bool = False) -> list[Path]:
    """Write everything of a kind into these files; the ones that changed, or would with ``check``.

    Raises:
        DataError: none of the files holds a marker of this kind, one is wrong, or a file is not there.
    """
    missing = [path.name for path in files if not path.exists()]
    if missing:
        raise DataError(f"There is no {', '.join(missing)} to write into.")
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    if not any(f"<!-- {kind}:" in text for text in texts.values()):
        raise DataError(f"'<!-- {kind}:NAME:begin -->' and '<!-- {kind}:NAME:end -->' stand in none of the files.")
    new = {path: written(text, kind, parts) for path, text in texts.items()}
    changed = [path for path in files if new[path] != texts[path]]
    for path in changed if not check else ():
        write_atomically(path, new[path].encode())
    return changed
