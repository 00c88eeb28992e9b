"""Which metrics there are: what the catalogue says of each, their families and their order."""

from __future__ import annotations

from collections.abc import Iterable

from bench.cards import MetricCard
from bench.metrics.registry import find, metrics

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

UNKNOWN = 1e-6  # resolution of a metric that nobody has declared one for: what six digits show


def metric(key: str) -> MetricCard:
    """The catalogue's entry, or a bare one for a key that a later version or a plugin has added."""
    known = find(key)
    return (
        known.card
        if known
        else MetricCard(key, key, "not in this version's catalogue", None, "image", resolution=UNKNOWN)
    )


def family(key: str) -> str:
    """The title of the family that a metric belongs to."""
    return next((title for title, prefixes in FAMILIES if key.startswith(prefixes)), OTHER_FAMILY)


def in_order(keys: Iterable[str]) -> list[str]:
    """Keys by family, in the catalogue's order within it, unknown ones last."""
    families = [title for title, _ in FAMILIES] + [OTHER_FAMILY]
    known = list(metrics())
    unique = dict.fromkeys(keys)
    return sorted(unique, key=lambda k: (families.index(family(k)), known.index(k) if k in known else len(known), k))
