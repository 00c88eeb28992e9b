"""Take the README's screenshots of a report in headless Chromium.

Type ``python -m studies.reports.screenshots report.html``, with ``--only matrix`` for one of them. The pictures lie
in ``docs/images/``; the README names them.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import BenchError, DataError
from bench.store.files import write_atomically
from studies.reports.browser import browser, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"
QUALITY = 75  # of WebP: text stays sharp
OOD = "section.probe-page:has(section[aria-label^='ood:'])"  # the probe that the guide shows
MARGIN = 90  # pixels above the element, for the bar at the top


@dataclass(frozen=True)
class Shot:
    """One picture: what of the page, in which window.

    Attributes:
        name: of the file, without suffix.
        selector: the first element that matches is shown, from its top edge on.
        width, height: of the window, in CSS pixels; what does not fit is cut.
        dark: the theme.
        click: the first element that matches is clicked before.
    """

    name: str
    selector: str
    width: int
    height: int
    dark: bool = False
    click: str = ""


SHOTS = (
    Shot("first", "#summary", 1440, 800),
    Shot("matrix", "#matrix", 1280, 860),
    Shot("leaderboard", "#group-1", 1280, 1250),
    Shot("gallery", "#gallery-1-controls", 1280, 1000),
    Shot("large", "#gallery-1-controls", 1280, 900, dark=True, click="#gallery-1 tr.gallery-inverter button:visible"),
    Shot("probe", OOD, 1280, 900, click=f"{OOD} summary"),
    Shot("phone", "#summary", 390, 844, dark=True),
)

NAMES = [shot.name for shot in SHOTS]


def take(report: Path, folder: Path, names: Sequence[str] = NAMES) -> list[Path]:
    """Write a WebP for each shot of these names whose element the report holds; returns their paths.

    Raises:
        DataError: there is no such report.
        UsageError: no browser.
    """
    if not report.exists():
        raise DataError(f"A report to photograph was expected at {report}. Type: bench report --out {report}")
    with browser() as chromium:
        shots = [(shot, _shoot(chromium, report, shot)) for shot in SHOTS if shot.name in names]
    paths = []
    for shot, picture in shots:
        if picture is not None:
            path = folder / f"{shot.name}.webp"
            write_atomically(path, picture)
            paths.append(path)
    return paths


def _shoot(chromium: Browser, report: Path, shot: Shot) -> bytes | None:
    from PIL import Image

    with opened(chromium, report, width=shot.width, height=shot.height, dark=shot.dark) as found:
        element = found.page.locator(shot.selector).first
        if not element.count():
            return None
        top = element.evaluate("one => one.getBoundingClientRect().top + scrollY")
        found.page.evaluate("top => scrollTo({top, behavior: 'instant'})", top - MARGIN)
        if shot.click:
            found.page.locator(shot.click).first.click()
        picture = Image.open(io.BytesIO(found.page.screenshot()))
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "WEBP", quality=QUALITY, method=6)
    return buffer.getvalue()


def main(arguments: Sequence[str] | None = None) -> int:
    """Take them all and say where they are."""
    parser = argparse.ArgumentParser(prog="python -m studies.reports.screenshots", description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    options = parser.parse_args(arguments)
    try:
        paths = take(options.report, options.out, options.only)
    except BenchError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    print("\n".join(map(str, paths)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
