"""A library with one tiny network, whose file can be fetched."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch
from torch import nn

PROVIDER = """
from pathlib import Path
import torch
from torch import nn
from bench.classifiers.files import PublishedFile
from bench.classifiers.library import Described, LibraryProvider
from bench.classifiers.wrapped import LibraryNetwork

def body():
    pooled = nn.Conv2d(3, 8, 3, stride=4), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
    return nn.Sequential(*pooled, nn.Flatten(), nn.Linear(8, 5))

class Tiny(LibraryNetwork):
    def embed(self, x):
        return self.body[:-1](x)
    def head(self, f):
        return self.body[-1](f)

class TinyProvider(LibraryProvider):
    def describe(self, name):
        import json, os
        url, sha256 = json.loads(os.environ["TINY"])
        file = PublishedFile(f"tiny:{name}", "tiny.pth", url, sha256)
        mean, std = (0.5, 0.4, 0.3), (0.2, 0.2, 0.3)
        return Described(file, 5, 16, mean, std, "bilinear", accuracy={"top1": 0.5}, licence="MIT")
    def network(self, name, state):
        net = body()
        net.load_state_dict(state)
        return Tiny(net, self.describe(name))
"""


class Published:
    """A library with one network, whose file is ``path`` and can be had from ``url``."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        torch.manual_seed(1)
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)
        )
        self.path = folder / "published.pth"
        torch.save(self.body.state_dict(), self.path)
        self.sha256 = hashlib.sha256(self.path.read_bytes()).hexdigest()
        self.patch = patch
        self.tell()

    def tell(self, sha256: str | None = None) -> None:
        self.patch.setenv("TINY", json.dumps([self.path.as_uri(), self.sha256[:8] if sha256 is None else sha256]))


def place(home: Path) -> Path:
    return home / "classifiers" / "tiny" / "tiny.pth"
