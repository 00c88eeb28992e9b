"""The features of the one true FID: torch-fidelity's ``inception-v3-compat``, only with the real weights."""

from __future__ import annotations

import hashlib
import io
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.datasets.fetch_inception import NOT_HERE, inception_path
from bench.errors import MetricError
from bench.metrics.extractors.base import Extractor
from bench.weights.files import read, sha256_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor

PUBLISHED_SHA256_PREFIX = "6726825d"  # in the file's published name, weights-inception-2015-12-05-6726825d.pth


class Inception(Extractor):
    """(n, 2048) pooled Inception-v3 features, images resized to 299 inside."""

    name = "inception"
    title = "Inception"
    about = "Inception-v3's 2,048 pooled features (torch-fidelity)"
    dimension = 2048
    missing = NOT_HERE
    batches = (10, 50)

    def __init__(self, weights: Path | None = None) -> None:
        self.weights = weights

    def _path(self) -> Path | None:
        path = self.weights or inception_path()
        return path if path is not None and path.is_file() else None

    def sha256(self) -> str | None:
        """Of the user's file or the fetched one."""
        path = self._path()
        return sha256_of(path) if path else None

    def network(self, device: torch.device) -> Any:
        """torch-fidelity's network.

        Raises:
            MetricError: there is no file, or it is not the published one.
        """
        import torch
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

        if (path := self._path()) is None:
            raise MetricError(NOT_HERE)
        data = read(path)
        _check(path, data)
        # the bytes that were checked, not the path: the file may be another one by now
        network = FeatureExtractorInceptionV3(
            "inception-v3-compat", ["2048"], feature_extractor_weights_path=io.BytesIO(data)
        ).to(device)

        def features(images: Tensor) -> Tensor:
            found: Tensor = network(images.mul(255).round().to(torch.uint8))[0]
            return found

        return features


def _check(path: Path, data: bytes) -> None:
    """Refuse any file but the published one, before torch-fidelity unpickles it."""
    import torch

    digest = hashlib.sha256(data).hexdigest()
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
