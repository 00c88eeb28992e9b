"""What the committed records under ``reports/results`` say of costs and of guessing."""

from __future__ import annotations

from functools import cache

from bench.store.record import Record, read_records
from studies.docs import ROOT


@cache
def cells() -> tuple[Record, ...]:
    """Every finished cell of ``bench run``."""
    found = (record for record, _ in read_records(ROOT / "reports" / "results"))
    return tuple(record for record in found if record.status == "complete" and record.probe is None)


def largest(method: str) -> list[Record]:
    """Of a method's cells the one of most images for each dataset, classifier and preset."""
    best: dict[tuple[str, str, str], Record] = {}
    for one in cells():
        if one.method == method:
            case = one.dataset, one.classifier, one.preset
            best[case] = max(best.get(case, one), one, key=lambda record: record.num_images)
    return [best[case] for case in sorted(best)]


def chances(key: str) -> list[float]:
    """What guessing scores by this metric in any cell, each value once."""
    scores = (one.metrics.get(key) for one in cells())
    return sorted({score.chance for score in scores if score is not None and score.chance is not None})


def worth(role: str, key: str) -> list[float]:
    """What the controls of a role score by this metric in the cells of most images."""
    found = (one for one in cells() if one.cards is not None and one.cards.method.role == role)
    methods = sorted({one.method for one in found})
    scores = (one.metrics.get(key) for method in methods for one in largest(method))
    return sorted(score.value for score in scores if score is not None and score.value is not None)


def computer(record: Record) -> str:
    """The processor or the GPU that a record was made on."""
    return str(record.environment.get("gpu") or record.environment.get("processor") or record.cost.device)
