"""How much memory a computation keeps for its backward passes."""

from __future__ import annotations

import weakref
from types import TracebackType

import torch
from torch import Tensor


class _Kept:
    """A tensor in the hands of autograd."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor


class Held:
    """Around a computation: bytes of all storages that autograd holds, now and at most; each counts once.

    Attributes:
        now, peak: bytes.
    """

    def __init__(self) -> None:
        self.now = self.peak = 0
        self._users: dict[int, int] = {}
        self._hooks = torch.autograd.graph.saved_tensors_hooks(self._keep, lambda kept: kept.tensor)

    def __enter__(self) -> Held:
        self._hooks.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hooks.__exit__(kind, error, trace)

    def _keep(self, tensor: Tensor) -> _Kept:
        storage = tensor.untyped_storage()
        place, size = storage.data_ptr(), storage.nbytes()
        if not self._users.get(place):
            self.now += size
            self.peak = max(self.peak, self.now)
        self._users[place] = self._users.get(place, 0) + 1
        kept = _Kept(tensor)
        weakref.finalize(kept, self._release, place, size)
        return kept

    def _release(self, place: int, size: int) -> None:
        self._users[place] -= 1
        if not self._users[place]:
            self.now -= size
