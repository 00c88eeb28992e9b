"""What lies between two images' logits (Teterwak et al. 2021, section 4)."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.cards import Look, Sheet
from bench.metrics.base import Doubles, PerImage
from bench.probes.base import (
    SHOWN,
    Compute,
    Findings,
    Images,
    Measured,
    Pictures,
    Probe,
    interleaved,
    measured,
    side_by_side,
)
from bench.probes.judging import logits_in_judge
from bench.probes.manipulate import needs_logits
from bench.progress import each

if TYPE_CHECKING:
    from bench.probes.scene import Scene, View

Floats = NDArray[np.float32]
Path = dict[float, "View"]
TIMES = tuple(k / 8 for k in range(9))


class Interpolate(Probe):
    """Nine steps from one image's logits to another's, linear and spherical, under the noise of the first.

    Pairs are neighbours in published order: images 1 and 2, 3 and 4, and so on. LPIPS is a squared distance: over
    eight perfectly even steps in its feature space the relative step is 1/64.
    """

    name = "interpolate"
    question = "Do the logits between two images give pictures between them, without jumps?"
    levels = (
        "t from 0 (first image) to 1 (second) in steps of 1/8; linear: (1 - t) a + t b; spherical: slerp of the "
        "logits less their mean over the images, norms interpolated linearly"
    )
    measures = ("judge_probability_first", "judge_probability_second", "lpips_step")
    overall = ("relative_step_linear", "relative_step_spherical")
    place = 4
    looks = (
        Look(
            "lines", measures, "The linear path: the judge's probability of either end's class, and how far each step "
            "moves the picture.", levels=("linear",), axis="t", where="linear",
        ),
        Look("lines", measures, "The same on the spherical path.", levels=("spherical",), axis="t", where="spherical"),
        Look(
            "whiskers", overall,
            "The mean step over the distance of the two ends; the smaller, the more even the path.", levels=None,
        ),
    )  # fmt: skip
    sheet = Sheet(
        period=2,
        fewer=("first original", "t = 0", "t = 0.25", "t = 0.5", "t = 0.75", "t = 1", "second original"),
    )

    def skip(self, scene: Scene) -> str | None:
        """Two logits are needed."""
        if not scene.takes_logits:
            return needs_logits(scene)
        return None if len(scene.images.ids) > 1 else "Between one image and none there is no path: --num-images 2."

    def measure(self, scene: Scene) -> Findings:
        """Both paths, step by step and as a whole."""
        first, second = np.arange(len(scene.images.ids) // 2 * 2).reshape(-1, 2).T
        a, b, centre = scene.logits[first], scene.logits[second], scene.logits.mean(axis=0)
        seeds = [scene.seeds[row] for row in first]
        paths: dict[str, Path] = {"linear": {}, "spherical": {}}
        for t in each(TIMES, self.name):
            paths["linear"][t] = scene.view(scene.invert((1 - t) * a + t * b, seeds))
            paths["spherical"][t] = scene.view(scene.invert(slerp(a, b, t, centre), seeds))
        pairs = _pairs(scene.images, first, second)
        levels = [
            _level(f"{kind} {t:g}", t, path, pairs, scene.images.labels[second])
            for kind, path in paths.items()
            for t in TIMES
        ]
        computes: dict[str, Compute] = {f"relative_step_{k}": partial(relative_step, p) for k, p in paths.items()}
        return Findings(levels, _pictures(scene, paths, pairs), measured("all", None, pairs, computes))


def slerp(a: Floats, b: Floats, t: float, centre: Floats) -> Floats:
    """Spherical interpolation (Shoemake 1985) of centred rows, their norms interpolated linearly.

    Args:
        a, b: (N, K) logits of the two ends.
        t: from 0 (a) to 1 (b).
        centre: (K,) taken from both before and added again.

    Returns:
        (N, K); where a centred end is zero or the two are parallel, the linear interpolation.
    """
    u, v = (x.astype(np.float64) - centre for x in (a, b))
    norms = [np.linalg.norm(x, axis=1, keepdims=True) for x in (u, v)]
    product = norms[0] * norms[1]
    cosine = np.divide((u * v).sum(axis=1, keepdims=True), product, out=np.ones_like(product), where=product > 0)
    angle = np.arccos(cosine.clip(-1, 1))
    curved = np.sin(angle) > 1e-6
    sine = np.where(curved, np.sin(angle), 1)
    first, second = (x / np.where(norm > 0, norm, 1) for x, norm in zip((u, v), norms, strict=True))
    direction = (np.sin((1 - t) * angle) * first + np.sin(t * angle) * second) / sine
    bent = ((1 - t) * norms[0] + t * norms[1]) * direction
    between: Floats = (centre + np.where(curved, bent, (1 - t) * u + t * v)).astype(np.float32)
    return between


def relative_step(path: Path) -> PerImage:
    """(n,) mean LPIPS of neighbouring steps over the LPIPS between the ends; NaN where the ends are alike."""
    steps = np.mean([path[t].lpips(path[before]) for before, t in pairwise(TIMES)], axis=0)
    ends = path[1.0].lpips(path[0.0])
    ratio: Doubles = np.divide(steps, ends, out=np.full(len(ends), np.nan), where=ends > 0)
    return PerImage(ratio, undefined="both ends look the same")


def _pairs(images: Images, first: NDArray[np.int64], second: NDArray[np.int64]) -> Images:
    ids = tuple(f"{images.ids[i]}+{images.ids[j]}" for i, j in zip(first, second, strict=True))
    return Images(ids, images.labels[first])


def _level(name: str, t: float, path: Path, pairs: Images, second: NDArray[np.int64]) -> Measured:
    view, one_class = path[t], pairs.labels == second

    def probability(classes: NDArray[np.int64]) -> PerImage:
        values = np.where(one_class, np.nan, view.judge_probability(logits_in_judge(view.scene, classes)))
        return PerImage(values, undefined="both images are of one class")

    computes: dict[str, Compute] = {
        "judge_probability_first": lambda: probability(pairs.labels),
        "judge_probability_second": lambda: probability(second),
    }
    if t > 0:
        before = path[TIMES[TIMES.index(t) - 1]]
        computes["lpips_step"] = lambda: view.lpips(before)
    return measured(name, t, pairs, computes)


def _pictures(scene: Scene, paths: dict[str, Path], pairs: Images) -> Pictures:
    """Two rows a pair, between the two originals."""
    ends = scene.originals[0 : 2 * SHOWN : 2], scene.originals[1 : 2 * SHOWN : 2]
    tables = []
    for path in paths.values():
        between = {f"t = {t:g}": view.pixels for t, view in path.items()}
        tables.append(side_by_side(pairs, {"first original": ends[0]} | between | {"second original": ends[1]}))
    return interleaved(tables[0], tables[1], ("linear", "spherical"))
