import http.client
import io
import urllib.error
import urllib.request
from email.message import Message
from http.client import HTTPMessage
from pathlib import Path

import pytest

from bench.datasets import download as module
from bench.datasets.download import download, one_line, scratch_folder
from bench.errors import DataError

ROOT = Path(__file__).parents[2]


def answer(monkeypatch: pytest.MonkeyPatch, data: bytes, length: int) -> None:
    class Answer(io.BytesIO):
        headers = {"Content-Length": str(length)}  # noqa: RUF012

    monkeypatch.setattr(module, "_open", lambda _: Answer(data))


def test_download_copies(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    download((tmp_path / "a").as_uri(), tmp_path / "b", "title", 3_000_000)
    assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes()


def test_download_notices_a_short_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, b"half", 10)
    with pytest.raises(DataError, match="after 4 of 10 bytes"):
        download("https://example.org", tmp_path / "b", "title", 100)


def test_download_stops_where_the_file_must_have_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, b"x" * 2_000_000, 0)
    with pytest.raises(DataError, match="sends more than the 1,000 bytes"):
        download("https://example.org", tmp_path / "b", "title", 1_000)
    assert (tmp_path / "b").stat().st_size < 300_000


def test_download_has_a_time_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unanswered(self: object, request: object, timeout: float) -> None:
        assert timeout == 15
        raise urllib.error.URLError(TimeoutError("timed out"))

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", unanswered)
    with pytest.raises(DataError, match=r"^no answer within 15 seconds$"):
        download("https://example.org", tmp_path / "b", "title", 100)


def test_nothing_comes_over_plain_http_nor_by_a_way_that_leads_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no https address"):
        download("http://example.org/a", tmp_path / "b", "title", 100)
    request = urllib.request.Request("https://example.org/a")
    with pytest.raises(DataError, match=r"http://example\.org/b is no https address"):
        module._HttpsOnly().redirect_request(request, io.BytesIO(), 302, "", HTTPMessage(), "http://example.org/b")
    again = module._HttpsOnly().redirect_request(request, io.BytesIO(), 302, "", HTTPMessage(), "https://example.org/b")
    assert again is not None
    assert not (tmp_path / "b").exists()


def test_every_address_in_the_code_is_https() -> None:
    """But for the names of XML namespaces, which nobody fetches."""
    found = [
        f"{path}: {line}"
        for folder in ("bench", "methods", "baselines")
        for path in (ROOT / folder).rglob("*.py")
        for line in path.read_text().splitlines()
        if "http://" in line and "www.w3.org" not in line
    ]
    assert found == []


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
