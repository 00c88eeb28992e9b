"""Records to one HTML file that needs nothing else: styles, scripts and pictures inside, no network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import DataError
from bench.record import read_records, write_atomically
from reports.groups import Entry

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"
# Every part's own files, in the order in which the page holds them.
STYLES = ("style.css", "figures.css", "gallery.css", "probes.css", "claims.css", "compare.css")
EARLY_SCRIPT = "theme.js"  # before the first paint, so that no page flashes
SCRIPTS = ("page.js", "gallery.js")
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


def write_report(runs: Path, out: Path) -> Path:
    """Render every record below ``runs`` into the file ``out`` and return its path.

    Raises:
        DataError: there is no record below ``runs``, or one is damaged; says what to type.
    """
    entries = [Entry(record, directory) for record, directory in read_records(runs)]
    if not entries:
        raise DataError(
            f"A report is made of the records of bench run and bench probe, and there is none below the folder "
            f"'{runs}'. Type: bench run --method biggan-logit --classifier robust_resnet152"
        )
    write_atomically(out, render(entries).encode())
    return out


def render(entries: Sequence[Entry]) -> str:
    """The page of these records as HTML text."""
    from reports.summary import page

    return rendered("report.html", page=page(entries))


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
        loader=FileSystemLoader(TEMPLATES),
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
    return "\n".join((TEMPLATES / name).read_text().strip() for name in names)


def _hash(script: str) -> str:
    """Of a script as the policy names it; the line breaks of the template around it count."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"
