"""What probes measure beside the protocol's metrics, as data: one key means one thing in every probe."""

from __future__ import annotations

from bench.metrics.catalogue import METRICS, MetricInfo

_NEUTRAL = "the reconstruction of the unchanged image with the same noise"

_MEASURES = (
    MetricInfo("luminance", "luminance", "mean luminance of the reconstruction, in [0, 1]", None, "image", 1e-4),
    MetricInfo("contrast", "contrast", "standard deviation of its luminance over its pixels", None, "image", 1e-4),
    MetricInfo(
        "sharpness", "sharpness",
        "variance of the Laplacian of its luminance over its pixels", None, "image", 1e-5
    ),
    MetricInfo(
        "lpips_neutral", "LPIPS to neutral",
        f"LPIPS between the reconstruction and {_NEUTRAL}", None, "image", 1e-4
    ),
    MetricInfo(
        "class_judge_neutral", "class as neutral, judge", f"share whose top-1 class by the judge is that of {_NEUTRAL}",
        None, "image", "1/n"
    ),
    MetricInfo(
        "class_judge_given", "class as given, judge",
        "share whose top-1 class by the judge is the arg-max of the logits that were inverted", None, "image", "1/n"
    ),
    MetricInfo(
        "lpips_input", "LPIPS of the input",
        "LPIPS between the changed image and the original", None, "image", 1e-4
    ),
    MetricInfo(
        "label_judge_input", "label of the input, judge",
        "share of the images before the classifier whose top-1 class by the judge is the label", None, "image", "1/n"
    ),
    MetricInfo(
        "logit_move", "logit move", "norm(z' - z) / norm(z), z' the logits of the changed image, z of the original",
        None, "image", 1e-4
    ),
    MetricInfo(
        "logit_move_cosine", "logit move, cosine", "cosine of z' and z, both less the originals' mean logits",
        None, "image", 1e-4
    ),
    MetricInfo(
        "class_target_kept", "class kept, target", "share of changed images that the target still puts in the same "
        "class as the original", None, "image", "1/n"
    ),
    MetricInfo(
        "class_judge_draws", "class over draws, judge",
        "share of the pairs of noise draws that have the same top-1 class by the judge", None, "image", 1e-4
    ),
    MetricInfo("class_target_draws", "class over draws, target", "the same by the target", None, "image", 1e-4),
    MetricInfo(
        "judge_probability_first", "probability of the first", "the judge's probability of the first image's label",
        None, "image", 1e-4
    ),
    MetricInfo(
        "judge_probability_second", "probability of the second", "the same of the second image's label",
        None, "image", 1e-4
    ),
    MetricInfo("lpips_step", "LPIPS of the step", "LPIPS to the reconstruction one step before", None, "image", 1e-4),
    MetricInfo(
        "relative_step_linear", "relative step, linear",
        "mean LPIPS of neighbouring steps over the LPIPS between the two ends; small means an even path without jumps",
        False, "image", 1e-3
    ),
    MetricInfo(
        "relative_step_spherical", "relative step, spherical",
        "the same on the spherical path", False, "image", 1e-3
    ),
)  # fmt: skip

MEASURES: dict[str, MetricInfo] = {info.key: info for info in _MEASURES}
KNOWN: dict[str, MetricInfo] = METRICS | MEASURES
