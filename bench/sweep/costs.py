"""What cells will cost, from the costs of records that are there."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.store.faults import Faults
from bench.store.record import Record, read_records
from bench.sweep.cells import Planned


@dataclass(frozen=True)
class Expected:
    """What a cell will take, as far as earlier records tell.

    Attributes:
        seconds: of inversion and scoring; starting up is not counted.
        memory_mb: peak of a worker in MiB, of the GPU's memory where it computes there.
    """

    seconds: float | None = None
    memory_mb: float | None = None


class Costs:
    """The complete records below a folder, by what their cells are expected to cost alike in."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._known: dict[tuple[str, str | None, str, str], list[Record]] = {}
        for one in records:
            if one.status == "complete" and one.cost.seconds_per_image is not None:
                key = (one.method, one.probe, one.preset, one.cost.device)
                self._known.setdefault(key, []).append(one)

    @classmethod
    def below(cls, out: Path) -> Costs:
        """Of all runs in a folder."""
        return cls(record for record, _ in read_records(out, Faults()))

    def of(self, cell: Planned) -> Expected:
        """By the records of the same method, effort and device: of the same classifier and dataset where there are."""
        config, name = cell.config, cell.open().draft.method
        known = self._known.get((name, cell.probe, str(config.preset), config.device), [])
        if not known:
            return Expected()
        count = config.num_images or 0
        best = min(
            known,
            key=lambda one: (
                one.classifier != config.classifier,
                one.dataset != config.dataset,
                abs(one.num_images - count),
                one.key,
            ),
        )
        spent = (best.cost.invert_seconds or 0.0) + (best.cost.score_seconds or 0.0)
        return Expected(spent / best.num_images * count, best.cost.peak_memory_mb)


def longest_first(cells: Sequence[Planned], expected: Sequence[Expected]) -> list[int]:
    """The places of cells in the order in which they are started: first those that nobody knows anything about.

    Among these, methods that descend come first, then the larger N.
    """

    def order(place: int) -> tuple[bool, float, bool, int]:
        seconds = expected[place].seconds
        cell = cells[place]
        return seconds is not None, -(seconds or 0.0), not cell.shared, -(cell.config.num_images or 0)

    return sorted(range(len(cells)), key=order)


def dealt(seconds: Sequence[float], workers: int) -> list[list[int]]:
    """Places dealt out to workers, the longest first, each to whoever has least; no worker is left without."""
    loads = [(0.0, k) for k in range(max(1, min(workers, len(seconds))))]
    hands: list[list[int]] = [[] for _ in loads]
    for place in sorted(range(len(seconds)), key=lambda k: -seconds[k]):
        load, worker = heapq.heappop(loads)
        hands[worker].append(place)
        heapq.heappush(loads, (load + seconds[place], worker))
    return [hand for hand in hands if hand]


def makespan(seconds: Sequence[float], workers: int) -> float:
    """How long it takes until the last of these workers is done."""
    return max((sum(seconds[k] for k in hand) for hand in dealt(seconds, workers)), default=0.0)
