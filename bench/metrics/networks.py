"""What the metrics look through: the network that was inverted, and the extractors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import torch

from bench.cards import DatasetCard
from bench.classifiers import LoadedClassifier
from bench.datasets.labels import Rows
from bench.metrics.base import JUDGE, TARGET, Metric
from bench.metrics.extractors import Extractor, extractors, identity
from bench.metrics.extractors.judge import Judge

NO_TARGET = "No classifier was given: add --classifier."


@dataclass(frozen=True)
class Networks:
    """What the metrics look through.

    Attributes:
        target: the classifier that was inverted; None leaves its metrics null.
        device: where to compute.
        extractors: by name, the judge among them; each is opened where a metric needs it.
        labels: (labels,) the judge's logit that names each label, of length 0 where its logits do not name the labels;
            None where that is not known, and a label is taken for the number of a logit.
    """

    target: LoadedClassifier | None
    device: torch.device
    extractors: Mapping[str, Extractor] = field(default_factory=extractors)
    labels: Rows | None = None

    def open(self, name: str) -> Any:
        """The network of ``target`` or of an extractor; registered ones are opened once a process."""
        if name == TARGET:
            assert self.target is not None
            return self.target.network
        one = self.extractors[name]
        return _opened(one, str(self.device)) if one is extractors().get(name) else one.network(self.device)

    def sha256(self, name: str) -> str | None:
        """Of the weights of ``target`` or of an extractor; None where they are not here."""
        if name == TARGET:
            return self.target.sha256 if self.target else None
        return identity(self.extractors[name])

    def asked_about(self, dataset: DatasetCard) -> Networks:
        """The same, with what the judge's logits say of a dataset's labels.

        Args:
            dataset: its card under the name of its kind.
        """
        judge = self.extractors.get(JUDGE)
        return replace(self, labels=judge.logits_of_labels(dataset) if isinstance(judge, Judge) else None)

    @property
    def apart(self) -> bool:
        """Whether target and judge are known to name different classes."""
        target = self.target.card.classes if self.target and self.target.card else ""
        judge = self.extractors.get(JUDGE)
        named = judge.classes if isinstance(judge, Judge) else ""
        return bool(target and named) and target != named

    def lacks(self, metric: Metric, n: int) -> str | None:
        """Why a metric cannot be computed for N images, or None."""
        if metric.needs.target and self.target is None:
            return NO_TARGET
        for name in metric.needs.extractors:
            if name not in self.extractors:
                return f"There is no extractor called {name!r}: bench list extractors."
            if self.sha256(name) is None:
                return self.extractors[name].missing
        return too_few(n, metric.least_images) if n < metric.least_images else None


@cache
def _opened(extractor: Extractor, device: str) -> Any:
    return extractor.network(torch.device(device))


def too_few(n: int, least: int) -> str:
    """Why set-level distances are null."""
    return f"Set-level distances need at least {least:,} images, here are {n:,}."
