"""Downloads that are whole or not there: https alone, timeouts, progress, scratch folders that outlive no process."""

from __future__ import annotations

import http.client
import os
import shutil
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPMessage
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from bench.errors import DataError
from bench.progress import progress

CONNECT_SECONDS = 15.0
_CHUNK = 1 << 18


@contextmanager
def scratch_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A temporary folder ``.PREFIX-fetch-*`` in ``parent``, gone on exit; those of killed fetches go first.

    A live fetch holds a lock on its folder, which the system drops when the process dies however it dies.
    """
    parent.mkdir(parents=True, exist_ok=True)
    pattern = f".{prefix}-fetch-"
    for folder in parent.glob(f"{pattern}*"):
        if (lock := _lock(folder)) is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)
    with tempfile.TemporaryDirectory(dir=parent, prefix=pattern, ignore_cleanup_errors=True) as name:
        lock = _lock(Path(name))
        try:
            yield Path(name)
        finally:
            if lock is not None:
                os.close(lock)


def _lock(folder: Path) -> int | None:
    """A descriptor that holds the folder until it is closed; None if another process holds it or locks do not work."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirects to https alone: on the way over http anybody could put another file."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        """The next request, or a refusal."""
        _refuse_plain(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _refuse_plain(url: str) -> None:
    if urlsplit(url).scheme not in ("https", "file"):
        raise DataError(f"{url} is no https address, and nothing is fetched over what anybody on the way can change")


def download(url: str, path: Path, title: str, limit: int) -> None:
    """Fetch one file over https with a progress bar in MiB; the caller checks its hash.

    Args:
        url: ``https://...``; redirects may lead to nothing else.
        path: the file to write.
        title: of the bar.
        limit: bytes after which it is given up: the file is no larger.

    Raises:
        DataError: the host does not answer within 15 seconds, refuses, stops half-way, sends more than the file can
            have, or leads away from https; one line says which.
    """
    _refuse_plain(url)
    try:
        with _open(url) as response, path.open("wb") as file:
            total, done = int(response.headers.get("Content-Length") or 0), 0
            with progress(max(total >> 20, 1), title) as bar:
                while chunk := response.read(_CHUNK):
                    file.write(chunk)
                    bar.advance((done + len(chunk) >> 20) - (done >> 20))
                    done += len(chunk)
                    if done > limit:
                        raise DataError(f"the host sends more than the {limit:,} bytes that the file can have")
    except (OSError, http.client.HTTPException) as error:
        raise DataError(one_line(error)) from error
    if total and done != total:
        raise DataError(f"the connection ended after {done:,} of {total:,} bytes")


def _open(url: str) -> Any:
    request = urllib.request.Request(url, headers={"User-Agent": "bench"})
    return urllib.request.build_opener(_HttpsOnly).open(request, timeout=CONNECT_SECONDS)


def one_line(error: BaseException) -> str:
    """An exception as one short line without a class name, for instance ``Name or service not known``."""
    if isinstance(error, urllib.error.HTTPError):
        return f"the host answered {error.code} {error.reason}"
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, TimeoutError):
        return f"no answer within {CONNECT_SECONDS:.0f} seconds"
    if isinstance(reason, OSError) and reason.strerror:
        return f"{reason.strerror}: {reason.filename}" if reason.filename else reason.strerror
    lines = [line.strip() for line in str(reason).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
