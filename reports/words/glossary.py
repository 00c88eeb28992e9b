"""The words of the report: families and order of the metrics, what each control answers, standing caveats."""

from __future__ import annotations

from collections.abc import Iterable

from bench.metrics.catalogue import METRICS, MIN_SET_IMAGES, MetricInfo

# Family title and the key prefixes that belong to it, in the order of the tables.
FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Set of images", ("fid", "fd_", "kid_")),
    ("Likeness to the original", ("lpips", "psnr", "ssim")),
    ("Logits", ("logit_",)),
    ("Recognised as the original", ("reid_",)),
    ("Noise", ("diversity",)),
)
OTHER_FAMILY = "Other"

# The columns of the main table; everything else stands in the complete one.
MAIN_METRICS = (
    "fd_efficientnet_lite0",
    "kid_efficientnet_lite0",
    "fd_judge",
    "lpips",
    "psnr",
    "ssim",
    "logit_error",
    "logit_cosine",
    "reid_class_target",
    "reid_class_judge",
    "reid_gap",
    "reid_instance_judge_mrr",
    "reid_within_class_judge_mrr",
    "diversity",
)

CONTROLS: dict[str, str] = {
    "oracle": "The original itself: the ceiling of each metric.",
    "real-train": "Training images, class-matched, in place of the reconstructions: the floor of the set-level scores.",
    "train-nearest": "The training image whose logits are nearest: how far does memorising go?",
    "same-class-random": "A random training image of the predicted class: what is the class alone worth?",
    "class-mean": "The mean training image of the predicted class.",
    "ridge": "Linear regression from logits to pixels: what is linearly there?",
    "onehot-biggan": "The BigGAN inverter fed only with the arg-max class: do the other logits matter?",
}

BANDS = ("Inverters", "Given features in place of logits, and not ranked", "Controls: floors and ceilings")

ACCESS: dict[str, str] = {
    "logits": "nothing but the logits",
    "white-box": "the logits, and the classifier with its gradients",
    "features": "the penultimate features in place of the logits, and the classifier with its gradients",
    "original": "the original image (controls only)",
}

UNKNOWN = 1e-6  # resolution of a metric that nobody has declared one for: what six digits show

CLASSIFIER_ORDER = ("robust_resnet152", "resnet152", "inception_v3", "efficientnet_lite0")
THIN_CLASSIFIERS = ("robust_resnet152", "resnet152", "inception_v3")


def metric(key: str) -> MetricInfo:
    """The catalogue's entry, or a bare one for a key that a later version or a plugin has added."""
    return METRICS.get(key) or MetricInfo(key, key, "not in this version's catalogue", None, "image", UNKNOWN)


def family(key: str) -> str:
    """The title of the family that a metric belongs to."""
    return next((title for title, prefixes in FAMILIES if key.startswith(prefixes)), OTHER_FAMILY)


def in_order(keys: Iterable[str]) -> list[str]:
    """Keys by family, in the catalogue's order within it, unknown ones last."""
    families = [title for title, _ in FAMILIES] + [OTHER_FAMILY]
    known = list(METRICS)
    unique = dict.fromkeys(keys)
    return sorted(unique, key=lambda k: (families.index(family(k)), known.index(k) if k in known else len(known), k))


def thin(classifiers: Iterable[str]) -> list[str]:
    """The warning for each classifier that is not the published network of its name."""
    shown = set(classifiers)
    return [
        f"{classifier} is a thin, 32x32 version of the published architecture, trained by this project on "
        "CIFAR-10. Its scores do not speak for the ImageNet network of that name."
        for classifier in THIN_CLASSIFIERS
        if classifier in shown
    ]


def warnings(classifier: str, num_images: int, keys: Iterable[str], *, judged: bool) -> list[str]:
    """What a reader of these scores must know beforehand; ``judged``: some record has a value of ``fd_judge``."""
    found = thin([classifier])
    if num_images < MIN_SET_IMAGES:
        found.append(
            f"With {num_images:,} images the set-level distances are not defined (they need {MIN_SET_IMAGES:,}) "
            "and stand as a dash."
        )
    same = [key for key in keys if key in (f"fd_{classifier}", f"kid_{classifier}")]
    if same:
        found.append(
            f"{' and '.join(same)} look through the very network that was inverted, which favours what that network "
            "likes to see." + (" Read fd_judge instead." if judged else "")
        )
    return found
