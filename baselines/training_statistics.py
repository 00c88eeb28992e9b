"""What some controls need from the training split, in compact form: class means and the ridge regression.

For shipped classifiers it lies in the zoo (``bench train controls --classifier C`` made it); for a user's own it is
fitted once from the training images and kept.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.classifiers import LoadedClassifier
from bench.config import DEFAULT_DATASET
from bench.datasets import load_dataset, load_training
from bench.datasets.base import Dataset, Pixels, to_images
from bench.errors import DataError, SkipCellError, UsageError, WeightsError
from bench.paths import home
from bench.progress import progress
from bench.store.sealed import load_array, save_array
from bench.weights.files import Weights, open_weights, rounded, save_weights
from bench.weights.lookup import fitted

MIN_CLASS_IMAGES = 10
RANK = 128
MANTISSA = 7  # bits kept of the regression's two factors; everything else has fp16's 10
TILES = 16  # class means beside each other in their sheet
PENALTIES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
BLOCK = 2_500  # images that are read at once
Blocks = Callable[[], Iterable[tuple[Tensor, Tensor]]]  # logits and pixels, a block at a time, as often as asked


@dataclass(frozen=True)
class TrainingStatistics:
    """Class means, and a ridge regression from standardised logits to pixels as two factors.

    Attributes:
        classes: (C,) classes that at least 10 training images are put into.
        means: (C + 1, S, S, 3) uint8, the classes' mean images, then the overall mean.
        mean, std: (K,) of the training logits.
        left, right: (K, R) and (R, 3 S S), the regression's coefficients; R = min(K, 128).
        intercept: (3 S S,) mean training image in [0, 1].
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
        """Logits (N, K) to pixels (N, 3 S S) in units of [0, 1] images, not clipped."""
        return self.intercept + (logits - self.mean) / self.std @ self.left @ self.right


def training_split(dataset: Dataset, name: str) -> Dataset:
    """The training images of what is evaluated.

    Raises:
        SkipCellError: there are none, or they are not here; says which of its names asks and what to fetch.
    """
    try:
        return load_dataset(dataset.name, "train")
    except UsageError as error:
        raise SkipCellError(f"{name} needs a training split, and {dataset.name} has none.") from error
    except DataError as error:
        raise SkipCellError(f"{name} needs the training images of {dataset.name}. {error}") from error


def statistics_of(
    classifier: LoadedClassifier, dataset: Dataset, device: torch.device, name: str = "This control"
) -> TrainingStatistics:
    """The statistics for one classifier and dataset: shipped, kept, or fitted now.

    Raises:
        SkipCellError: they would have to be fitted and the training images are not here.
    """
    for one in fitted("class-mean", classifier.sha256):
        if not one.own and (one.dataset, one.image_size) == (dataset.name, dataset.image_size):
            return _opened(open_weights(one.path, one.sha256))
    if dataset.name != DEFAULT_DATASET:
        training_split(dataset, name)
    path = own_statistics(classifier.sha256, dataset.name)
    if not path.exists():
        try:
            fit(classifier, dataset.name, device, path)
        except DataError as error:
            raise SkipCellError(f"{name} is fitted on the training split. {error}") from error
    return _opened(open_weights(path))


def _opened(weights: Weights) -> TrainingStatistics:
    state = weights.tensors
    if state["means"].dim() != 1:
        raise WeightsError("The statistics of the controls are of an older form. Fit them anew: bench train controls")
    means = torch.from_numpy(unpacked(state["means"], len(state["classes"]) + 1))
    return TrainingStatistics(**(state | {"means": means}), sha256=weights.sha256)


def packed(images: Pixels) -> Tensor:
    """Images (n, S, S, 3) as the bytes of a lossless WebP sheet, (B,) uint8: half of what xz makes of them.

    The most effort would make it a twentieth smaller in ten times the time.
    """
    from PIL import Image

    side = images.shape[1]
    blank = np.zeros((-len(images) % TILES, *images.shape[1:]), np.uint8)
    tiles = np.concatenate([images, blank]).reshape(-1, TILES, side, side, 3)
    buffer = io.BytesIO()
    sheet = np.ascontiguousarray(tiles.swapaxes(1, 2)).reshape(-1, side * TILES, 3)
    Image.fromarray(sheet).save(buffer, "WEBP", lossless=True, quality=75, method=4)
    return torch.frombuffer(bytearray(buffer.getvalue()), dtype=torch.uint8)


def unpacked(data: Tensor, count: int) -> Pixels:
    """The first ``count`` images of such a sheet."""
    from PIL import Image

    with Image.open(io.BytesIO(data.numpy().tobytes())) as image:
        sheet = np.asarray(image.convert("RGB"))
    side = sheet.shape[1] // TILES
    tiles = sheet.reshape(-1, side, TILES, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)
    return np.ascontiguousarray(tiles[:count])


def own_statistics(classifier_sha256: str, dataset: str) -> Path:
    """Where statistics that do not ship are kept: by the classifier, and by the identity of other training images."""
    images = "" if dataset == DEFAULT_DATASET else f"-{load_training(dataset)[0].fingerprint}"
    return home() / "training-statistics" / f"{classifier_sha256[:16]}{images}.safetensors"


def fit(classifier: LoadedClassifier, dataset: str, device: torch.device, path: Path) -> Path:
    """Fit on ``train``, choose the ridge penalty on ``val``, and write the file.

    Images are read a block at a time; what grows is (classes, pixels) and (K, pixels).
    """
    from bench.training.engine import Engine
    from bench.training.pairs import TrainingPairs

    pairs = TrainingPairs(classifier, Engine(device), seed=0, dataset=dataset, mirrored=False)
    train, val = _blocks(pairs.data.dataset, pairs.views[0]), _blocks(pairs.val.dataset, pairs.val_logits)
    with progress(2, f"fitting the controls of {classifier.name}") as bar:
        state = _class_means(train, pairs.num_logits, pairs.image_size)
        bar.advance()
        regression, chosen, mse = _ridge(train, val)
        bar.advance()
    facts = {"classifier_sha256": classifier.sha256, "penalty": str(chosen), "val_mse": f"{mse:.6f}"}
    return save_weights(state | regression, path, facts | {"dataset": dataset, "image_size": str(pairs.image_size)})


def _blocks(images: Dataset, logits: Tensor) -> Blocks:
    """Logits (n, K) and pixels (n, 3 S S) in [0, 1], float64, of a block of images after the other."""

    def read() -> Iterator[tuple[Tensor, Tensor]]:
        for start in range(0, len(images), BLOCK):
            pixels = torch.from_numpy(np.array(images.pixels(slice(start, start + BLOCK))))
            yield logits[start : start + BLOCK].double().cpu(), pixels.permute(0, 3, 1, 2).flatten(1).double() / 255

    return read


def _class_means(train: Blocks, num_logits: int, side: int) -> dict[str, Tensor]:
    sums = torch.zeros(num_logits, 3 * side**2, dtype=torch.float64)
    counts = torch.zeros(num_logits, dtype=torch.int64)
    for z, pixels in train():
        predicted = z.argmax(1)
        sums.index_add_(0, predicted, pixels)
        counts += torch.bincount(predicted, minlength=num_logits)
    classes = torch.nonzero(counts >= MIN_CLASS_IMAGES).flatten()
    means = torch.cat([sums[classes] / counts[classes, None], sums.sum(0, keepdim=True) / counts.sum()])
    images = means.view(-1, 3, side, side).permute(0, 2, 3, 1)  # (C + 1, S, S, 3)
    return {"classes": classes, "means": packed(images.mul(255).round().to(torch.uint8).numpy())}


@dataclass(frozen=True)
class _Moments:
    """Second moments a row of standardised logits x and centred pixels y: what the squared error of y = x B needs."""

    xx: Tensor
    xy: Tensor
    yy: float

    @classmethod
    def of(cls, blocks: Blocks, mean: Tensor, std: Tensor, intercept: Tensor) -> _Moments:
        """One pass over blocks of raw logits and pixels."""
        xx, xy = torch.zeros(len(mean), len(mean)).double(), torch.zeros(len(mean), len(intercept)).double()
        yy, count = 0.0, 0
        for z, pixels in blocks():
            x, y = (z - mean) / std, pixels - intercept
            xx.addmm_(x.T, x)
            xy.addmm_(x.T, y)
            yy, count = yy + float(y.square().sum()), count + len(z)
        return cls(xx / count, xy / count, yy / count)

    def error(self, b: Tensor) -> float:
        """Mean squared error over all pixels."""
        return (float((b * (self.xx @ b - 2 * self.xy)).sum()) + self.yy) / b.shape[1]


def _ridge(train: Blocks, val: Blocks) -> tuple[dict[str, Tensor], float, float]:
    """The regression with the penalty that is best on ``val``, as the best factors of rank R on the training logits.

    Returns:
        ``mean``, ``std``, ``intercept``, ``left`` and ``right``; the penalty; the mean squared error on ``val``.
    """
    count = sum(len(z) for z, _ in train())
    mean, intercept = (sum(parts) / count for parts in zip(*((z.sum(0), y.sum(0)) for z, y in train()), strict=True))
    std = (sum((z - mean).square().sum(0) for z, _ in train()) / (count - 1)).sqrt().clamp_min(1e-6)
    fitted_on, held_out = (_Moments.of(blocks, mean, std, intercept) for blocks in (train, val))
    eye = torch.eye(len(mean), dtype=mean.dtype)

    def coefficients(penalty: float) -> Tensor:
        return torch.cholesky_solve(fitted_on.xy, torch.linalg.cholesky(fitted_on.xx + penalty * eye))

    penalty = min(PENALTIES, key=lambda one: held_out.error(coefficients(one)))
    # the truncation that loses least on the fitted values X B: SVD of M = L^T B, with G = L L^T, by that of M M^T
    lower = torch.linalg.cholesky(fitted_on.xx + penalty * eye)
    m = lower.T @ coefficients(penalty)
    squares, u = torch.linalg.eigh(m @ m.T)
    rank = min(RANK, len(mean))
    u, s = u.flip(1)[:, :rank], squares.flip(0)[:rank].clamp_min(1e-12 * float(squares[-1])).sqrt()
    left = torch.linalg.solve_triangular(lower.T, u * s.sqrt(), upper=True)
    right = u.T @ m / s.sqrt()[:, None]
    factors = {"left": rounded(left, MANTISSA), "right": rounded(right, MANTISSA)}
    return {"mean": mean, "std": std, "intercept": intercept} | factors, penalty, held_out.error(left @ right)


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
