"""A control of somebody else's: one grey for every image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import bench

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Grey(bench.Control):
    """Nothing at all, in the place of each reconstruction."""

    name = "grey-floor"
    question = "A plain grey: what is a score worth that nothing earns?"

    def reconstruct(self, shard: Any) -> NDArray[np.uint8]:
        """(n, H, W, 3), all 128."""
        return np.full_like(shard.originals, 128)
