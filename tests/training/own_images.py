"""Real images in a folder of a user's own, and a small network in a file."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from bench.datasets import cifar10

METHOD = "dosovitskiy-brox-2016b"
CLASSIFIER = """
import torch
from torch import nn

def network():
    torch.manual_seed(1)
    return nn.Sequential(nn.AvgPool2d(8), nn.Flatten(), nn.Linear(48, 5))

def large():
    made = network()
    made.input_size = 64
    return made
"""


def folder(root: Path, rows: range, suffix: str = "png") -> str:
    """Real images as files, two classes by turns."""
    pixels, _ = cifar10.shipped_test()
    for k, row in enumerate(rows):
        path = root / ("left", "right")[k % 2] / f"{k:04d}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[row]).save(path)
    return f"folder:{root}"
