"""ImageNet's 1,000 classes in the order in which its networks name them: that of their sorted WordNet ids."""

from __future__ import annotations

from functools import cache
from pathlib import Path

IMAGENET = "imagenet"  # what the card of a classifier with these logits says
DATA = Path(__file__).parent / "data"
ALIASES = {  # what the short names of classifiers mean on datasets with ImageNet's classes
    "resnet152": "torchvision:resnet152@IMAGENET1K_V1",
    "robust_resnet152": "fair:R152",
    "inception_v3": "torchvision:inception_v3@IMAGENET1K_V1",
}


@cache
def imagenet_classes() -> dict[str, str]:
    """Names by WordNet id, in order, for instance ``n01440764``: ``tench``."""
    lines = (DATA / "imagenet_classes.txt").read_text(encoding="utf-8").splitlines()
    return {wnid: name for wnid, _, name in (line.partition(" ") for line in lines)}
