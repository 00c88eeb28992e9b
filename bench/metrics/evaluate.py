"""Station 4 whole: originals and reconstructions in, every metric of the protocol out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from bench.classifiers.base import Classifier
from bench.datasets.fetch_inception import NOT_HERE
from bench.errors import DataError, MetricError, UsageError
from bench.metrics.catalogue import METRICS, MIN_SET_IMAGES
from bench.metrics.features import FeatureCache, default_batch, network_extractor
from bench.metrics.folders import PixelSource
from bench.metrics.inception import inception_extractor
from bench.metrics.scoring import Data, score_all, too_few
from bench.metrics.streams import Arrays, Stream, collect, lpips_streams, network_stream, pixel_streams
from bench.record import Score

NO_JUDGE = "There is no judge for these images, only for cifar10."


@dataclass(frozen=True)
class Networks:
    """What the metrics look through; every network in evaluation mode and on ``device``.

    Attributes:
        classifier: the target; None leaves the target's metrics null.
        judge: an independent classifier; None leaves the judge's metrics null.
        efficientnet_lite0: the extractor of the set-level distances.
        lpips: from ``load_lpips``.
        inception_weights: torch-fidelity's file, for ``fid``.
        device: where to compute.
        shas: SHA-256 of the weights of ``classifier``, ``judge`` and ``efficientnet_lite0``, for the cache's keys.
    """

    classifier: nn.Module | None
    judge: Classifier | None
    efficientnet_lite0: Classifier
    lpips: nn.Module
    inception_weights: Path | None
    device: torch.device
    shas: dict[str, str]


@dataclass(frozen=True)
class Evaluation:
    """What was measured.

    Attributes:
        metrics: a score for every key of the catalogue, in its order; null with a note where there is no value.
        per_image: (N,) columns for ``per_image.parquet``: ``prediction_{target,judge}_{original,reconstruction}``
            (int64 top-1 classes, -1 where that network is not there) and each per-image metric (float64, NaN where
            not defined).
        reconstruction_logits: (N, K) the target's logits of the reconstructions; None where there is no target, or
            where it failed.
    """

    metrics: dict[str, Score]
    per_image: dict[str, NDArray[Any]]
    reconstruction_logits: NDArray[np.float32] | None = None


def evaluate(
    originals: PixelSource,
    reconstructions: PixelSource,
    *,
    labels: NDArray[np.integer] | None,
    logits: NDArray[np.floating] | None,
    networks: Networks,
    second_draw: PixelSource | None = None,
    stochastic: bool = False,
    target_is_extractor: bool = False,
    cache: Path | None = None,
    anew: bool = False,
    batch: int | None = None,
    wanted: Collection[str] | None = None,
) -> Evaluation:
    """Score N reconstructions against their N originals, streaming over blocks of 250 rows.

    Args:
        originals: (N, H, W, 3) uint8 in published order, in memory, memory-mapped or from ``score_folders``.
        reconstructions: the same shape, row i made from original i.
        labels: (N,) true classes, or None.
        logits: (N, K) stored logits z of the originals; None computes them.
        networks: what to look through.
        second_draw: reconstructions of the same logits from other noise, for ``diversity``.
        stochastic: whether noise changes the inverter's answer.
        target_is_extractor: the target is EfficientNet-Lite0 itself: it is asked once and the scores say so.
        cache: folder for the originals' features; what was computed for these very pixels is not computed again.
        anew: take nothing from the cache that another process wrote.
        batch: images at a time through the networks; changes speed and memory, not the results.
        wanted: keys of the metrics to compute; None computes all of the catalogue.

    Raises:
        DataError: the images are not paired uint8 images of one size.
        UsageError: labels or logits do not match them in number.
    """
    n = _check(originals, reconstructions, second_draw, labels, logits)
    arrays = Arrays(n)
    if logits is not None:
        arrays.put("target_original", slice(0, n), np.asarray(logits, dtype=np.float32))
    keys = [key for key in METRICS if wanted is None or key in wanted]
    needed = frozenset(need for key in keys for need in METRICS[key].needs)
    streams = [stream for stream in pixel_streams() if set(stream.names) & set(keys)]
    streams += _streams(arrays, networks, FeatureCache(cache, anew), batch, target_is_extractor, needed)
    size, second = batch or default_batch(networks.device), stochastic and second_draw is not None
    distances = lpips_streams(networks.lpips, networks.device, size, second=second)
    streams += [stream for stream in distances if set(stream.names) & set(keys)]
    arrays.miss(["diversity"] if second_draw is None else [], "No second draw was made, which diversity needs.")
    # TF32 would cost a GPU's convolutions three digits.
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        if streams:
            collect(arrays, streams, originals, reconstructions, second_draw if stochastic else None)
    truth = None if labels is None else np.asarray(labels, dtype=np.int64)
    metrics, columns = score_all(Data(arrays, truth, target_is_extractor, stochastic), keys)
    seen = "target_reconstruction"
    logits_again = arrays[seen].astype(np.float32, copy=False) if seen in arrays else None
    asked = [role for role in ("target", "judge") if wanted is None or role in needed]
    return Evaluation(metrics, {**_predictions(arrays, asked), **columns}, logits_again)


def _streams(
    arrays: Arrays,
    networks: Networks,
    cache: FeatureCache,
    batch: int | None,
    target_is_extractor: bool,
    needed: frozenset[str],
) -> list[Stream]:
    """What to ask of the networks that are needed, for this N; marks as missing what they cannot give."""
    device, known = networks.device, [name for name in ("target_original",) if name in arrays]
    streams: list[Stream] = []

    def add(role: str, network: nn.Module, wanted: dict[str, str]) -> None:
        extractor = network_extractor(role, networks.shas.get(role, ""), network, device, batch)
        keeps = cache if role in networks.shas else FeatureCache(None)
        streams.append(network_stream(extractor, wanted, keeps, known))

    features = "efficientnet_lite0" in needed and arrays.n >= MIN_SET_IMAGES
    wanted_of_extractor = {"efficientnet_lite0": "features"} if features else {}
    if networks.classifier is None:
        arrays.miss(_both("target"), "No classifier was given: add --classifier.")
    elif target_is_extractor and "target" in needed:
        wanted_of_extractor["target"] = "logits"
    elif "target" in needed:
        add("classifier", networks.classifier, {"target": "logits"})
    if networks.judge is None:
        arrays.miss(_both("judge", "judge_features"), NO_JUDGE)
    elif "judge" in needed:
        add("judge", networks.judge, {"judge": "logits", "judge_features": "features"})
    if wanted_of_extractor:
        add("efficientnet_lite0", networks.efficientnet_lite0, wanted_of_extractor)
    if arrays.n < MIN_SET_IMAGES:
        arrays.miss(_both("efficientnet_lite0"), too_few(arrays.n))
    return streams + (_inception_stream(arrays, networks, cache) if "inception" in needed else [])


def _inception_stream(arrays: Arrays, networks: Networks, cache: FeatureCache) -> list[Stream]:
    """The features of ``fid``, if the real weights are here and N is large enough to need them."""
    path = networks.inception_weights
    try:
        if path is None or not path.is_file():
            raise MetricError(NOT_HERE)
        if arrays.n < MIN_SET_IMAGES:
            raise MetricError(too_few(arrays.n))
        extractor = inception_extractor(path, networks.device)
    except MetricError as error:
        arrays.miss(_both("inception"), str(error))
        return []
    return [network_stream(extractor, {"inception": "features"}, cache)]


def _both(*names: str) -> list[str]:
    return [f"{name}_{side}" for name in names for side in ("original", "reconstruction")]


def _check(
    originals: PixelSource,
    reconstructions: PixelSource,
    second: PixelSource | None,
    labels: NDArray[np.integer] | None,
    logits: NDArray[np.floating] | None,
) -> int:
    """N, after everything was found to match."""
    shape = tuple(originals.shape)
    if len(shape) != 4 or shape[-1] != 3 or 0 in shape:
        raise DataError(f"Images are expected as (N, H, W, 3) uint8 with N at least 1, the originals are {shape}.")
    for name, source in (("reconstructions", reconstructions), ("second draw", second)):
        if source is not None and tuple(source.shape) != shape:
            raise DataError(f"The {name} must match the originals one to one: {tuple(source.shape)} is not {shape}.")
    for source in (originals, reconstructions):
        if source[0:1].dtype != np.uint8:
            raise DataError(f"Images are scored as stored, in uint8, not {source[0:1].dtype}: round them first.")
    for name, values in (("labels", labels), ("logits", logits)):
        if values is not None and len(values) != shape[0]:
            raise UsageError(f"There are {shape[0]} images and {len(values)} {name}; give one each, or none.")
    return shape[0]


def _predictions(arrays: Arrays, roles: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """Top-1 classes by target and judge, as far as they were asked; -1 where there are no logits."""
    columns = {}
    for name in _both(*roles):
        found = arrays[name].argmax(axis=1) if name in arrays else np.full(arrays.n, -1)
        columns[f"prediction_{name}"] = found.astype(np.int64)
    return columns
