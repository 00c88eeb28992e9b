"""What an extractor is: a network that metrics look through, known by its weights. Imports no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import torch


class Extractor(ABC):
    """A network whose features are compared; a subclass writes ``sha256`` and ``network``.

    Registered under ``bench.extractors``, it has a distance of each family at once: ``fd_NAME``, ``kid_NAME``.

    Attributes:
        name: as in keys of metrics and on the command line.
        title: for table headings.
        about: what is compared, for definitions.
        dimension: F, null where it is not known beforehand; 0 of a network that compares pairs and gives no features.
        resizing: what is done to images first; part of its scores' fingerprints. Empty where its version says it.
        resized_as: under which name records speak of the resizing, its own by default.
        missing: why there is no score where its weights are not here, and what to type.
        batches: images a pass on a CPU and on a GPU; null takes what is usual. Changes speed alone.
        citation: keys of ``bench/references.bib``, or whole BibTeX entries.
    """

    name: ClassVar[str]
    title: ClassVar[str] = ""
    about: ClassVar[str] = ""
    dimension: ClassVar[int | None]
    resizing: ClassVar[str] = ""
    resized_as: ClassVar[str] = ""
    missing: str = "The weights are not here."
    batches: ClassVar[tuple[int, int] | None] = None
    citation: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def sha256(self) -> str | None:
        """Of the weights, without opening them; None where they are not here. Asked for often: keep what took long."""

    @abstractmethod
    def network(self, device: torch.device) -> Any:
        """On the device: float images (n, 3, H, W) in [0, 1] to features (n, F), as a function or a frozen module.

        Raises:
            MetricError: the weights are not what they should be.
        """
