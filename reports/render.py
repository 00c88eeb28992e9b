"""Records to one HTML file that needs nothing else: styles and pictures inside, no script, no network."""

from __future__ import annotations

from pathlib import Path

from bench.errors import DataError
from bench.record import read_records, write_atomically
from reports.groups import Entry

TEMPLATES = Path(__file__).parent / "templates"


def write_report(runs: Path, out: Path) -> Path:
    """Render every cell of ``bench run`` below ``runs`` into the file ``out`` and return its path.

    Raises:
        DataError: there is no record below ``runs``, or one is damaged; says what to type.
    """
    entries = [Entry(record, directory) for record, directory in read_records(runs) if record.probe is None]
    if not entries:
        raise DataError(
            f"A report is made of the records of bench run, and there is none below the folder '{runs}'. "
            "Type: bench run --method biggan-logit --classifier robust_resnet152"
        )
    write_atomically(out, render(entries).encode())
    return out


def render(entries: list[Entry]) -> str:
    """The page as HTML text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from reports.summary import page

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(page=page(entries))
