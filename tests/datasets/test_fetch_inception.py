import hashlib
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from bench.datasets import fetch_inception
from bench.datasets.fetch_inception import FILE, fetch, inception_path, verify
from bench.errors import DataError


@pytest.fixture
def copy(tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / FILE
    path.write_bytes(b"weights")
    monkeypatch.setattr(fetch_inception, "SHA256", hashlib.sha256(b"weights").hexdigest())
    return path


def test_the_file_is_torch_fidelitys() -> None:
    from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3

    assert URL_INCEPTION_V3.rpartition("/")[2] == FILE
    assert fetch_inception.SHA256.startswith(FILE.removesuffix(".pth").rpartition("-")[2])


@pytest.mark.parametrize("give_folder", [True, False])
def test_fetch_from_a_copy(copy: Path, bench_home: Path, give_folder: bool) -> None:
    assert inception_path() is None
    assert verify() == [(FILE, "missing")]
    lines: list[str] = []
    path = fetch(copy.parent if give_folder else copy, say=lines.append)
    assert path == inception_path() == bench_home / "inception" / FILE
    assert verify() == [(FILE, "right")]
    fetch(say=lines.append)
    assert "already" in lines[-1]
    path.write_bytes(b"other")
    assert verify() == [(FILE, "wrong")]
    fetch(copy, force=True, say=lines.append)
    assert verify() == [(FILE, "right")]


def test_wrong_file_leaves_nothing(copy: Path, bench_home: Path) -> None:
    copy.write_bytes(b"weigh")
    with pytest.raises(DataError, match=r"expected SHA-256 .* \(5 bytes\)"):
        fetch(copy)
    assert list((bench_home / "inception").iterdir()) == []


def test_no_such_copy(bench_home: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no .*nowhere"):
        fetch(tmp_path / "nowhere")


def test_unreachable_host(bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def urlopen(*_: object, **__: object) -> None:
        raise urllib.error.URLError(OSError(-2, "Name or service not known"))

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    with pytest.raises(DataError, match=r"could not be fetched \(Name or service not known\).*--from FILE"):
        fetch(say=lambda _: None)
    assert inception_path() is None
