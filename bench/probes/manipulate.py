"""What happens to the picture when the logits are shifted, scaled or perturbed (Teterwak et al. 2021, section 4).

All three are in units of the spread s of the logits: the standard deviation of each logit over the N images of the
probe, root mean square over the K logits. It belongs to the classifier and the images, not to the inverter.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.cards import Look
from bench.probes.base import Compute, Findings, Probe, measured, side_by_side
from bench.probes.noise import looks
from bench.progress import each
from bench.seeding import sample_noise, seed_of

if TYPE_CHECKING:
    from bench.probes.scene import Scene, View

Floats = NDArray[np.float32]


def spread(logits: Floats) -> float:
    """s: root mean square over the K logits of their standard deviation over the images; logits (N, K)."""
    return float(np.sqrt(logits.astype(np.float64).var(axis=0).mean()))


DRAWN = ("luminance", "contrast", "sharpness", "lpips_neutral", "class_judge_neutral")
DOTTED = (
    "The dotted line marks the level at which nothing is changed: there LPIPS to neutral is 0 and the class is kept."
)


class Manipulation(Probe):
    """Five levels of one manipulation, one of them neutral; the noise stays.

    Attributes:
        values: the levels.
    """

    values: ClassVar[tuple[float, ...]]
    measures = (
        "lpips_neutral", "class_judge_neutral", "reid_class_judge", "luminance", "contrast", "sharpness"
    )  # fmt: skip

    def skip(self, scene: Scene) -> str | None:
        """Without logits there is nothing to manipulate."""
        return None if scene.takes_logits else needs_logits(scene)

    @abstractmethod
    def manipulated(self, scene: Scene, value: float) -> Floats:
        """(N, K) logits at one level."""

    def measure(self, scene: Scene) -> Findings:
        """Each level against the reconstruction of the unchanged logits."""
        views = {v: scene.view(scene.invert(self.manipulated(scene, v))) for v in each(self.values, self.name)}
        levels = [
            measured(f"{self.name} {v:g}", v, scene.images, compared(scene, view) | looks(view))
            for v, view in views.items()
        ]
        columns = {"original": scene.originals} | {f"{self.name} {v:g}": view.pixels for v, view in views.items()}
        pictures = side_by_side(scene.images, columns, scene.cell.dataset.class_names)
        return Findings(levels, pictures, note=f"spread of the logits: s = {spread(scene.logits):.4g}")


def compared(scene: Scene, view: View) -> dict[str, Compute]:
    """How far pictures are from the neutral reconstruction, and what the judge sees in them."""
    return {
        "lpips_neutral": lambda: view.lpips(scene.neutral),
        "class_judge_neutral": lambda: view.same_judge_class(scene.neutral),
        "reid_class_judge": lambda: view.same_judge_class(scene.original),
    }


def needs_logits(scene: Scene) -> str:
    """Why an inverter that is given features cannot be asked."""
    return f"{scene.cell.draft.method} is given penultimate features, not logits, so that no logit can be changed."


class Shift(Manipulation):
    """z + a s: every logit moves by the same amount, the softmax stays as it is."""

    name = "shift"
    question = "What does a constant added to all logits change?"
    levels = "a in z + a s, s the spread of the logits over the images; 0 is neutral"
    place = 1
    looks = (Look("lines", DRAWN, DOTTED, axis="a in z + a s", neutral=0.0),)
    values = (-2.0, -1.0, 0.0, 1.0, 2.0)

    def manipulated(self, scene: Scene, value: float) -> Floats:
        """(N, K)."""
        return scene.logits + np.float32(value * spread(scene.logits))


class Scale(Manipulation):
    """a z: the spread becomes a s, the arg-max stays."""

    name = "scale"
    question = "What does scaling all logits change?"
    levels = "a in a z, so that the spread of the logits becomes a s; 1 is neutral"
    place = 2
    looks = (Look("lines", DRAWN, DOTTED, axis="a in a z (doubling)", neutral=1.0, doubling=True),)
    values = (0.25, 0.5, 1.0, 2.0, 4.0)

    def manipulated(self, scene: Scene, value: float) -> Floats:
        """(N, K)."""
        return scene.logits * np.float32(value)


class Perturb(Manipulation):
    """z + a s u with u ~ N(0, I): one direction an image, the same at every level."""

    name = "perturb"
    question = "What does random noise on the logits change?"
    levels = "a in z + a s u, u ~ N(0, I) fixed for each image, s the spread of the logits; 0 is neutral"
    place = 3
    looks = (Look("lines", DRAWN, DOTTED, axis="a in z + a s u", neutral=0.0),)
    values = (0.0, 0.25, 0.5, 1.0, 2.0)

    def manipulated(self, scene: Scene, value: float) -> Floats:
        """(N, K)."""
        u: Floats = sample_noise([seed_of("perturb", seed) for seed in scene.seeds], scene.logits.shape[1]).numpy()
        return scene.logits + np.float32(value * spread(scene.logits)) * u
