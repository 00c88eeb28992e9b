"""A probe of somebody else's: are logits of the opposite sign another image?"""

from __future__ import annotations

from functools import partial
from typing import Any

import bench


class Negated(bench.Probe):
    """Invert the logits as they are and with their signs turned."""

    name = "negated"
    question = "What do logits of the opposite sign look like?"
    levels = "the factor of the logits"
    measures = ("lpips",)
    num_images = 20

    def measure(self, scene: Any) -> bench.Findings:
        """Two levels, each against the original."""
        views = {factor: scene.view(scene.invert(factor * scene.given, scene.seeds)) for factor in (1, -1)}
        levels = [
            bench.measured(
                f"times {factor}", float(factor), scene.images, {"lpips": partial(view.lpips, scene.original)}
            )
            for factor, view in views.items()
        ]
        columns = {"original": scene.originals} | {f"times {factor}": view.pixels for factor, view in views.items()}
        return bench.Findings(levels, bench.side_by_side(scene.images, columns))
