"""The judge as an extractor: a role, filled by the classifier that the dataset's card or ``--judge`` names."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from bench.metrics.extractors.base import Extractor

if TYPE_CHECKING:
    import torch


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

    @cached_property
    def _sha256(self) -> str | None:
        from bench.classifiers import classifier_card
        from bench.errors import WeightsError

        try:
            return classifier_card(self.classifier).identity if self.classifier else None
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
