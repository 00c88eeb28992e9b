import http.client
import io
import urllib.error
import urllib.request
from email.message import Message
from pathlib import Path

import pytest

from bench.datasets.download import download, one_line, scratch_folder
from bench.errors import DataError


def test_download_copies(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    download((tmp_path / "a").as_uri(), tmp_path / "b", "title")
    assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes()


def test_download_notices_a_short_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Answer(io.BytesIO):
        headers = {"Content-Length": "10"}  # noqa: RUF012

    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: Answer(b"half"))
    with pytest.raises(DataError, match="after 4 of 10 bytes"):
        download("https://example.org", tmp_path / "b", "title")


def test_download_has_a_time_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def urlopen(url: str, timeout: float) -> None:
        assert timeout == 15
        raise urllib.error.URLError(TimeoutError("timed out"))

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    with pytest.raises(DataError, match=r"^no answer within 15 seconds$"):
        download("https://example.org", tmp_path / "b", "title")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (urllib.error.URLError(OSError(-2, "Name or service not known")), "Name or service not known"),
        (urllib.error.HTTPError("u", 404, "Not Found", Message(), None), "the host answered 404 Not Found"),
        (FileNotFoundError(2, "No such file", "a.png"), "No such file: a.png"),
        (RuntimeError("first\nlast\n"), "last"),
        (http.client.IncompleteRead(b""), "IncompleteRead(0 bytes read)"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_one_line(error: Exception, line: str) -> None:
    assert one_line(error) == line


def test_scratch_is_gone_afterwards(tmp_path: Path) -> None:
    def interrupted() -> None:
        with scratch_folder(tmp_path / "home", "x") as scratch:
            (scratch / "file").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list((tmp_path / "home").iterdir()) == []


def test_scratch_of_a_killed_fetch_is_removed_and_a_live_one_kept(tmp_path: Path) -> None:
    dead, other = tmp_path / ".x-fetch-dead", tmp_path / ".y-fetch-dead"
    for folder in (dead, other):
        folder.mkdir()
        (folder / "half").touch()
    with scratch_folder(tmp_path, "x") as live, scratch_folder(tmp_path, "x") as second:
        assert not dead.exists()
        assert other.exists()
        assert live.exists()
        assert live != second
