"""What a competent user writes by hand to score reconstructions: torch-fidelity, lpips and scikit-image in turn.

This is the yardstick of ``tests/benchmarks/scoring.py`` and stays as it was first written. Networks are given, in
float32 and contiguous; so are the logits of the originals, from which the reconstructions were made. Only means are
computed, no intervals. Each package is called as its documentation shows, on whole sets or image by image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kernel_mmd
from torch_fidelity.utils import get_featuresdict_from_dataset

from bench.classifiers.base import Classifier

Array = NDArray[Any]
BATCH = 64  # torch-fidelity's default


@dataclass(frozen=True)
class Given:
    """The networks to look through, contiguous and in evaluation mode, and the protocol's subsets of rows for KID."""

    target: nn.Module
    judge: Classifier
    efficientnet_lite0: Classifier
    lpips: nn.Module
    subsets: Sequence[tuple[Array, Array]]


class Images(Dataset[Tensor]):
    """(N, H, W, 3) uint8 as torch-fidelity takes images: (3, H, W) uint8 tensors."""

    def __init__(self, pixels: Array) -> None:
        self.pixels = torch.from_numpy(pixels.copy()).permute(0, 3, 1, 2).contiguous()

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, row: int) -> Tensor:
        return self.pixels[row]


class Features(FeatureExtractorBase):  # type: ignore[misc]
    """A classifier's penultimate features, for torch-fidelity."""

    def __init__(self, network: Classifier) -> None:
        super().__init__("features", ["features"])
        self.network = network

    @staticmethod
    def get_provided_features_list() -> tuple[str, ...]:
        return ("features",)

    def forward(self, images: Tensor) -> tuple[Tensor]:
        return (self.network.features(images.float() / 255),)


def score(
    originals: Array, reconstructions: Array, second: Array, labels: Array, logits: Array, given: Given
) -> dict[str, float]:
    """Every score of a cell whose method is stochastic, but for ``fid``.

    Args:
        originals, reconstructions, second: (N, H, W, 3) uint8; ``second`` is another draw of the reconstructions.
        labels: (N,) true classes.
        logits: (N, K) of the originals by the target.
        given: what to look through.
    """
    lite0 = [features(given.efficientnet_lite0, x) for x in (originals, reconstructions)]
    judge = [features(given.judge, x) for x in (originals, reconstructions)]
    judged = [heads(given.judge, x) for x in judge]
    again = predict(given.target, reconstructions)
    a, b = judge[0].numpy(), judge[1].numpy()
    return {
        "fd_efficientnet_lite0": frechet(*lite0),
        "fd_judge": frechet(*judge),
        "kid_efficientnet_lite0": kid(lite0[0].numpy(), lite0[1].numpy(), given.subsets),
        "lpips": lpips(given.lpips, originals, reconstructions),
        **pixelwise(originals, reconstructions),
        **logit_scores(logits, again),
        **class_scores(logits, again, judged, labels),
        **prefixed("reid_instance_target", retrieval(logits, again), ("r1", "r5", "mrr")),
        **prefixed("reid_instance_judge", retrieval(a, b), ("r1", "r5", "mrr")),
        **prefixed("reid_within_class_judge", within_class(a, b, labels), ("r1", "mrr")),
        "diversity": lpips(given.lpips, reconstructions, second),
    }


def features(network: Classifier, pixels: Array) -> Tensor:
    """(N, F) by torch-fidelity's own loop."""
    found = get_featuresdict_from_dataset(
        Images(pixels), Features(network), BATCH, cuda=False, save_cpu_ram=True, verbose=False
    )
    return found["features"]  # type: ignore[no-any-return]


def frechet(a: Tensor, b: Tensor) -> float:
    """Frechet distance of two sets of features."""
    statistics = [fid_features_to_statistics(x) for x in (a, b)]
    return fid_statistics_to_metric(*statistics, verbose=False)[KEY_METRIC_FID]  # type: ignore[no-any-return]


def kid(a: Array, b: Array, subsets: Sequence[tuple[Array, Array]]) -> float:
    """Kernel distance, the mean over subsets of rows."""
    settings: Mapping[str, Any] = {
        "kid_kernel": "poly", "kid_kernel_poly_degree": 3, "kid_kernel_poly_gamma": None, "kid_kernel_poly_coef0": 1.0,
    }  # fmt: skip
    return float(np.mean([kernel_mmd(a[rows], b[others], **settings) for rows, others in subsets]))


@torch.inference_mode()
def heads(network: Classifier, found: Tensor) -> Array:
    """Logits (N, K) of features (N, F)."""
    return network.head(found).numpy()


@torch.inference_mode()
def predict(network: nn.Module, pixels: Array) -> Array:
    """Logits (N, K) of images, in batches."""
    return torch.cat([network(part) for part in torch.split(as_images(pixels), BATCH)]).numpy()


def as_images(pixels: Array) -> Tensor:
    """(N, H, W, 3) uint8 to (N, 3, H, W) in [0, 1]."""
    return torch.from_numpy(pixels.copy()).permute(0, 3, 1, 2).contiguous().float() / 255


@torch.inference_mode()
def lpips(network: nn.Module, a: Array, b: Array) -> float:
    """Mean LPIPS of paired images, sides under 64 pixels enlarged to 64."""
    values = []
    for x, y in zip(torch.split(as_images(a), BATCH), torch.split(as_images(b), BATCH), strict=True):
        size = [max(side, 64) for side in x.shape[2:]]
        if size != list(x.shape[2:]):
            x, y = (F.interpolate(i, size, mode="bicubic", align_corners=False, antialias=True) for i in (x, y))
        values.append(network(x, y, normalize=True).flatten())
    return float(torch.cat(values).mean())


def pixelwise(a: Array, b: Array) -> dict[str, float]:
    """Mean PSNR over images that differ, and mean SSIM."""
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    psnr, ssim = [], []
    for x, y in zip(a, b, strict=True):
        if not np.array_equal(x, y):
            psnr.append(peak_signal_noise_ratio(x, y, data_range=255))  # type: ignore[no-untyped-call]
        ssim.append(structural_similarity(x, y, data_range=255, channel_axis=-1))  # type: ignore[no-untyped-call]
    return {"psnr": float(np.mean(psnr)), "ssim": float(np.mean(ssim))}


def logit_scores(z: Array, again: Array) -> dict[str, float]:
    """Mean relative error, and mean cosine after the mean logits are taken away."""
    error = np.linalg.norm(again - z, axis=1) / np.linalg.norm(z, axis=1)
    u, v = z - z.mean(axis=0), again - z.mean(axis=0)
    cosine = (u * v).sum(axis=1) / np.linalg.norm(u, axis=1) / np.linalg.norm(v, axis=1)
    return {"logit_error": float(error.mean()), "logit_cosine": float(cosine.mean())}


def class_scores(z: Array, again: Array, judged: Sequence[Array], labels: Array) -> dict[str, float]:
    """Shares of equal top-1 classes; the gap is over images about whose original target and judge agree."""
    target = z.argmax(axis=1) == again.argmax(axis=1)
    first, second = (x.argmax(axis=1) for x in judged)
    agree = z.argmax(axis=1) == first
    judge = first == second
    return {
        "reid_class_target": float(target.mean()),
        "reid_class_judge": float(judge.mean()),
        "reid_label_judge": float((second == labels).mean()),
        "reid_gap": float(target[agree].mean() - judge[agree].mean()),
    }


def retrieval(originals: Array, reconstructions: Array, gallery: int = 2_500) -> Array:
    """(N, 3): recall at 1, recall at 5 and 1 / rank of the true original by cosine in its gallery."""
    blocks = [slice(start, start + gallery) for start in range(0, len(originals), gallery)]
    return np.concatenate([ranked(originals[rows], reconstructions[rows]) for rows in blocks])


def within_class(originals: Array, reconstructions: Array, labels: Array, gallery: int = 2_500) -> Array:
    """The same among the originals of one label."""
    values = np.zeros((len(originals), 3))
    for start in range(0, len(originals), gallery):
        rows = np.arange(start, min(start + gallery, len(originals)))
        for label in np.unique(labels[rows]):
            group = rows[labels[rows] == label]
            values[group] = ranked(originals[group], reconstructions[group])
    return values


def ranked(originals: Array, reconstructions: Array) -> Array:
    """(G, 3) for one gallery; equal similarities count with their expected rank."""
    centre = originals.astype(np.float64).mean(axis=0)
    a, b = originals - centre, reconstructions - centre
    a /= np.linalg.norm(a, axis=1, keepdims=True)
    b /= np.linalg.norm(b, axis=1, keepdims=True)
    similarity = b @ a.T
    own = similarity.diagonal()[:, None]
    before = (similarity > own + 1e-12).sum(axis=1)
    tied = (np.abs(similarity - own) <= 1e-12).sum(axis=1)  # the true original among them
    reciprocal = np.array([np.mean(1 / np.arange(k + 1, k + t + 1)) for k, t in zip(before, tied, strict=True)])
    recalls = [np.clip((k - before) / tied, 0, 1) for k in (1, 5)]
    return np.stack([*recalls, reciprocal], axis=1)


def prefixed(name: str, values: Array, wanted: Sequence[str]) -> dict[str, float]:
    """Means of the wanted columns of (N, 3) under their full names."""
    means = dict(zip(("r1", "r5", "mrr"), values.mean(axis=0).tolist(), strict=True))
    return {f"{name}_{key}": means[key] for key in wanted}
