"""The documentation as tests see it: its pages, its built site, and where its links lead."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
CONFIG = ROOT / "mkdocs.yml"
NAV = re.findall(r": (\S+\.md)$", CONFIG.read_text(encoding="utf-8"), re.M)


def documents() -> list[Path]:
    """README, then every page of the documentation."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def build(site: Path) -> subprocess.CompletedProcess[str]:
    """``mkdocs build --strict`` into a folder."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(CONFIG)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(
        [*command, "--site-dir", str(site)], capture_output=True, text=True, check=False, env=environment, cwd=ROOT
    )


def links(text: str) -> Iterator[str]:
    """The targets of all links and pictures that do not lead to the network."""
    plain = re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.M | re.S)
    found = re.findall(r"\]\(([^)\s]+)(?: \"[^\"]*\")?\)", plain) + re.findall(r"(?:src|href)=\"([^\"]+)\"", plain)
    yield from (target for target in found if not re.match(r"[a-z]+:", target))


def anchors(text: str) -> set[str]:
    """What ``#anchor`` may name in a page: its headings, as GitHub and MkDocs spell them, and what has an id."""
    plain = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    named = set(re.findall(r"<\w+ id=\"([^\"]+)\"", plain)) | set(re.findall(r"^#+ .*\{ ?#(\S+) ?\}$", plain, re.M))
    for heading in re.findall(r"^#+ (.+)$", plain, re.M):
        shown = re.sub(r"<[^>]+>|\{[^}]*\}$|\[([^\]]+)\]\([^)]*\)", r"\1", heading)
        words = re.sub(r"[^\w\s-]", "", shown).strip().lower()
        named |= {re.sub(r"\s", "-", words), re.sub(r"[-\s]+", "-", words)}
    return named


def broken(page: Path) -> list[str]:
    """Links of a page that lead nowhere."""
    found = []
    for target in links(page.read_text(encoding="utf-8")):
        place, _, anchor = target.partition("#")
        file = (page.parent / place).resolve() if place else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            found.append(target)
    return found
