"""Where does it lead to reconstruct, classify and reconstruct again?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.cards import Look
from bench.metrics import logits as logit_metrics
from bench.probes.base import Compute, Findings, Measured, Probe, measured, side_by_side
from bench.progress import each

if TYPE_CHECKING:
    from bench.probes.scene import Scene, View

ROUNDS = 10


class Iterate(Probe):
    """Ten rounds, always with the noise of the first, so that only the logits drift."""

    name = "iterate"
    question = "Do class, logits and image drift when each reconstruction is classified and reconstructed again?"
    levels = "rounds; round 1 is the reconstruction of the original's logits, round k of those of round k - 1"
    measures = (
        "reid_class_target", "reid_class_judge", "logit_error", "logit_cosine", "lpips", "lpips_neutral",
        "class_judge_neutral",
    )  # fmt: skip
    place = 9
    looks = (
        Look(
            "lines",
            ("reid_class_target", "reid_class_judge", "logit_error", "logit_cosine", "lpips", "lpips_neutral"),
            "Class, logits and image, round by round, against the original (LPIPS to neutral: against round 1).",
            axis="round",
        ),
    )

    def measure(self, scene: Scene) -> Findings:
        """Round after round, each against the original and the first."""
        views = [scene.neutral]
        for _ in each(range(2, ROUNDS + 1), self.name):
            views.append(scene.view(scene.invert(scene.given_for(views[-1]))))
        levels = [_level(scene, k, view) for k, view in enumerate(views, 1)]
        columns = {"original": scene.originals} | {f"round {k}": view.pixels for k, view in enumerate(views, 1)}
        return Findings(levels, side_by_side(scene.images, columns, scene.cell.dataset.class_names))


def _level(scene: Scene, k: int, view: View) -> Measured:
    z: NDArray[np.float32] = scene.logits
    computes: dict[str, Compute] = {
        "reid_class_target": lambda: view.same_target_class(z),
        "reid_class_judge": lambda: view.same_judge_class(scene.original),
        "logit_error": lambda: logit_metrics.logit_error(z, view.target_logits),
        "logit_cosine": lambda: logit_metrics.logit_cosine(z, view.target_logits),
        "lpips": lambda: view.lpips(scene.original),
        "lpips_neutral": lambda: view.lpips(scene.neutral),
        "class_judge_neutral": lambda: view.same_judge_class(scene.neutral),
    }
    return measured(f"round {k}", float(k), scene.images, computes)
