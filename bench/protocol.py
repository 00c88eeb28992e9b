"""How reconstructions are scored, as data: what ``bench.store.fingerprint`` is made of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.cards import DatasetCard
from bench.local import local_name
from bench.metrics.base import Metric
from bench.metrics.extractors import Extractor, identity, playing
from bench.metrics.extractors.judge import Judge
from bench.metrics.registry import chosen, metrics, ours
from bench.store.fingerprint import digest


def protocol_of(
    kind: str,
    order: str,
    gallery: int,
    *,
    judge: str | None = None,
    inception: Path | None = None,
    asked: Collection[str] = (),
    dataset: DatasetCard | None = None,
) -> dict[str, Any]:
    """The parts that scores are made of, and the ``fingerprint`` of those of bench's own metrics together.

    Args:
        kind: of the dataset.
        order: its fingerprint: of ids, labels and order.
        gallery: images a gallery.
        judge: the classifier that plays it; None where nobody does.
        inception: the user's own file of its weights; by default the fetched ones.
        asked: keys of metrics beside those that are always computed.
        dataset: its card under the name of its kind, for what the judge's logits say of its labels.
    """
    known = playing(judge, inception)
    data = {"dataset": kind, "order": order, "gallery": gallery} | _judge_names(known["judge"], dataset)
    own = data | _made_of(filter(ours, metrics().values()), known)
    everything = data | _made_of([*metrics().values(), *chosen(asked)], known)
    named = {"judge": local_name(judge) if ".py:" in judge else judge} if judge else {}
    return {"fingerprint": digest(own)} | everything | named


def _judge_names(judge: Extractor, dataset: DatasetCard | None) -> dict[str, Any]:
    """Whose classes the judge's logits name, and which logit each label; nothing where a label is its logit's number.

    ``logits`` is a digest, or None where the logits do not name the labels.
    """
    if dataset is None or not isinstance(judge, Judge):
        return {}
    rows = judge.logits_of_labels(dataset)
    if rows is None or rows.tolist() == list(range(len(rows) or 1)):
        return {}
    named = digest({"logits": rows.tolist()}) if len(rows) else None
    return {"judge_names": {"classes": judge.classes, "logits": named}}


def _made_of(some: Iterable[Metric], known: Mapping[str, Extractor]) -> dict[str, Any]:
    """Resizing, extractors by SHA-256, and versions: all that decides these metrics."""
    some = list(some)
    needed = dict.fromkeys(name for metric in some for name in metric.needs.extractors if name in known)
    shas = {name: identity(known[name]) for name in needed}
    return {
        "resizing": {known[name].resized_as or name: known[name].resizing for name in needed if known[name].resizing},
        "extractors": {name: sha256 for name, sha256 in shas.items() if sha256},
        "metric_versions": {metric.versioned_as or metric.key: metric.card.version for metric in some},
    }
