"""A page opened in headless Chromium, for the screenshots and the browser tests; needs ``pip install -e '.[test]'``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import UsageError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
# A page from disk needs no sandbox of its own; the rest keeps the browser from calling home.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Opened:
    """A page and what it did besides showing itself.

    Attributes:
        page: loaded and idle.
        errors: of scripts and of the console, in order.
        requests: every address asked for that is neither the file nor a data URI.
    """

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


def executable() -> str | None:
    """Where Chromium is: ``$CHROMIUM``, or found on the path."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """Headless Chromium.

    Raises:
        UsageError: there is none, or no playwright to drive it; says what to type.
    """
    path = executable()
    if path is None:
        raise UsageError(f"Chromium is needed and none of {', '.join(NAMES)} is on the path. Name it in $CHROMIUM.")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise UsageError("playwright is needed to drive Chromium. Type: pip install -e '.[test]'") from error
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=list(QUIET))
        try:
            yield chromium
        finally:
            chromium.close()


@contextmanager
def opened(chromium: Browser, file: Path, *, width: int, height: int = 900, dark: bool = False) -> Iterator[Opened]:
    """The file in a window of this size (CSS pixels), with everything it reports or asks for written down."""
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
    )
    found = Opened(context.new_page())
    address = file.resolve().as_uri()
    found.page.on("pageerror", lambda error: found.errors.append(str(error)))
    found.page.on("console", lambda line: found.errors.append(line.text) if line.type == "error" else None)
    found.page.on("request", lambda one: _note(found.requests, one.url, address))
    try:
        found.page.goto(address, wait_until="load")
        yield found
    finally:
        context.close()


def _note(requests: list[str], url: str, address: str) -> None:
    if url.split("#")[0] != address and not url.startswith(("data:", "blob:")):
        requests.append(url)
