"""What some controls need from the training split, in compact form: class means and the ridge regression.

For shipped classifiers it lies in the zoo (``bench train controls --classifier C`` made it); for a user's own it is
fitted once from the fetched training images and cached.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.classifiers import LoadedClassifier
from bench.datasets.base import Pixels, to_images
from bench.errors import DataError, SkipCellError, WeightsError
from bench.paths import home
from bench.progress import progress
from bench.sealed import load_array, save_array
from bench.weights import Weights, manifest, open_weights, rounded, save_weights

MIN_CLASS_IMAGES = 10
RANK = 128
MANTISSA = 7  # bits kept of the regression's two factors; everything else has fp16's 10
TILES = 16  # class means beside each other in their sheet
PENALTIES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)


@dataclass(frozen=True)
class TrainingStatistics:
    """Class means, and a ridge regression from standardised logits to pixels as two factors.

    Attributes:
        classes: (C,) classes that at least 10 training images are put into.
        means: (C + 1, 32, 32, 3) uint8, the classes' mean images, then the overall mean.
        mean, std: (K,) of the training logits.
        left, right: (K, R) and (R, 3072), the regression's coefficients; R = min(K, 128).
        intercept: (3072,) mean training image in [0, 1].
        sha256: of the file.
    """

    classes: Tensor
    means: Tensor
    mean: Tensor
    std: Tensor
    left: Tensor
    right: Tensor
    intercept: Tensor
    sha256: str

    def predict(self, logits: Tensor) -> Tensor:
        """Logits (N, K) to pixels (N, 3072) in units of [0, 1] images, not clipped."""
        return self.intercept + (logits - self.mean) / self.std @ self.left @ self.right


def statistics_of(classifier: LoadedClassifier, device: torch.device) -> TrainingStatistics:
    """The statistics for one classifier: shipped, cached, or fitted now.

    Raises:
        SkipCellError: they would have to be fitted and the training images were not fetched.
    """
    name = f"controls-{classifier.name}"
    if name in manifest() and manifest()[name].facts["classifier_sha256"] == classifier.sha256:
        return _opened(open_weights(manifest()[name].path, manifest()[name].sha256))
    path = own_statistics(classifier.sha256)
    if not path.exists():
        try:
            fit(classifier, device, path)
        except DataError as error:
            raise SkipCellError(f"This control is fitted on the training split. {error}") from error
    return _opened(open_weights(path))


def _opened(weights: Weights) -> TrainingStatistics:
    state = weights.tensors
    if state["means"].dim() != 1:
        raise WeightsError("The statistics of the controls are of an older form. Fit them anew: bench train controls")
    means = torch.from_numpy(unpacked(state["means"], len(state["classes"]) + 1))
    return TrainingStatistics(**(state | {"means": means}), sha256=weights.sha256)


def packed(images: Pixels) -> Tensor:
    """Images (n, 32, 32, 3) as the bytes of a lossless WebP sheet, (B,) uint8: half of what xz makes of them."""
    from PIL import Image

    blank = np.zeros((-len(images) % TILES, *images.shape[1:]), np.uint8)
    tiles = np.concatenate([images, blank]).reshape(-1, TILES, 32, 32, 3)
    buffer = io.BytesIO()
    sheet = np.ascontiguousarray(tiles.swapaxes(1, 2)).reshape(-1, 32 * TILES, 3)
    Image.fromarray(sheet).save(buffer, "WEBP", lossless=True, quality=100, method=6)
    return torch.frombuffer(bytearray(buffer.getvalue()), dtype=torch.uint8)


def unpacked(data: Tensor, count: int) -> Pixels:
    """The first ``count`` images of such a sheet."""
    from PIL import Image

    with Image.open(io.BytesIO(data.numpy().tobytes())) as image:
        sheet = np.asarray(image.convert("RGB"))
    tiles = sheet.reshape(-1, 32, TILES, 32, 3).swapaxes(1, 2).reshape(-1, 32, 32, 3)
    return np.ascontiguousarray(tiles[:count])


def own_statistics(classifier_sha256: str) -> Path:
    """Where statistics that do not ship are kept."""
    return home() / "training-statistics" / f"{classifier_sha256[:16]}.safetensors"


def fit(classifier: LoadedClassifier, device: torch.device, path: Path) -> Path:
    """Fit on ``train``, choose the ridge penalty on ``val``, and write the file."""
    from bench.training.engine import Engine
    from bench.training.pairs import TrainingPairs

    pairs = TrainingPairs(classifier, Engine(device), seed=0, mirrored=False)
    z, z_val = pairs.logits[0].double().cpu(), pairs.val_logits.double().cpu()
    pixels = pairs.data.images.cpu().flatten(1).double() / 255  # (45,000, 3072)
    val = pairs.val.images.cpu().flatten(1).double() / 255
    with progress(2, f"fitting the controls of {classifier.name}") as bar:
        state = _class_means(z.argmax(1), pixels)
        bar.advance()
        left, right, chosen, mse = _ridge(z, pixels, z_val, val)
        bar.advance()
    state |= {"mean": z.mean(0), "std": _std(z), "intercept": pixels.mean(0)}
    state |= {"left": rounded(left, MANTISSA), "right": rounded(right, MANTISSA)}
    facts = {"classifier_sha256": classifier.sha256, "penalty": str(chosen), "val_mse": f"{mse:.6f}"}
    return save_weights(state, path, facts)


def _std(z: Tensor) -> Tensor:
    return z.std(0).clamp_min(1e-6)


def _class_means(predicted: Tensor, pixels: Tensor) -> dict[str, Tensor]:
    counts = torch.bincount(predicted)
    classes = torch.nonzero(counts >= MIN_CLASS_IMAGES).flatten()
    means = [pixels[predicted == k].mean(0) for k in classes] + [pixels.mean(0)]
    images = torch.stack(means).view(-1, 3, 32, 32).permute(0, 2, 3, 1)  # (C + 1, 32, 32, 3)
    return {"classes": classes, "means": packed(images.mul(255).round().to(torch.uint8).numpy())}


def _ridge(z: Tensor, pixels: Tensor, z_val: Tensor, val: Tensor) -> tuple[Tensor, Tensor, float, float]:
    """Coefficients of the penalty that is best on ``val``, as the best factors of rank R on the training logits."""
    x, x_val = (z - z.mean(0)) / _std(z), (z_val - z.mean(0)) / _std(z)
    y, y_val = pixels - pixels.mean(0), val - pixels.mean(0)
    gram, cross = x.T @ x / len(x), x.T @ y / len(x)
    eye = torch.eye(len(gram), dtype=gram.dtype)
    fits = [(torch.linalg.solve(gram + penalty * eye, cross), penalty) for penalty in PENALTIES]
    errors = [float((x_val @ b - y_val).square().mean()) for b, _ in fits]
    best = int(np.argmin(errors))
    coefficients, penalty = fits[best]
    # the truncation that loses least on the fitted values X B: SVD of L^T B, with G = L L^T
    lower = torch.linalg.cholesky(gram + penalty * eye)
    u, s, v = torch.linalg.svd(lower.T @ coefficients, full_matrices=False)
    rank = min(RANK, len(gram))
    left = torch.linalg.solve_triangular(lower.T, u[:, :rank] * s[:rank].sqrt(), upper=True)
    right = s[:rank].sqrt()[:, None] * v[:rank]
    return left, right, penalty, float((x_val @ left @ right - y_val).square().mean())


def reference_predictions(classifier: LoadedClassifier, pool: Pixels, device: torch.device) -> NDArray[np.int64]:
    """The classifier's arg-max for each image of the shipped training pool, cached by the classifier's hash."""
    path = home() / "logits" / f"cifar10-reference-{classifier.sha256[:16]}.npy"
    if (kept := load_array(path)) is not None:
        return kept
    parts = []
    with torch.inference_mode(), progress(len(pool), f"classes of the training pool, {classifier.name}") as bar:
        for start in range(0, len(pool), 250):
            images = to_images(pool[start : start + 250]).to(device)
            parts.append(classifier.network(images).argmax(1).cpu().numpy())
            bar.advance(len(images))
    predicted = np.concatenate(parts)
    save_array(path, predicted)
    return predicted
