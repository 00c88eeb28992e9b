import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from bench.datasets import fashion_mnist
from bench.datasets.fashion_mnist import FILES, fetch, here, load, verify
from bench.errors import DataError

IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
GREY = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)


@pytest.fixture
def copy(tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five images in place of ten thousand, one file gzipped as Debian has it, one not."""
    folder = tmp_path / "copy"
    folder.mkdir()
    raw = {IMAGES: b"\0" * 16 + GREY.tobytes(), LABELS: b"\0" * 8 + bytes([9, 2, 1, 1, 6])}
    (folder / f"{IMAGES}.gz").write_bytes(gzip.compress(raw[IMAGES]))
    (folder / LABELS).write_bytes(raw[LABELS])
    for name, data in raw.items():
        monkeypatch.setitem(FILES, name, hashlib.sha256(data).hexdigest())
        monkeypatch.setitem(fashion_mnist.BYTES, name, len(data))
    return folder


def test_fetch_from_a_copy_and_load(copy: Path, bench_home: Path) -> None:
    assert not here()
    assert verify() == [(LABELS, "missing"), (IMAGES, "missing")]
    lines: list[str] = []
    assert fetch(copy, say=lines.append) == bench_home / "fashion-mnist"
    assert here()
    assert verify() == [(LABELS, "right"), (IMAGES, "right")]
    dataset = load(3, 32)
    assert dataset.labels.tolist() == [9, 2, 1]
    pixels = dataset.pixels(slice(0, 3))
    assert (pixels[:, 2:-2, 2:-2] == GREY[:3, ..., None]).all()
    assert pixels[:, :2].sum() == pixels[:, :, -2:].sum() == 0
    assert load(3, 64).pixels(slice(0, 3)).shape == (3, 64, 64, 3)
    fetch(say=lines.append)
    assert "already" in lines[-1]


def test_debians_package_is_taken_where_it_is_installed(
    copy: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fashion_mnist, "DEBIAN", copy)
    fetch(say=lambda _: None)
    assert here()


def test_what_is_not_official_is_refused(copy: Path, bench_home: Path) -> None:
    (copy / LABELS).write_bytes(b"other")
    with pytest.raises(DataError, match="not the official file"):
        fetch(copy, say=lambda _: None)
    (copy / LABELS).unlink()
    with pytest.raises(DataError, match="holds neither"):
        fetch(copy, say=lambda _: None)
    (copy / f"{LABELS}.gz").write_bytes(gzip.compress(bytes(13))[:-3])
    with pytest.raises(DataError, match="cut short"):
        fetch(copy, say=lambda _: None)
    assert not here()


def test_unpacking_stops_at_the_expected_size(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (copy / f"{IMAGES}.gz").write_bytes(gzip.compress(bytes(50_000_000), compresslevel=1))
    asked = []
    real = gzip.GzipFile.read

    def read(self: gzip.GzipFile, size: int | None = -1) -> bytes:
        asked.append(size)
        return real(self, size)

    monkeypatch.setattr(gzip.GzipFile, "read", read)
    with pytest.raises(DataError, match="not the official file"):
        fetch(copy, say=lambda _: None)
    assert asked == [16 + GREY.size + 1]


def test_without_a_source_it_says_what_to_type(
    bench_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(url: str, path: Path, title: str, limit: int) -> None:
        assert url.endswith(".gz")
        raise DataError("no answer")

    monkeypatch.setattr(fashion_mnist, "DEBIAN", tmp_path / "nowhere")
    monkeypatch.setattr(fashion_mnist, "download", refuse)
    with pytest.raises(DataError, match=r"apt-get install dataset-fashion-mnist.*--from FOLDER"):
        fetch(say=lambda _: None)
    with pytest.raises(DataError, match="bench data fetch fashion-mnist"):
        load(1, 32)
