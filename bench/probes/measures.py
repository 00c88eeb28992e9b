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

MEASURES = {card.key: replace(card, place=100 + k) for k, card in enumerate(_MEASURES)}  # behind the metrics


def known() -> dict[str, MetricCard]:
    """What a probe may measure: every metric, and these."""
    return cards() | MEASURES
