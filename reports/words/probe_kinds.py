"""What each probe asks, by its own words, and which of its measures answer it in a figure."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bench.probes.base import Probe

Sight = Literal["lines", "whiskers", "curve"]
ALL = None  # stands for what spans the levels
PANELS = 6  # of a probe that nobody knows here

# In the order of the pages. Plugins come after these and are never imported to make a report.
BUILT_IN: dict[str, tuple[str, str]] = {
    "noise": ("bench.probes.noise", "Noise"),
    "shift": ("bench.probes.manipulate", "Shift"),
    "scale": ("bench.probes.manipulate", "Scale"),
    "perturb": ("bench.probes.manipulate", "Perturb"),
    "interpolate": ("bench.probes.interpolate", "Interpolate"),
    "misclassified": ("bench.probes.misclassified", "Misclassified"),
    "adversarial": ("bench.probes.adversarial", "Adversarial"),
    "ood": ("bench.probes.ood", "OutOfDistribution"),
    "transform": ("bench.probes.transform", "Transform"),
    "iterate": ("bench.probes.iterate", "Iterate"),
}
UNKNOWN_QUESTION = "A probe from outside this package; bench list probes prints its question where it is installed."


@dataclass(frozen=True)
class Look:
    """One figure's recipe.

    Attributes:
        sight: lines over numbered levels; whiskers, a row a record; or the curve of logits against reconstruction.
        keys: measures, a panel each.
        about: what to see in it, for the caption.
        levels: only those whose name starts with one of these; None for what spans the levels.
        axis: of the levels, as a short text.
        neutral: the level at which nothing is changed.
        doubling: whether the levels double, so that their axis is logarithmic.
        combined: whether the keys stand in one panel as marks of one row.
        where: what the panels' titles say beside the measure's.
    """

    sight: Sight
    keys: tuple[str, ...]
    about: str
    levels: tuple[str, ...] | None = ("",)
    axis: str = ""
    neutral: float | None = None
    doubling: bool = False
    combined: bool = False
    where: str = ""


_LOOKS = ("luminance", "contrast", "sharpness", "lpips_neutral", "class_judge_neutral")
_MANIPULATED = (
    "The dotted line marks the level at which nothing is changed: there LPIPS to neutral is 0 and the class is kept."
)
_PATH = ("judge_probability_first", "judge_probability_second", "lpips_step")

LOOKS: dict[str, tuple[Look, ...]] = {
    "noise": (
        Look(
            "whiskers", ("diversity", "class_judge_draws", "class_target_draws"),
            "Across all pairs of draws: how far two reconstructions of the same logits are apart, and how often both "
            "networks see one class in them.", levels=ALL,
        ),
    ),
    "shift": (Look("lines", _LOOKS, _MANIPULATED, axis="a in z + a s", neutral=0.0),),
    "scale": (Look("lines", _LOOKS, _MANIPULATED, axis="a in a z (doubling)", neutral=1.0, doubling=True),),
    "perturb": (Look("lines", _LOOKS, _MANIPULATED, axis="a in z + a s u", neutral=0.0),),
    "interpolate": (
        Look(
            "lines", _PATH, "The linear path: the judge's probability of either end's class, and how far each step "
            "moves the picture.", levels=("linear",), axis="t", where="linear",
        ),
        Look(
            "lines", _PATH, "The same on the spherical path.", levels=("spherical",), axis="t", where="spherical",
        ),
        Look(
            "whiskers", ("relative_step_linear", "relative_step_spherical"),
            "The mean step over the distance of the two ends; the smaller, the more even the path.", levels=ALL,
        ),
    ),
    "misclassified": (
        Look(
            "whiskers", ("reid_label_judge", "class_judge_given"),
            "What the judge sees in the reconstructions of misclassified images: the true class, the class that the "
            "target predicted, or, for the rest, neither.", levels=("misclassified",), combined=True,
            where="what the judge sees in reconstructions of misclassified images",
        ),
        Look(
            "whiskers", ("lpips", "logit_error", "logit_cosine", "reid_class_target", "reid_class_judge"),
            "Scores on misclassified images beside those on correct images of the same classes; their paired "
            "difference is in the table.", levels=("misclassified", "correct"),
        ),
    ),
    "adversarial": (
        Look(
            "whiskers",
            ("reid_label_judge", "class_judge_given", "class_judge_neutral", "lpips", "lpips_neutral", "logit_move"),
            "From the logits of the clean and of the attacked image: what the judge sees in the reconstruction, how "
            "far it is from the clean image and from the clean reconstruction, and how far the logits moved.",
        ),
    ),
    "ood": (
        Look(
            "whiskers",
            ("lpips", "ssim", "logit_error", "logit_cosine", "reid_class_judge", "reid_instance_target_mrr"),
            "Scores on each set of images; ranks are among the images of the set, and the sets differ in size.",
        ),
    ),
    "transform": (
        Look(
            "curve", ("logit_move", "lpips_neutral"),
            "A panel a record, a point a transformation: further right, the classifier's logits move further; further "
            "up, the reconstruction does. Lines join the strengths of one transformation, from no change on.",
        ),
    ),
    "iterate": (
        Look(
            "lines",
            ("reid_class_target", "reid_class_judge", "logit_error", "logit_cosine", "lpips", "lpips_neutral"),
            "Class, logits and image, round by round, against the original (LPIPS to neutral: against round 1).",
            axis="round",
        ),
    ),
}  # fmt: skip


def built_in(kind: str) -> type[Probe] | None:
    """The class of a probe of this package, with its question and its levels; None for all others."""
    if kind not in BUILT_IN:
        return None
    module, name = BUILT_IN[kind]
    found: type[Probe] = getattr(import_module(module), name)
    return found


def rank(kind: str) -> tuple[int, str]:
    """The pages' order: this package's probes, then others by name."""
    order = list(BUILT_IN)
    return (order.index(kind) if kind in order else len(order), kind)


def generic(level_keys: list[str], overall_keys: list[str], numbered: bool) -> tuple[Look, ...]:
    """Figures for a probe that nobody knows here: its first six measures over the levels, and those across them."""
    looks = []
    if level_keys:
        sight: Sight = "lines" if numbered else "whiskers"
        looks.append(Look(sight, tuple(level_keys[:PANELS]), "The measures at each level.", axis="level"))
    if overall_keys:
        looks.append(Look("whiskers", tuple(overall_keys[:PANELS]), "What spans the levels.", levels=ALL))
    return tuple(looks)
