"""The names of very many images: an array of bytes that reads like a sequence of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

BLOCK = 10_000  # names that are text at a time while all are gone through


class Names(Sequence[str]):
    """N unique names; a slice of them is a tuple of text."""

    def __init__(self, raw: NDArray[np.bytes_]) -> None:
        self.raw = raw

    def __len__(self) -> int:
        return len(self.raw)

    @overload
    def __getitem__(self, rows: int) -> str: ...

    @overload
    def __getitem__(self, rows: slice) -> tuple[str, ...]: ...

    def __getitem__(self, rows: int | slice) -> str | tuple[str, ...]:
        if isinstance(rows, slice):
            return tuple(_text(name) for name in self.raw[rows].tolist())
        return _text(bytes(self.raw[rows]))

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), BLOCK):
            yield from self[start : start + BLOCK]

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """The row of a name, found in an order that is made at the first call.

        Raises:
            ValueError: there is no such name.
        """
        name = str(value).encode("utf-8", "surrogateescape")
        place = int(np.searchsorted(self.raw, np.array(name, self.raw.dtype), sorter=self._order))
        row = int(self._order[place]) if place < len(self) else -1
        if row < 0 or bytes(self.raw[row]) != name or not start <= row < (len(self) if stop is None else stop):
            raise ValueError(f"{value!r} is not among {len(self):,} names")
        return row

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        return np.argsort(self.raw, kind="stable")


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
