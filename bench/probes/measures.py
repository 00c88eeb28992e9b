"""What probes measure beside the protocol's metrics, as data: one key means one thing in every probe."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bench.cards import MetricCard
from bench.metrics.base import FAMILIES
from bench.metrics.registry import cards

_NEUTRAL = "the reconstruction of the unchanged image with the same noise"

LOOK: dict[str, Any] = {"resolution": 1e-4, "sees": "pixels"}
LPIPS: dict[str, Any] = {
    "family": FAMILIES[1], "resolution": 1e-4, "sees": "features", "reads_distance": True,
    "citation": ("zhang2018unreasonable",),
}  # fmt: skip
LOGITS: dict[str, Any] = {"family": FAMILIES[2], "resolution": 1e-4, "sees": "logits"}
SHARE: dict[str, Any] = {"resolution": "1/n", "sees": "classes", "share": True}
MEAN_SHARE: dict[str, Any] = SHARE | {"resolution": 1e-4}
STEP: dict[str, Any] = {"resolution": 1e-3, "digits": 4, "reads_distance": True, "sees": "features"}

_MEASURES = (
    MetricCard("luminance", "luminance", "mean luminance of the reconstruction, in [0, 1]", None, "image", **LOOK),
    MetricCard(
        "contrast", "contrast", "standard deviation of its luminance over its pixels", None, "image",
        reads_distance=True, **LOOK
    ),
    MetricCard(
        "sharpness", "sharpness",
        "variance of the Laplacian of its luminance over its pixels", None, "image", digits=4, resolution=1e-5,
        reads_distance=True, sees="pixels"
    ),
    MetricCard(
        "lpips_neutral", "LPIPS to neutral",
        f"LPIPS between the reconstruction and {_NEUTRAL}", None, "image", **LPIPS
    ),
    MetricCard(
        "class_judge_neutral", "class as neutral, judge", f"share whose top-1 class by the judge is that of {_NEUTRAL}",
        None, "image", **SHARE
    ),
    MetricCard(
        "class_judge_given", "class as given, judge",
        "share whose top-1 class by the judge is the arg-max of the logits that were inverted", None, "image", **SHARE
    ),
    MetricCard(
        "lpips_input", "LPIPS of the input",
        "LPIPS between the changed image and the original", None, "image", **LPIPS
    ),
    MetricCard(
        "label_judge_input", "label of the input, judge",
        "share of the images before the classifier whose top-1 class by the judge is the label", None, "image", **SHARE
    ),
    MetricCard(
        "logit_move", "logit move", "norm(z' - z) / norm(z), z' the logits of the changed image, z of the original",
        None, "image", **LOGITS, reads_distance=True
    ),
    MetricCard(
        "logit_move_cosine", "logit move, cosine", "cosine of z' and z, both less the originals' mean logits",
        None, "image", **LOGITS
    ),
    MetricCard(
        "class_target_kept", "class kept, target", "share of changed images that the target still puts in the same "
        "class as the original", None, "image", **SHARE
    ),
    MetricCard(
        "class_judge_draws", "class over draws, judge",
        "share of the pairs of noise draws that have the same top-1 class by the judge", None, "image", **MEAN_SHARE
    ),
    MetricCard("class_target_draws", "class over draws, target", "the same by the target", None, "image", **MEAN_SHARE),
    MetricCard(
        "judge_probability_first", "probability of the first", "the judge's probability of the first image's label",
        None, "image", **MEAN_SHARE
    ),
    MetricCard(
        "judge_probability_second", "probability of the second", "the same of the second image's label",
        None, "image", **MEAN_SHARE
    ),
    MetricCard(
        "lpips_step", "LPIPS of the step", "LPIPS to the reconstruction one step before", None, "image", digits=4,
        **LPIPS
    ),
    MetricCard(
        "relative_step_linear", "relative step, linear",
        "mean LPIPS of neighbouring steps over the LPIPS between the two ends; small means an even path without jumps",
        False, "image", **STEP
    ),
    MetricCard(
        "relative_step_spherical", "relative step, spherical",
        "the same on the spherical path", False, "image", **STEP
    ),
)  # fmt: skip

_KEPT = "Neither direction is good in itself: it says how much of the class the change leaves."
_MOVED = "Neither direction is good in itself: it says how far the change moves the picture."
_EVEN = "LPIPS is a squared distance: eight even steps in its features give 1/64, one jump gives 1/8."
_INPUT = "It belongs to the change, not to the inverter: what cannot be seen in the input cannot be asked for."
_WORDS = {  # formula, and what a good value means
    "luminance": ("mean over pixels of Y = 0.2125 R + 0.7154 G + 0.0721 B", "That of the originals."),
    "contrast": ("standard deviation over pixels of Y", "That of the originals; an average of many images has less."),
    "sharpness": ("variance over pixels of ∇²Y", "That of the originals; noise has more, what is blurred has less."),
    "lpips_neutral": ("LPIPS(x̂′, x̂)", _MOVED),
    "class_judge_neutral": ("share of images with argmax J(x̂′) = argmax J(x̂)", _KEPT),
    "class_judge_given": (
        "share of images with argmax J(x̂) = argmax z, z the logits that were inverted",
        "High: the picture shows what the logits say, although the image showed something else.",
    ),
    "lpips_input": ("LPIPS(x′, x)", _INPUT),
    "label_judge_input": ("share of images with argmax J(x′) = y, y the label", _INPUT),
    "logit_move": (
        "‖Φ(x′) − z‖ / ‖z‖",
        "Near 0: the classifier passes over the change, and an inverter cannot see it.",
    ),
    "logit_move_cosine": (
        "cos(Φ(x′) − z̄, z − z̄), z̄ the mean logits of the originals",
        "Near 1: the classifier passes over the change, and an inverter cannot see it.",
    ),
    "class_target_kept": ("share of images with argmax Φ(x′) = argmax Φ(x)", _KEPT),
    "class_judge_draws": (
        "share of pairs of draws ε₁, ε₂ with argmax J(x̂(ε₁)) = argmax J(x̂(ε₂))",
        "1: the noise decides nothing of the class.",
    ),
    "class_target_draws": (
        "share of pairs of draws ε₁, ε₂ with argmax Φ(x̂(ε₁)) = argmax Φ(x̂(ε₂))",
        "1: the noise decides nothing of the class.",
    ),
    "judge_probability_first": (
        "mean of softmax(J(x̂))[y₁], y₁ the first image's label",
        "From high to low along the path, without a gap in which neither class is seen.",
    ),
    "judge_probability_second": (
        "mean of softmax(J(x̂))[y₂], y₂ the second image's label",
        "From low to high along the path, without a gap in which neither class is seen.",
    ),
    "lpips_step": ("LPIPS(x̂ₖ, x̂ₖ₋₁)", "The same at every step: no jump."),
    "relative_step_linear": ("mean over k of LPIPS(x̂ₖ, x̂ₖ₋₁) / LPIPS(x̂₀, x̂ₙ) on the straight path", _EVEN),
    "relative_step_spherical": ("mean over k of LPIPS(x̂ₖ, x̂ₖ₋₁) / LPIPS(x̂₀, x̂ₙ) on the spherical path", _EVEN),
}
MEASURES = {  # behind the metrics
    card.key: replace(card, place=100 + k, formula=_WORDS[card.key][0], good=_WORDS[card.key][1])
    for k, card in enumerate(_MEASURES)
}


def known() -> dict[str, MetricCard]:
    """What a probe may measure: every metric, and these."""
    return cards() | MEASURES
