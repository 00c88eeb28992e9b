"""The files of a folder, a zip or a tar archive, each readable on its own by any process that knows where it lies."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from bench.errors import DataError

LARGEST = 1 << 28  # bytes that one member may unpack to
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Member:
    """One file.

    Attributes:
        name: its path within the folder or archive, with forward slashes.
        path: the file on this machine that holds it.
        start: of its bytes in there; for a zip, of the header before them.
        length: of its bytes in there; None takes all.
        zipped: None, or its unpacked length in a zip, and whether it is packed.
    """

    name: str
    path: str
    start: int = 0
    length: int | None = None
    zipped: tuple[int, bool] | None = None

    @property
    def place(self) -> str:
        """Where it is, for people: its path, or its name in an archive's."""
        return self.path if self.length is None else f"{self.name} in {self.path}"

    @property
    def size(self) -> int:
        """How many bytes it has, unpacked; none of them is read.

        Raises:
            DataError: the file is not there.
        """
        if self.zipped is not None:
            return self.zipped[0]
        try:
            return os.path.getsize(self.path) if self.length is None else self.length
        except OSError as error:
            raise DataError(f"{self.place} cannot be read ({error}). Copy or fetch it again.") from error

    def read(self) -> bytes:
        """Its bytes.

        Raises:
            DataError: they cannot be read whole.
        """
        try:
            with open(self.path, "rb") as file:
                file.seek(self.start)
                if self.zipped is None:
                    return file.read() if self.length is None else _exactly(file.read(self.length), self.length)
                names, extra = struct.unpack("<26xHH", file.read(30))
                file.seek(names + extra, os.SEEK_CUR)
                raw, (size, packed) = file.read(self.length), self.zipped
                return _exactly(zlib.decompressobj(-15).decompress(raw, size + 1) if packed else raw, size)
        except (OSError, ValueError, struct.error, zlib.error) as error:
            raise DataError(f"{self.place} cannot be read ({error}). Copy or fetch it again.") from error


def members(source: Path, scratch: Path) -> list[Member]:
    """Every file of a folder or archive; a packed tar archive is unpacked into ``scratch`` first.

    Raises:
        DataError: there is nothing, or no archive that can be read.
    """
    try:
        if source.is_dir():
            return _of_folder(source)
        if zipfile.is_zipfile(source):
            return _of_zip(source)
        return _of_tar(_plain_tar(source, scratch))
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError) as error:
        raise DataError(
            f"{source} is no folder, zip or tar archive that can be read ({error}). Copy or fetch it again."
        ) from error


def _exactly(data: bytes, length: int) -> bytes:
    if len(data) != length:
        raise ValueError(f"{len(data):,} of {length:,} bytes")
    return data


def _of_folder(root: Path) -> list[Member]:
    found = []
    for place, _, names in os.walk(root):
        inside = "" if Path(place) == root else f"{Path(place).relative_to(root).as_posix()}/"
        found += [Member(f"{inside}{name}", os.path.join(place, name)) for name in names]
    return found


def _of_zip(path: Path) -> list[Member]:
    found = []
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise DataError(f"{info.filename} in {path} is encrypted or packed in an unusual way. Pack it anew.")
            if info.file_size > LARGEST:
                raise DataError(f"{info.filename} in {path} would have {info.file_size:,} bytes. Take it out.")
            zipped = info.file_size, info.compress_type == zipfile.ZIP_DEFLATED
            found.append(Member(info.filename, str(path), info.header_offset, info.compress_size, zipped))
    return found


def _of_tar(path: Path) -> list[Member]:
    with tarfile.open(path, mode="r:") as archive:
        return [Member(one.name, str(path), one.offset_data, one.size) for one in archive if one.isreg()]


def _plain_tar(path: Path, scratch: Path) -> Path:
    """The archive, or what it holds once the packing around all of it is taken off."""
    with path.open("rb") as file:
        start = file.read(6)
    for magic, opener in ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\0", lzma.open)):
        if start.startswith(magic):
            scratch.mkdir(parents=True, exist_ok=True)
            plain = scratch / "archive.tar"
            with opener(path, "rb") as packed, plain.open("wb") as file:
                while chunk := packed.read(_CHUNK):
                    file.write(chunk)
            return plain
    return path
