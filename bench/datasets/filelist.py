"""Where very many files lie: tens of bytes a file in place of the hundreds that as many objects would take."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from bench.datasets.archive import Member

FEW = 20_000  # rows of a table that are kept in a list
ALL = -1  # the length of a file that is taken whole


@dataclass(frozen=True, eq=False)
class FileList(Sequence[Member]):
    """Files as arrays; each becomes a ``Member`` when it is asked for.

    Attributes:
        containers: folders, and archives that are not packed.
        within: (N,) rows of ``containers``.
        names: (N,) the files' paths within those, as the system has them.
        starts: (N,) of their bytes in an archive.
        lengths: (N,) of their bytes in an archive; ``ALL`` for a file in a folder.
    """

    containers: tuple[str, ...]
    within: NDArray[np.int32]
    names: NDArray[np.bytes_]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, rows: int) -> Member: ...

    @overload
    def __getitem__(self, rows: slice | NDArray[np.int64]) -> FileList: ...

    def __getitem__(self, rows: int | slice | NDArray[np.int64]) -> Member | FileList:
        """One file, or a list of some, which shares memory where they are a slice."""
        if not isinstance(rows, int):
            return FileList(self.containers, self.within[rows], self.names[rows], self.starts[rows], self.lengths[rows])
        container, name = self.containers[self.within[rows]], os.fsdecode(bytes(self.names[rows]))
        if self.lengths[rows] == ALL:
            return Member(name, os.path.join(container, name))
        return Member(name, container, int(self.starts[rows]), int(self.lengths[rows]))

    def __iter__(self) -> Iterator[Member]:
        return (self[row] for row in range(len(self)))


class Columns:
    """A table in the making: its last rows in a list, the others as arrays."""

    def __init__(self, *dtypes: str) -> None:
        self.dtypes = dtypes
        self._rows: list[tuple[object, ...]] = []
        self._parts: list[list[NDArray[Any]]] = []
        self._packed = 0

    def __len__(self) -> int:
        return self._packed + len(self._rows)

    def add(self, *row: object) -> None:
        """One more row."""
        self._rows.append(row)
        if len(self._rows) >= FEW:
            self._pack()

    def arrays(self) -> list[NDArray[Any]]:
        """The columns."""
        self._pack()
        return [np.concatenate(parts) for parts in zip(*self._parts, strict=True)]

    def _pack(self) -> None:
        columns = zip(*self._rows, strict=True) if self._rows else [()] * len(self.dtypes)
        self._parts.append([np.array(one, dtype) for one, dtype in zip(columns, self.dtypes, strict=True)])
        self._packed, self._rows = len(self), []
