"""The judge as an extractor: a role, filled by the classifier that the dataset's card or ``--judge`` names."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.datasets.labels import Rows, named_by
from bench.metrics.extractors.base import Extractor

if TYPE_CHECKING:
    import torch

    from bench.cards import ClassifierCard, DatasetCard


class Judge(Extractor):
    """An independent classifier, never the target.

    Attributes:
        classifier: its name, as of any classifier; None while nobody plays the part.
    """

    name = "judge"
    title = "judge"
    about = "the judge's penultimate features"
    dimension = None
    missing = "There is no judge for these images: name a classifier as one, --judge NAME."

    def __init__(self, classifier: str | None = None) -> None:
        self.classifier = classifier

    def sha256(self) -> str | None:
        """The classifier's identity."""
        return self._sha256

    @property
    def classes(self) -> str:
        """Whose classes its logits name, as its card has it; empty where nobody knows."""
        return self._card.classes if self._card else ""

    def logits_of_labels(self, dataset: DatasetCard) -> Rows | None:
        """For each label the logit that names it, of length 0 where its logits do not name the labels.

        Args:
            dataset: under the name of its kind.

        Returns:
            (labels,), or None where nobody plays the part or the labels are not known.
        """
        if self._card is None or not dataset.class_names:
            return None
        rows = named_by(self._card, dataset)
        return np.empty(0, np.int64) if rows is None else rows

    @cached_property
    def _sha256(self) -> str | None:
        return self._card.identity if self._card else None

    @cached_property
    def _card(self) -> ClassifierCard | None:
        from bench.classifiers import classifier_card
        from bench.errors import WeightsError

        try:
            return classifier_card(self.classifier) if self.classifier else None
        except WeightsError as error:  # not here: what asks the judge has no score, and says why
            self.missing = str(error)
            return None

    def network(self, device: torch.device) -> Any:
        """The classifier, opened once a process."""
        assert self.classifier is not None
        return _opened(self.classifier, str(self.sha256()), str(device))


@cache
def _opened(name: str, sha256: str, device: str) -> Any:
    from bench.classifiers import open_classifier

    return open_classifier(name, device).network
