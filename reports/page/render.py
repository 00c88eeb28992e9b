"""Records to a page that needs no network: one file that holds everything, or a folder whose parts load on demand."""

from __future__ import annotations

import base64
import hashlib
import os
import re
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
from bench.store.record import Record, read_records
from reports.analysis.groups import Entry
from reports.export.files import INDEX, Files, apart, filling, names_folder, packed, whole

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from reports.page.summary import Page

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
SCRIPTS = (
    "parts.js",
    "page.js",
    "tables.js",
    "matrix.js",
    "detail.js",
    "gallery_large.js",
    "gallery.js",
    "address.js",
)
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:{}; script-src {}; base-uri 'none'; form-action 'none'"
)
BESIDE = " 'self' file:"  # the files of a page's own folder, be it on a disk or on a host
HEADING = re.compile(r'(<(h[23])(?: class="[\w -]+")? id="(?P<id>[\w-]+)">(?:(?!</?h[23]).)*)(</h[23]>)', re.DOTALL)
LONE = re.compile("[\ud800-\udfff]")  # half of a character, which no file can hold
MOST = 10_000_000  # bytes of a page of one file


@dataclass(frozen=True)
class Layout:
    """What ``layout.html`` needs beside the content; the policy lets the page's own scripts run and no other."""

    styles: Markup
    early: Markup
    scripts: Markup
    policy: Markup
    beside: bool


def write_report(
    runs: Path,
    out: Path,
    faults: Faults | None = None,
    *,
    zipped: bool = False,
    records: Sequence[tuple[Record, Path]] | None = None,
) -> Path:
    """Render every record below ``runs`` into the file ``out``, or into a folder, and return the page's path.

    Args:
        runs: folder of records.
        out: a file to write, of at most 10 MB, where a link is followed; or a folder, if it is one or has no ``.html``
            at its end: ``index.html`` with pictures and parts beside it, which load on demand.
        faults: takes the files that cannot be used; the page is made without them and names them.
        zipped: whether the folder is packed into an archive beside it.
        records: those below ``runs`` with their folders, where they were read already.

    Raises:
        DataError: there is no record below ``runs`` that can be read; says what to type.
        UsageError: ``out`` is neither, or an archive is asked for of one file.
    """
    from reports.page.summary import page

    bad, to_folder = Faults() if faults is None else faults, names_folder(out)
    if zipped and not to_folder:
        raise UsageError("--zip packs a folder, and --out names a file. Type: --out report/ --zip")
    target = destination(out) if not to_folder else Path(os.path.realpath(out))
    entries = _entries(read_records(runs, bad) if records is None else records, bad)
    if not entries:
        raise DataError(
            f"A report is made of the records of bench run and bench probe, and there is none below the folder "
            f"'{runs}'{_none_of(bad)}. Type: {EXAMPLE}"
        )
    if not to_folder:
        inside = Files(held={})
        made = page(entries, inside)  # reads the files beside the records: what is wrong with them is known afterwards
        write_atomically(target, _within(made, inside, left_out(bad, runs)))
        return out
    with filling(target) as files:
        html = rendered("report.html", beside=True, page=page(entries, files), left_out=left_out(bad, runs))
        alone = rendered("part.html", beside=True)
        files.put(INDEX, "text/html", apart(html, files, alone).encode())
    if zipped:
        packed(target)
    return out / INDEX


def _within(made: Page, files: Files, faults: Sequence[tuple[str, str]]) -> bytes:
    """The page as one file; where it were larger than ``MOST``, with less of what weighs most, which it says."""
    from reports.page.cuts import smaller

    while True:
        html = files.filled(whole(rendered("report.html", page=made, left_out=faults)))
        less = smaller(made, len(html) - MOST) if len(html) > MOST else None
        if less is None:
            return html
        made = less


def entries_below(runs: Path, faults: Faults) -> list[Entry]:
    """Every record below a folder that can be read, fit to leave this machine, with its folder."""
    return _entries(read_records(runs, faults), faults)


def _entries(records: Iterable[tuple[Record, Path]], faults: Faults) -> list[Entry]:
    return [Entry(shareable(record), folder, faults=faults) for record, folder in records]


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


def _anchored(html: str) -> str:
    """Every heading that has an id ends in a link to itself."""
    return HEADING.sub(
        lambda one: f'{one[1]}<a class="anchor" href="#{one["id"]}" aria-label="Link to this section"></a>{one[4]}',
        html,
    )


def rendered(template: str, *, beside: bool = False, **context: object) -> str:
    """A template that extends ``layout.html``, as HTML text; everything in the context is escaped.

    What cannot be encoded, as in a dataset's folder whose name is no UTF-8, becomes a question mark.

    Args:
        template: its name.
        beside: whether the page may load the files that lie beside it.
        context: what the template needs.
    """
    html = _anchored(_environment().get_template(template).render(layout=_layout(beside), **context))
    return html if html.isascii() or not LONE.search(html) else html.encode(errors="replace").decode()


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


def _layout(beside: bool = False) -> Layout:
    from markupsafe import Markup

    early, scripts = _joined([EARLY_SCRIPT]), _joined(SCRIPTS)
    hashes = " ".join(_hash(f"\n{script}\n") for script in (early, scripts))
    own = BESIDE if beside else ""
    policy = POLICY.format(own, hashes + own)
    return Layout(Markup(_joined(STYLES)), Markup(early), Markup(scripts), Markup(policy), beside)


def _joined(names: Sequence[str]) -> str:
    return "\n".join((TEMPLATES / name).read_text(encoding="utf-8").strip() for name in names)


def _hash(script: str) -> str:
    """Of a script as the policy names it; the line breaks of the template around it count."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"
