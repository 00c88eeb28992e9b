"""How a page hands over pictures and downloads: inside of itself, or as files of the folder that it lies in."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.errors import UsageError
from bench.store.files import replacing

INDEX = "index.html"
OURS = re.compile(r"index\.html|part-[\w-]+\.(html|js)|pictures|downloads")  # what a folder of a page holds
PAGES = (".html", ".htm")
PART, FOLD = (
    re.compile(rf"<!--{kind} (?P<name>[\w-]+): (?P<title>[^<>]*)-->(?P<inside>.*?)<!--/{kind}-->", re.DOTALL)
    for kind in ("part", "fold")  # folds hold parts
)
MARK = re.compile(r"<!--(?:(?:part|fold) [\w-]+: [^<>]*|/(?:part|fold))-->")  # where one begins or ends
LARGEST = 1_500_000  # bytes of the page in a folder, above which its folds are parts, too
HELD = re.compile(rb"held:[0-9a-f]{64}")
HERE = re.compile(r' href="#([^"]+)"')


@dataclass(frozen=True)
class Files:
    """Where the files of a page go; without a folder they become addresses that hold the whole file.

    Attributes:
        folder: that they are written into.
        held: takes the long addresses, so that the page is made with short ones in their place, which ``filled`` ends.
    """

    folder: Path | None = None
    held: dict[bytes, bytes] | None = None

    def put(self, place: str, kind: str, content: bytes) -> str:
        """Keep a file and return its address for the page.

        Args:
            place: below the folder, with slashes.
            kind: its media type.
            content: all of it.
        """
        if self.folder is None:
            address = f"data:{kind};base64,".encode() + base64.b64encode(content)
            if self.held is None:
                return address.decode()
            name = f"held:{hashlib.sha256(content).hexdigest()}"
            self.held[name.encode()] = address
            return name
        path = self.folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return place

    def filled(self, html: str) -> bytes:
        """A page of one file with the whole addresses in their places."""
        held = self.held or {}
        return HELD.sub(lambda name: held.get(name[0], name[0]), html.encode())


INSIDE = Files()


def names_folder(out: Path) -> bool:
    """Whether ``--out`` asks for a folder: what is one, or a new name without the ending of a page."""
    return out.is_dir() or (not os.path.lexists(out) and out.suffix.lower() not in PAGES)


@contextmanager
def filling(target: Path) -> Iterator[Files]:
    """A new folder that takes the place of ``target`` once the page in it is whole; after an error the old one stays.

    Raises:
        UsageError: ``target`` holds something that no page wrote.
    """
    others = [one.name for one in sorted(target.iterdir()) if not OURS.fullmatch(one.name)] if target.is_dir() else []
    if others:
        raise UsageError(
            f"--out expects a file to write the page into, or a folder that holds nothing else, and in '{target}' lies "
            f"'{others[0]}'. Type: --out report.html or --out report/"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch, old = (target.with_name(f".{target.name}.{os.getpid()}.{kind}") for kind in ("new", "old"))
    scratch.mkdir()
    try:
        yield Files(scratch)
        if target.is_dir():
            os.replace(target, old)
        os.replace(scratch, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def packed(folder: Path) -> Path:
    """All files of a folder as ``folder.zip`` beside it, the same bytes for the same files."""
    archive = folder.with_name(f"{folder.name}.zip")
    with replacing(archive) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            entry = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}")
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            out.writestr(entry, path.read_bytes())
    return archive


def whole(html: str) -> str:
    """A page of one file: its parts and folds stay where they are."""
    return MARK.sub("", html)


def apart(html: str, files: Files, page: str) -> str:
    """A page whose parts are files of their own, which page.js puts in when they come into sight.

    Each is written twice: as a script, since a page that is opened from disk may read no other file, and as a page that
    opens without scripts.

    Args:
        html: with its parts and folds between the comments of ``PART`` and ``FOLD``.
        files: of the page's folder.
        page: what a part's own page is, with ``{title}`` and ``{inside}`` where these go.
    """

    def kept(found: re.Match[str]) -> str:
        name, title, inside = found["name"], found["title"], found["inside"]
        own = set(re.findall(r' id="([^"]+)"', inside))
        alone = HERE.sub(lambda link: link[0] if link[1] in own else f' href="{INDEX}#{link[1]}"', inside)
        script = f"benchPart({json.dumps(name)}, {json.dumps(inside, ensure_ascii=False)});\n"
        files.put(f"part-{name}.js", "text/javascript", script.encode())
        files.put(f"part-{name}.html", "text/html", page.replace("{title}", title).replace("{inside}", alone).encode())
        return f'<p class="part" data-part-of="{name}"><a href="part-{name}.html">{title}</a></p>'

    small = PART.sub(kept, html)
    return FOLD.sub(kept if len(small.encode()) > LARGEST else lambda found: found["inside"], small)
