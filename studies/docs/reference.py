"""Write the reference pages of the documentation from the code: ``python -m studies.docs.reference``.

``--check`` compares and writes nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.store.files import write_atomically
from studies.docs import ROOT, classifiers, cli, datasets, files, methods, metrics, probes, python

FOLDER = ROOT / "docs" / "reference"
COMMAND = "python -m studies.docs.reference"
HEAD = f"<!-- Written by `{COMMAND}`; changes by hand are lost. -->\n\n"
PAGES: Mapping[str, Callable[[], str]] = {
    "metrics": metrics.page,
    "methods": methods.page,
    "classifiers": classifiers.page,
    "datasets": datasets.page,
    "probes": probes.page,
    "cli": cli.page,
    "python": python.page,
    "files": files.page,
}


def written() -> dict[str, str]:
    """The whole text of each page, by the name of its file."""
    return {f"{name}.md": f"{HEAD}{page()}\n" for name, page in PAGES.items()}


def outdated(pages: Mapping[str, str], folder: Path = FOLDER) -> list[str]:
    """The files that differ from what the code says, are missing, or are no page of this program's."""
    known = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}
    return sorted(name for name in pages.keys() | known.keys() if pages.get(name) != known.get(name))


def main(arguments: Sequence[str] | None = None, folder: Path = FOLDER) -> int:
    """Write the pages and return 0; with ``--check`` write nothing and return 1 where one is out of date."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a page is out of date")
    options, pages = parser.parse_args(arguments), written()
    changed = outdated(pages, folder)
    if options.check and changed:
        print(f"Out of date in docs/reference: {', '.join(changed)}. Type: {COMMAND}", file=sys.stderr)
        return 1
    for name in changed:
        if name in pages:
            write_atomically(folder / name, pages[name].encode())
        else:
            (folder / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
