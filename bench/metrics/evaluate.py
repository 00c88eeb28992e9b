"""Station 4 whole: originals and reconstructions in, scores out, streaming over blocks of rows.

A stream is one computation of every block: what a network sees, or what a metric's ``look`` gives. Where it fails, its
arrays are missing with the error's text and the other streams go on. The scores are computed from the arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bench.classifiers.base import Classifier
from bench.errors import DataError, MetricError, UsageError, error_text
from bench.metrics.base import GALLERY, JUDGE, TARGET, Array, Arrays, Block, Data, Doubles, Metric, Name, both
from bench.metrics.features import BLOCK, FeatureCache, OpenExtractor, default_batch, open_extractor
from bench.metrics.folders import PixelSource
from bench.metrics.networks import Networks
from bench.metrics.per_image import attempt, attempt_set
from bench.metrics.registry import chosen
from bench.progress import each, progress
from bench.store.record import Score

NO_SECOND = "No second draw was made, which {key} needs."
ROLES = (TARGET, JUDGE)
SIDES = ("original", "reconstruction")
ANSWERS = "prediction_"  # how columns of top-1 classes begin


@dataclass(frozen=True)
class Evaluation:
    """What was measured.

    Attributes:
        metrics: a score for every metric that was wanted, in their order; null with a note where there is no value.
        per_image: (N,) columns for ``per_image.parquet``: ``prediction_{target,judge}_{original,reconstruction}``
            (int64 top-1 classes, -1 where that network is not there) and each per-image metric (float64, NaN where
            not defined).
        reconstruction_logits: (N, K) the target's logits of the reconstructions; None where there is no target, or
            where it failed.
    """

    metrics: dict[str, Score]
    per_image: dict[str, NDArray[Any]]
    reconstruction_logits: NDArray[np.float32] | None = None

    def over(self, columns: Mapping[str, Array]) -> dict[str, Array]:
        """Earlier columns with those of today in their places; the classes by a network that is not there stay."""
        absent = {name for name, found in self.per_image.items() if name.startswith(ANSWERS) and (found < 0).all()}
        return {**columns, **{k: v for k, v in self.per_image.items() if k not in absent or k not in columns}}


@dataclass(frozen=True)
class Stream:
    """One computation: a block to the named arrays of that block's rows, or to the one array that it makes."""

    names: tuple[Name, ...]
    compute: Callable[[Block], Mapping[Name, Array] | Array]


def evaluate(
    originals: PixelSource,
    reconstructions: PixelSource,
    *,
    labels: NDArray[np.integer] | None,
    logits: NDArray[np.floating] | None,
    networks: Networks,
    second_draw: PixelSource | None = None,
    stochastic: bool = False,
    gallery: int = GALLERY,
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
        gallery: images a gallery of the retrieval ranks.
        cache: folder for the originals' features; what was computed for these very pixels is not computed again.
        anew: take nothing from the cache that another process wrote.
        batch: images at a time through the networks; changes speed and memory, not the results.
        wanted: keys of the metrics to compute; None computes those that are always computed.

    Raises:
        DataError: the images are not paired uint8 images of one size.
        UsageError: labels or logits do not match them in number, or there is no such metric.
    """
    n = _check(originals, reconstructions, second_draw, labels, logits)
    arrays, asked = Arrays(n), chosen(wanted)
    if logits is not None:
        arrays.put(both(TARGET, "logits")[0], slice(0, n), np.asarray(logits, dtype=np.float32))
    lacking = {metric.key: reason for metric in asked if (reason := networks.lacks(metric, n))}
    possible = [metric for metric in asked if metric.key not in lacking]
    draw = second_draw if stochastic else None
    for metric in possible:
        if metric.needs.second and draw is None:
            arrays.miss([(metric.key,)], NO_SECOND.format(key=metric.key))
    looking = [m for m in possible if m.needs.pixels or (m.needs.second and draw is not None)]
    opened = _networks_of(arrays, looking, networks)
    streams = [Stream(((m.key,),), m.look) for m in looking if (m.key,) not in arrays.missing]
    streams += _network_streams(arrays, possible, networks, FeatureCache(cache, anew), batch)
    # TF32 would cost a GPU's convolutions three digits.
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        collect(arrays, streams, (originals, reconstructions, draw), opened, networks.device, batch)
    truth = None if labels is None else np.asarray(labels, dtype=np.int64)
    compared = {name for metric in possible for name in metric.needs.features}
    twins = frozenset(name for name in compared if networks.sha256(name) == networks.sha256(TARGET))
    data = Data(arrays, truth, stochastic, gallery, twins, networks.labels, networks.apart)
    metrics, columns = _scores(asked, lacking, data)
    seen = both(TARGET, "logits")[1]
    again = arrays[seen].astype(np.float32, copy=False) if seen in arrays else None
    roles = [role for role in ROLES if wanted is None or any(role in m.needs.logits for m in asked)]
    return Evaluation(metrics, {**_predictions(arrays, roles), **columns}, again)


def collect(
    arrays: Arrays,
    streams: Sequence[Stream],
    sources: tuple[PixelSource, PixelSource, PixelSource | None],
    opened: Mapping[str, Any],
    device: torch.device,
    batch: int | None,
) -> None:
    """Run every stream over all blocks; boundaries are fixed, so that nothing depends on how images are stored."""
    if not streams:
        return
    alive = list(streams)
    with progress(arrays.n, "scoring") as bar:
        for start in range(0, arrays.n, BLOCK):
            rows = slice(start, min(start + BLOCK, arrays.n))
            original, reconstruction = (np.ascontiguousarray(source[rows]) for source in sources[:2])
            second = None if sources[2] is None else np.ascontiguousarray(sources[2][rows])
            block = Block(original, reconstruction, second, opened, device, batch or default_batch(device))
            for stream in tuple(alive):
                try:
                    found = stream.compute(block)
                    for name, values in found.items() if isinstance(found, Mapping) else ((stream.names[0], found),):
                        arrays.put(name, rows, values)
                except (Exception, SystemExit) as error:  # a metric may fail in any way, and the others must go on
                    arrays.miss(stream.names, error_text(error))
                    alive.remove(stream)
            bar.advance(rows.stop - rows.start)


def _networks_of(arrays: Arrays, metrics: Sequence[Metric], networks: Networks) -> dict[str, Any]:
    """The networks that metrics ask themselves; what needs one that cannot be opened is missing."""
    opened: dict[str, Any] = {}
    for metric in metrics:
        try:
            opened |= {name: networks.open(name) for name in metric.needs.networks if name not in opened}
        except (Exception, SystemExit) as error:
            arrays.miss([(metric.key,)], error_text(error))
    return opened


def _network_streams(
    arrays: Arrays, metrics: Sequence[Metric], networks: Networks, cache: FeatureCache, batch: int | None
) -> list[Stream]:
    """What to ask of target and extractors: one stream for those of bench's classifiers that are one network."""
    wanted: dict[str, dict[str, None]] = {}  # layers by network
    for metric in metrics:
        for layer, names in (("logits", metric.needs.logits), ("features", metric.needs.features)):
            for name in names:
                wanted.setdefault(name, {})[layer] = None
    alike: dict[str | None, list[tuple[str, Any]]] = {}
    for name in sorted(wanted, key=lambda name: name == TARGET):
        with _missing(arrays, name, wanted[name]):
            network = networks.open(name)
            same = networks.sha256(name) if isinstance(network, Classifier) else name
            alike.setdefault(same, []).append((name, network))
    streams = []
    for (name, network), *others in alike.values():
        keys = [(one, layer, side) for one, _ in [(name, network), *others] for layer in wanted[one] for side in SIDES]
        if name in ROLES and not callable(getattr(network, "features", None)):
            arrays.miss(both(name, "features"), f"The {name} has no penultimate features, a method features(images).")
        keys = [key for key in keys if key not in arrays and key not in arrays.missing]
        known, sha256 = networks.extractors.get(name), str(networks.sha256(name))
        usual, resizing = (known.batches, known.resizing) if known and name != TARGET else (None, "")
        size = batch or (usual[networks.device.type == "cuda"] if usual else None)
        ask = {layer: network.features if layer == "features" and name in ROLES else network for _, layer, _ in keys}
        extractor = open_extractor(name, sha256, network, networks.device, size, ask, resizing)
        streams.append(_network_stream(extractor, keys, cache))
    return streams


@contextmanager
def _missing(arrays: Arrays, name: str, layers: Iterable[str]) -> Iterator[None]:
    """What cannot be opened leaves its arrays missing; weights may be refused in any way."""
    try:
        yield
    except (Exception, SystemExit) as error:
        arrays.miss([key for layer in layers for key in both(name, layer)], error_text(error))


def _network_stream(extractor: OpenExtractor, keys: Sequence[Name], cache: FeatureCache) -> Stream:
    """What one network makes of originals and reconstructions; a side that is known already is not looked at."""
    layers = frozenset(layer for _, layer, _ in keys)

    def compute(block: Block) -> Mapping[Name, Array]:
        found: dict[Name, Array] = {}
        for side in SIDES:
            if names := [key for key in keys if key[2] == side]:
                seen = cache.features(extractor, getattr(block, side), keep=side == "original", layers=layers)
                found |= {key: _rows_of_numbers(extractor.name, seen[key[1]]) for key in names}
        return found

    return Stream(tuple(keys), compute)


def _scores(
    metrics: Sequence[Metric], lacking: Mapping[str, str], data: Data
) -> tuple[dict[str, Score], dict[str, Doubles]]:
    """These metrics, and the per-image values of those that have them (NaN where null)."""
    scores: dict[str, Score] = {}
    columns: dict[str, Doubles] = {}
    for metric in each(tuple(metrics), "computing scores"):
        compute = partial(_computed, metric, data, lacking.get(metric.key))
        if metric.card.level == "image":
            score, columns[metric.key] = attempt(compute, data.n)
        else:
            score = attempt_set(compute, data.n)
        scores[metric.key] = replace(score, higher_is_better=metric.card.higher_is_better)
    return scores, columns


def _computed(metric: Metric, data: Data, reason: str | None) -> Any:
    if reason is not None:
        raise MetricError(reason)
    return metric.compute(data)


def _rows_of_numbers(name: str, values: Array) -> Array:
    if values.ndim != 2:
        raise MetricError(f"{name} should give a row of numbers an image, (n, F), and gives {values.shape}.")
    if not np.isfinite(values).all():
        raise MetricError(f"{name} gives values that are not finite.")
    return values


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
    for role in roles:
        for name in both(role, "logits"):
            found = arrays[name].argmax(axis=1) if name in arrays else np.full(arrays.n, -1)
            columns[f"{ANSWERS}{role}_{name[2]}"] = found.astype(np.int64)
    return columns
