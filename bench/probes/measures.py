"""What probes measure beside the protocol's metrics, as data: one key means one thing in every probe."""

from __future__ import annotations

from typing import Any

from bench.cards import MetricCard
from bench.metrics.registry import metrics

_NEUTRAL = "the reconstruction of the unchanged image with the same noise"

SHARE: dict[str, Any] = {"resolution": "1/n"}
MEAN: dict[str, Any] = {"resolution": 1e-4}

_MEASURES = (
    MetricCard("luminance", "luminance", "mean luminance of the reconstruction, in [0, 1]", None, "image", **MEAN),
    MetricCard("contrast", "contrast", "standard deviation of its luminance over its pixels", None, "image", **MEAN),
    MetricCard(
        "sharpness", "sharpness",
        "variance of the Laplacian of its luminance over its pixels", None, "image", resolution=1e-5, digits=4
    ),
    MetricCard(
        "lpips_neutral", "LPIPS to neutral",
        f"LPIPS between the reconstruction and {_NEUTRAL}", None, "image", **MEAN
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
        "LPIPS between the changed image and the original", None, "image", **MEAN
    ),
    MetricCard(
        "label_judge_input", "label of the input, judge",
        "share of the images before the classifier whose top-1 class by the judge is the label", None, "image", **SHARE
    ),
    MetricCard(
        "logit_move", "logit move", "norm(z' - z) / norm(z), z' the logits of the changed image, z of the original",
        None, "image", **MEAN
    ),
    MetricCard(
        "logit_move_cosine", "logit move, cosine", "cosine of z' and z, both less the originals' mean logits",
        None, "image", **MEAN
    ),
    MetricCard(
        "class_target_kept", "class kept, target", "share of changed images that the target still puts in the same "
        "class as the original", None, "image", **SHARE
    ),
    MetricCard(
        "class_judge_draws", "class over draws, judge",
        "share of the pairs of noise draws that have the same top-1 class by the judge", None, "image", **MEAN
    ),
    MetricCard("class_target_draws", "class over draws, target", "the same by the target", None, "image", **MEAN),
    MetricCard(
        "judge_probability_first", "probability of the first", "the judge's probability of the first image's label",
        None, "image", **MEAN
    ),
    MetricCard(
        "judge_probability_second", "probability of the second", "the same of the second image's label",
        None, "image", **MEAN
    ),
    MetricCard(
        "lpips_step", "LPIPS of the step", "LPIPS to the reconstruction one step before", None, "image", digits=4,
        **MEAN
    ),
    MetricCard(
        "relative_step_linear", "relative step, linear",
        "mean LPIPS of neighbouring steps over the LPIPS between the two ends; small means an even path without jumps",
        False, "image", resolution=1e-3, digits=4
    ),
    MetricCard(
        "relative_step_spherical", "relative step, spherical",
        "the same on the spherical path", False, "image", resolution=1e-3, digits=4
    ),
)  # fmt: skip

MEASURES: dict[str, MetricCard] = {card.key: card for card in _MEASURES}


def known() -> dict[str, MetricCard]:
    """What a probe may measure: every metric, and these."""
    return {key: metric.card for key, metric in metrics().items()} | MEASURES
