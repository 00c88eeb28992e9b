"""What does the noise change? Several reconstructions of the same logits (Teterwak et al. 2021, section 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from bench.cards import Look, Sheet
from bench.metrics.base import Doubles, PerImage
from bench.probes import appearance
from bench.probes.base import Compute, Findings, Measured, Probe, measured, side_by_side
from bench.progress import each
from bench.seeding import seed_of

if TYPE_CHECKING:
    from bench.probes.scene import Scene, View

DRAWS = 8


class Noise(Probe):
    """Draw the noise eight times for fixed logits.

    A deterministic inverter is asked just the same: its diversity of 0 is measured, not assumed. The pictures are a
    3x3 grid a row: the original, then the eight draws.
    """

    name = "noise"
    question = "What does the noise change while the logits stay?"
    levels = f"{DRAWS} noise draws; the first two are those of bench run"
    measures = ("lpips", "reid_class_target", "reid_class_judge", "luminance", "contrast", "sharpness")
    overall = ("diversity", "class_judge_draws", "class_target_draws")
    place = 0
    looks = (
        Look(
            "whiskers", overall,
            "Across all pairs of draws: how far two reconstructions of the same logits are apart, and how often both "
            "networks see one class in them.", levels=None,
        ),
    )  # fmt: skip
    sheet = Sheet(grid=True)

    def measure(self, scene: Scene) -> Findings:
        """Each draw against the original, and every pair of draws."""
        views = [scene.view(scene.invert(scene.given, seeds)) for seeds in each(draws(scene.seeds), self.name)]
        levels = [self._level(scene, k, view) for k, view in enumerate(views, 1)]
        columns = {"original": scene.originals} | {f"draw {k}": view.pixels for k, view in enumerate(views, 1)}
        pictures = side_by_side(scene.images, columns, scene.cell.dataset.class_names)
        return Findings(levels, pictures, self._overall(scene, views))

    def _level(self, scene: Scene, k: int, view: View) -> Measured:
        computes: dict[str, Compute] = {
            "lpips": lambda: view.lpips(scene.original),
            "reid_class_target": lambda: view.same_target_class(scene.logits),
            "reid_class_judge": lambda: view.same_judge_class(scene.original),
        }
        return measured(f"draw {k}", float(k), scene.images, computes | looks(view))

    def _overall(self, scene: Scene, views: Sequence[View]) -> Measured:
        declared = (
            "over 28 pairs of 8 draws; bench run has one pair"
            if scene.method.stochastic
            else "the inverter is declared deterministic"
        )
        computes: dict[str, Compute] = {
            "diversity": lambda: PerImage(over_pairs(views, lambda a, b: a.lpips(b)), note=declared),
            "class_judge_draws": lambda: over_pairs(views, lambda a, b: a.same_judge_class(b).values),
            "class_target_draws": lambda: over_pairs(views, lambda a, b: a.same_target_class(b.target_logits).values),
        }
        return measured("all", None, scene.images, computes)


def draws(seeds: Sequence[int]) -> list[list[int]]:
    """The seeds of each draw: the run's own, its second draw's, and so on."""
    later = [[seed_of(f"draw {k}", seed) for seed in seeds] for k in range(3, DRAWS + 1)]
    return [list(seeds), [seed_of("second draw", seed) for seed in seeds], *later]


def over_pairs(views: Sequence[View], compare: Callable[[View, View], Doubles]) -> Doubles:
    """(N,) mean over the 28 pairs of draws."""
    mean: Doubles = np.mean([compare(a, b) for a, b in combinations(views, 2)], axis=0)
    return mean


def looks(view: View) -> dict[str, Compute]:
    """Luminance, contrast and sharpness of pictures."""
    return {
        "luminance": partial(appearance.luminance, view.pixels),
        "contrast": partial(appearance.contrast, view.pixels),
        "sharpness": partial(appearance.sharpness, view.pixels),
    }
