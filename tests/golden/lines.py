"""What the golden net is made of: command lines, which are a contract, and the pictures that some of them read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from bench.datasets import cifar10

LOCAL = "tests/probes/tiny.py:tiles"
PLUGIN = "examples/gradient_descent.py:GradientDescent"
ROBUST = ("--classifier", "robust_resnet152")
DEMO = (
    "biggan-logit", "dosovitskiy-brox-2016a", "dosovitskiy-brox-2016b", "oracle", "real-train", "train-nearest",
    "same-class-random", "class-mean", "ridge", "onehot-biggan",
)  # fmt: skip


def lines(photos: Path) -> dict[str, tuple[str, ...]]:
    """Words after ``bench`` by name: the demo's run, ten more cells and three probes.

    Args:
        photos: what ``photographs`` wrote.
    """
    small, large = f"folder:{photos}@32", f"folder:{photos}@64"
    return {
        "demo": ("run", *(word for name in DEMO for word in ("--method", name)), *ROBUST, "--no-controls"),
        "standard": _few("biggan-logit", "resnet152", 120),
        "inception": _few("dosovitskiy-brox-2016a", "inception_v3", 60),
        "thousand logits": _few("biggan-logit", "efficientnet_lite0", 60),
        "another seed": (*_few("biggan-logit", "robust_resnet152", 60), "--seed", "7"),
        "mahendran-vedaldi": _few("mahendran-vedaldi", "robust_resnet152", 4),
        "engstrom": _few("engstrom", "resnet152", 4),
        "features": _few("engstrom-features", "robust_resnet152", 2),
        "folder": (*_few("biggan-logit", "robust_resnet152", 24), "--dataset", small),
        "local method": (*_few(PLUGIN, "efficientnet_lite0", 3), "--dataset", large),
        "local classifier": (*_few(PLUGIN, LOCAL, 40), "--dataset", small),
        "noise": ("probe", "noise", "--method", "biggan-logit", *ROBUST, "--num-images", "30"),
        "scale": ("probe", "scale", "--method", "dosovitskiy-brox-2016b", *ROBUST, "--num-images", "30"),
        "transform": ("probe", "transform", "--method", "biggan-logit", *ROBUST, "--num-images", "30"),
    }


def _few(method: str, classifier: str, count: int) -> tuple[str, ...]:
    words = ("run", "--method", method, "--classifier", classifier, "--num-images", str(count), "--no-controls")
    return (*words, "--preset", "fast")


def photographs(folder: Path) -> Path:
    """40 of the shipped images in two classes, 48 x 40 pixels large; returns the folder."""
    pixels, _ = cifar10.shipped_test()
    for k, image in enumerate(pixels[:40]):
        path = folder / ("left", "right")[k % 2] / f"{k:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        wide = np.pad(np.asarray(image), ((4, 4), (8, 8), (0, 0)), mode="reflect")
        Image.fromarray(wide).save(path)
    return folder
