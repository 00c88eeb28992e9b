"""The features of the one true FID: torch-fidelity's ``inception-v3-compat``, only with the real weights."""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from bench.datasets.fetch_inception import NOT_HERE
from bench.errors import MetricError
from bench.metrics.features import Extractor
from bench.weights import read

PUBLISHED_SHA256_PREFIX = "6726825d"  # in the file's published name, weights-inception-2015-12-05-6726825d.pth


def inception_extractor(path: Path | None, device: torch.device) -> Extractor:
    """Extractor of ``features``: (n, 2048) pooled Inception-v3 features, images resized to 299 inside.

    Args:
        path: torch-fidelity's weights file.
        device: where to compute.

    Raises:
        MetricError: there is no file, or it is not the published one.
    """
    if path is None or not path.is_file():
        raise MetricError(NOT_HERE)
    data = read(path)
    digest = hashlib.sha256(data).hexdigest()
    _check(path, data, digest)
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    # the bytes that were checked, not the path: the file may be another one by now
    network = FeatureExtractorInceptionV3(
        "inception-v3-compat", ["2048"], feature_extractor_weights_path=io.BytesIO(data)
    ).to(device)

    def compute(images: Tensor) -> Mapping[str, Tensor]:
        return {"features": network(images.mul(255).round().to(torch.uint8))[0]}

    return Extractor("inception-v3-compat", digest, device, compute, batch=50 if device.type == "cuda" else 10)


def _check(path: Path, data: bytes, digest: str) -> None:
    """Refuse any file but the published one, before torch-fidelity unpickles it."""
    wrong = (
        f"{path} is not torch-fidelity's weights-inception-2015-12-05-{PUBLISHED_SHA256_PREFIX}.pth: its SHA-256 "
        f"begins with {digest[:8]}. Type `bench data fetch inception`, or give the right file with --inception-weights."
    )
    if not digest.startswith(PUBLISHED_SHA256_PREFIX):
        raise MetricError(wrong)
    # Eight digits can be forged; whatever loads with weights_only runs no code when torch-fidelity loads it without.
    try:
        torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise MetricError(wrong) from error
