"""Every metric of the protocol as data: what it is, which direction is better. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

GALLERY = 2_500  # images a gallery of the retrieval ranks, in published order
MIN_SET_IMAGES = 2_048  # below this many images the set-level distances say more about N than about the images
KID_SUBSETS, KID_SUBSET_SIZE = 100, 500


@dataclass(frozen=True)
class MetricInfo:
    """What a metric is.

    Attributes:
        key: as in records and on the command line.
        title: for table headings.
        definition: one sentence.
        higher_is_better: null where neither direction is good in itself.
        level: ``image`` (a mean over images, with an interval) or ``set`` (one number for all images).
        resolution: the least difference between two means that speaks of the methods, or ``1/n`` for one image of n.
            What lies below is arithmetic: columns stored in single precision (1e-7 of the values), networks summed in
            another order by another processor (1e-5), and 8 bit pixels that such a sum rounds the other way (1e-4 in
            LPIPS and SSIM, 0.01 dB). A share cannot move by less than one image; a mean reciprocal rank can, since
            deep ranks change places in ties, by 1e-4. Decides no score and is no part of the protocol.
        needs: what it looks at besides the pixels: ``target``, ``judge``, ``efficientnet_lite0``, ``inception`` or
            ``lpips_alex`` (networks), ``labels``, ``gallery`` (of the retrieval ranks), ``second`` (another draw).
    """

    key: str
    title: str
    definition: str
    higher_is_better: bool | None
    level: Literal["image", "set"]
    resolution: float | Literal["1/n"]
    needs: tuple[str, ...] = ()

    def least(self, n: int) -> float:
        """The resolution of a mean over n images."""
        return 1 / n if self.resolution == "1/n" else self.resolution


_FRECHET = "Frechet distance between the Gaussians fitted to originals and reconstructions over "
_RANK = "by cosine among the originals of its gallery (blocks of 2,500), "
_TARGET = _RANK + "on the target's centred logits"
_JUDGE = _RANK + "on the judge's centred penultimate features"
_WITHIN = "by cosine among the originals of the same true label in its gallery, on the judge's centred features"
_R1, _R5, _MRR = (
    "share of true originals ranked first ",
    "share of true originals in the first five ",
    "mean 1 / rank of the true original ",
)

_CATALOGUE = (
    MetricInfo(
        "fid",
        "FID",
        _FRECHET + "Inception-v3's 2,048 pooled features (torch-fidelity)",
        False,
        "set",
        0.01,
        ("inception",),
    ),
    MetricInfo(
        "fd_efficientnet_lite0",
        "FD EffNet",
        _FRECHET + "EfficientNet-Lite0's 1,280 pooled features",
        False,
        "set",
        0.01,
        ("efficientnet_lite0",),
    ),
    MetricInfo("fd_judge", "FD judge", _FRECHET + "the judge's penultimate features", False, "set", 0.01, ("judge",)),
    MetricInfo(
        "kid_efficientnet_lite0",
        "KID EffNet",
        "squared kernel distance (polynomial, degree 3) over EfficientNet-Lite0's features, mean of 100 fixed subsets "
        "of 500",
        False,
        "set",
        1e-5,
        ("efficientnet_lite0",),
    ),
    MetricInfo(
        "lpips",
        "LPIPS",
        "learned perceptual distance v0.1, AlexNet; images under 64 px enlarged to 64",
        False,
        "image",
        1e-4,
        ("lpips_alex",),
    ),
    MetricInfo("psnr", "PSNR", "peak signal-to-noise ratio in dB; undefined for identical images", True, "image", 0.01),
    MetricInfo("ssim", "SSIM", "structural similarity, 7x7 window", True, "image", 1e-4),
    MetricInfo(
        "logit_error",
        "logit error",
        "norm(Phi(x^) - z) / norm(z), Phi(x^) the reconstruction's logits",
        False,
        "image",
        1e-4,
        ("target",),
    ),
    MetricInfo(
        "logit_cosine",
        "logit cosine",
        "cosine of Phi(x^) and z, both less the originals' mean logits",
        True,
        "image",
        1e-4,
        ("target",),
    ),
    MetricInfo(
        "reid_class_target",
        "class, target",
        "share whose top-1 class by the target is the original's",
        True,
        "image",
        "1/n",
        ("target",),
    ),
    MetricInfo(
        "reid_class_judge",
        "class, judge",
        "share whose top-1 class by the judge is the original's",
        True,
        "image",
        "1/n",
        ("judge",),
    ),
    MetricInfo(
        "reid_label_judge",
        "label, judge",
        "share whose top-1 class by the judge is the label",
        True,
        "image",
        "1/n",
        ("judge", "labels"),
    ),
    MetricInfo(
        "reid_gap",
        "gap",
        "reid_class_target - reid_class_judge where both agree about the original; large: adversarial, no likeness",
        None,
        "image",
        "1/n",
        ("target", "judge"),
    ),
    MetricInfo("reid_instance_target_r1", "R@1 target", _R1 + _TARGET, True, "image", "1/n", ("target", "gallery")),
    MetricInfo("reid_instance_target_r5", "R@5 target", _R5 + _TARGET, True, "image", "1/n", ("target", "gallery")),
    MetricInfo("reid_instance_target_mrr", "MRR target", _MRR + _TARGET, True, "image", 1e-4, ("target", "gallery")),
    MetricInfo("reid_instance_judge_r1", "R@1 judge", _R1 + _JUDGE, True, "image", "1/n", ("judge", "gallery")),
    MetricInfo("reid_instance_judge_r5", "R@5 judge", _R5 + _JUDGE, True, "image", "1/n", ("judge", "gallery")),
    MetricInfo("reid_instance_judge_mrr", "MRR judge", _MRR + _JUDGE, True, "image", 1e-4, ("judge", "gallery")),
    MetricInfo(
        "reid_within_class_judge_r1",
        "R@1 in class",
        _R1 + _WITHIN,
        True,
        "image",
        "1/n",
        ("judge", "labels", "gallery"),
    ),
    MetricInfo(
        "reid_within_class_judge_mrr",
        "MRR in class",
        _MRR + _WITHIN,
        True,
        "image",
        1e-4,
        ("judge", "labels", "gallery"),
    ),
    MetricInfo(
        "diversity",
        "diversity",
        "mean LPIPS between two reconstructions of the same logits from two noise draws; 0 if deterministic",
        None,
        "image",
        1e-4,
        ("lpips_alex", "second"),
    ),
)

METRICS: dict[str, MetricInfo] = {info.key: info for info in _CATALOGUE}

_RETRIEVAL = "expected over tie orders, centred by the gallery's mean/1"
METRIC_VERSION: dict[str, str] = {
    "fid": "torch-fidelity inception-v3-compat 2048/1",
    "fd_efficientnet_lite0": "torch-fidelity, float64/1",
    "fd_judge": "torch-fidelity, float64/1",
    "kid_efficientnet_lite0": f"torch-fidelity, polynomial 3, {KID_SUBSETS} x {KID_SUBSET_SIZE}/1",
    "lpips": "v0.1 alex, float16 convolutions, 64 px/1",
    "psnr": "scikit-image/1",
    "ssim": "scikit-image, window 7/1",
    "logit_error": "1",
    "logit_cosine": "1",
    "reid_class": "1",
    "reid_gap": "1",
    "reid_instance": f"gallery {GALLERY}, {_RETRIEVAL}",
    "reid_within_class": f"gallery {GALLERY}, {_RETRIEVAL}",
    "diversity": "as lpips/1",
}


def version_of(key: str, versions: Mapping[str, str]) -> str | None:
    """The version of a metric among such as ``METRIC_VERSION``, in which families share one; None where it has none."""
    if key == "reid_label_judge":
        return versions.get("reid_class")
    return versions.get(max((name for name in versions if key.startswith(name)), key=len, default=""))
