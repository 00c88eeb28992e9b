"""Records to one HTML file that needs nothing else: styles, scripts and pictures inside, no network."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bench.config import EXAMPLE
from bench.errors import DataError, UsageError
from bench.store.faults import Fault, Faults
from bench.store.files import write_atomically
from bench.store.neutral import printable, shareable
from bench.store.record import read_records
from reports.analysis.groups import Entry

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"
# Every part's own files, in the order in which the page holds them.
STYLES = (
    "style.css",
    "front.css",
    "about.css",
    "matrix.css",
    "figures.css",
    "gallery.css",
    "gallery_large.css",
    "probes.css",
    "claims.css",
    "compare.css",
)
EARLY_SCRIPT = "theme.js"  # before the first paint, so that no page flashes
SCRIPTS = ("page.js", "matrix.js", "gallery_large.js", "gallery.js")
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {}; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class Layout:
    """What ``layout.html`` needs beside the content; the policy lets the page's own scripts run and no other."""

    styles: Markup
    early: Markup
    scripts: Markup
    policy: str


def write_report(runs: Path, out: Path, faults: Faults | None = None) -> Path:
    """Render every record below ``runs`` into the file ``out`` and return its path.

    Args:
        runs: folder of records.
        out: file to write; a link is followed.
        faults: takes the files that cannot be used; the page is made without them and names them.

    Raises:
        DataError: there is no record below ``runs`` that can be read; says what to type.
        UsageError: ``out`` is no file.
    """
    from reports.page.summary import page

    target, bad = destination(out), Faults() if faults is None else faults
    entries = entries_below(runs, bad)
    if not entries:
        raise DataError(
            f"A report is made of the records of bench run and bench probe, and there is none below the folder "
            f"'{runs}'{_none_of(bad)}. Type: {EXAMPLE}"
        )
    made = page(entries)  # reads the files beside the records: what is wrong with them is known afterwards
    write_atomically(target, rendered("report.html", page=made, left_out=left_out(bad, runs)).encode())
    return out


def entries_below(runs: Path, faults: Faults) -> list[Entry]:
    """Every record below a folder that can be read, fit to leave this machine, with its folder."""
    return [Entry(shareable(record), folder, faults=faults) for record, folder in read_records(runs, faults)]


def destination(out: Path) -> Path:
    """Where to write a page: the file itself, or what a link leads to.

    Raises:
        UsageError: something lies there that a page must not replace.
    """
    target = Path(os.path.realpath(out))
    if target.is_symlink() or (target.exists() and not target.is_file()):
        kind = "a folder" if target.is_dir() else "neither a file nor a link to one"
        raise UsageError(f"--out expects a file to write the page into, and '{out}' is {kind}. Type: --out report.html")
    return target


def left_out(faults: Iterable[Fault], runs: Path) -> tuple[tuple[str, str], ...]:
    """The place below the runs and the reason of each file that could not be used, as a page prints them."""
    return tuple((_place(fault.path, runs), fault.reason) for fault in faults)


def _place(path: Path, runs: Path) -> str:
    """A file by its place below the runs: the page holds no folder of this machine."""
    return path.relative_to(runs).as_posix() if path.is_relative_to(runs) else path.name


def _none_of(faults: Faults) -> str:
    first = next(iter(faults), None)
    return printable(f" that can be read ({first.path}: {first.reason})") if first else ""


def rendered(template: str, **context: object) -> str:
    """A template that extends ``layout.html``, as HTML text; everything in the context is escaped.

    What cannot be encoded, as in a dataset's folder whose name is no UTF-8, becomes a question mark.
    """
    html = _environment().get_template(template).render(layout=_layout(), **context)
    return html.encode(errors="replace").decode()


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _layout() -> Layout:
    from markupsafe import Markup

    early, scripts = _joined([EARLY_SCRIPT]), _joined(SCRIPTS)
    hashes = " ".join(_hash(f"\n{script}\n") for script in (early, scripts))
    return Layout(Markup(_joined(STYLES)), Markup(early), Markup(scripts), POLICY.format(hashes))


def _joined(names: Sequence[str]) -> str:
    return "\n".join((TEMPLATES / name).read_text(encoding="utf-8").strip() for name in names)


def _hash(script: str) -> str:
    """Of a script as the policy names it; the line breaks of the template around it count."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"
