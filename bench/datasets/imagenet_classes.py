"""ImageNet's 1,000 classes in the order in which its networks name them: that of their sorted WordNet ids."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

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


def imagenet_logits(wnids: Sequence[str]) -> NDArray[np.int64]:
    """The logit of each WordNet id: (n,) in [0, 1000)."""
    rows = {wnid: row for row, wnid in enumerate(imagenet_classes())}
    return np.array([rows[wnid] for wnid in wnids], dtype=np.int64)
