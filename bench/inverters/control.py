"""Controls: the floors and ceilings beside which a score can be read. They are no inverters and may see more."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from bench.inverters.base import Access, Target, Training

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from bench.classifiers import LoadedClassifier
    from bench.datasets.base import Dataset, Pixels


@dataclass(frozen=True)
class Shard:
    """What a control may look at for some rows of the published order.

    Attributes:
        rows: their positions in the published order.
        originals: (n, H, W, 3) uint8.
        labels: (n,) true classes.
        logits: (n, K) of the originals.
        seeds: n integers.
    """

    rows: range
    originals: Pixels
    labels: NDArray[Any]
    logits: torch.Tensor
    seeds: Sequence[int]


class Control(ABC):
    """One floor or ceiling.

    Attributes:
        name: as in the tables.
        question: what it answers, one line.
        role: in sentences that compare, one of ``bench.cards.ROLES``, or None.
        citation: keys of ``bench/references.bib``, or whole BibTeX entries.
        access, training, stochastic, version, precisions: as for inverters.
    """

    name: ClassVar[str]
    question: ClassVar[str] = ""
    role: ClassVar[str | None] = None
    citation: ClassVar[tuple[str, ...]] = ()
    access: ClassVar[Access] = "original"
    training: ClassVar[Training] = "none"
    stochastic: ClassVar[bool] = False
    version: ClassVar[str] = "1"
    precisions: ClassVar[tuple[str, ...]] = ("float32",)

    def __init__(self, target: Target, dataset: Dataset, classifier: LoadedClassifier) -> None:
        """Load what is needed.

        Raises:
            SkipCellError: the training data that it needs are not there; says what to fetch.
        """
        self.target, self.dataset, self.classifier = target, dataset, classifier
        self.weights: dict[str, str] = {}

    @classmethod
    def too_dear(cls, dataset: Dataset, classifier_sha256: str, num_images: int) -> str | None:
        """Why a run of so many images does not add it unasked; None where it does.

        Asked before anything is loaded, and only where no finished cell is there.
        """
        return None

    def prepare(self, num_images: int) -> None:
        """What a run of so many images needs before its first shard; not part of the time that is measured.

        Raises:
            SkipCellError: as the constructor.
        """
        return

    @abstractmethod
    def reconstruct(self, shard: Shard) -> Pixels:
        """(n, H, W, 3) uint8 in place of the reconstructions of this shard."""

    def note(self, logits: torch.Tensor) -> str | None:
        """A caveat for the table, given the logits (N, K) of the whole run."""
        return None
