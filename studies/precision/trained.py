"""Do trained inverters give other scores in bfloat16? Every score of two folders of the same cells, side by side.

    bench run --method M ... --classifier C ... --precision float32 --out A
    bench run --method M ... --classifier C ... --precision bf16 --out B
    python -m studies.precision.trained A B

A score may move by a tenth of half its 95 % interval (of KID: of 1.96 standard errors of its subsets' mean), and no
method may change its rank. A Frechet distance has neither: its change is shown beside its value.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.store.record import Record, Score
from reports.analysis.groups import Entry
from reports.analysis.ranks import standing

SHARE = 0.1


@dataclass(frozen=True)
class Moved:
    """One score in both precisions; ``half`` is what it may move a tenth of, null where it has no such thing."""

    classifier: str
    method: str
    key: str
    exact: float
    fast: float
    half: float | None

    @property
    def share(self) -> float | None:
        """The change as a share of ``half``."""
        return abs(self.fast - self.exact) / self.half if self.half else None


def entries(runs: Path) -> dict[tuple[str, str], Entry]:
    """The complete cells below a folder by classifier and method."""
    found = (
        Entry(Record.from_json(path.read_text()), path.parent) for path in sorted(runs.glob("*/*/*/*/record.json"))
    )
    return {(one.record.classifier, one.record.method): one for one in found if one.complete}


def moved(exact: dict[tuple[str, str], Entry], fast: dict[tuple[str, str], Entry]) -> Iterator[Moved]:
    """Every score that has a value in both."""
    for (classifier, method), a in exact.items():
        for key, score in a.record.metrics.items():
            other = fast[classifier, method].record.metrics[key]
            if score.value is not None and other.value is not None:
                yield Moved(classifier, method, key, score.value, other.value, half_of(score))


def half_of(score: Score) -> float | None:
    """Half the interval of a mean over images, 1.96 standard errors of a mean over subsets, else nothing."""
    if score.ci95 is not None:
        return (score.ci95[1] - score.ci95[0]) / 2
    return 1.96 * score.std / math.sqrt(len(score.subsets)) if score.std and score.subsets else None


def ranks_changed(exact: dict[tuple[str, str], Entry], fast: dict[tuple[str, str], Entry]) -> list[str]:
    """Where a method's rank among those of its classifier is another one."""
    changed = []
    for classifier in sorted({name for name, _ in exact}):
        before, after = ([one for (name, _), one in side.items() if name == classifier] for side in (exact, fast))
        for key in before[0].record.metrics:
            ranks = (
                {e.record.method: str(r) for e, r in standing(key, side).ranks.items()} for side in (before, after)
            )
            one, other = ranks
            changed += [f"{classifier}, {m}, {key}: {one[m]} and {other[m]}" for m in one if one[m] != other.get(m)]
    return changed


def markdown(exact: dict[tuple[str, str], Entry], fast: dict[tuple[str, str], Entry]) -> str:
    """The largest move of each method on each classifier, then every score that moved too far, then the ranks."""
    found = list(moved(exact, fast))
    lines = ["| classifier | method | score that moved most | float32 | bfloat16 | share of its half interval |"]
    lines.append("|---|---|---|---:|---:|---:|")
    for pair in dict.fromkeys((one.classifier, one.method) for one in found):
        own = [one for one in found if (one.classifier, one.method) == pair and one.share is not None]
        most = max(own, key=lambda one: one.share or 0.0)
        lines.append(f"| {most.classifier} | `{most.method}` | `{most.key}` | {_numbers(most)} | {most.share:.3f} |")
    far = [one for one in found if (one.share or 0.0) > SHARE]
    wide = [f"- `{one.key}` of `{one.method}` on {one.classifier}: {one.share:.3f} of its half interval" for one in far]
    counted = sum(one.share is not None for one in found)
    lines += ["", f"{len(far)} of {counted} scores moved by more than a tenth of half their interval.", *wide, ""]
    lines += ["| classifier | method | distance | float32 | bfloat16 |", "|---|---|---|---:|---:|"]
    lines += [
        f"| {one.classifier} | `{one.method}` | `{one.key}` | {_numbers(one)} |"
        for one in found
        if one.share is None and one.exact != one.fast
    ]
    changed = ranks_changed(exact, fast)
    return "\n".join([*lines, "", f"{len(changed)} ranks changed.", *(f"- {line}" for line in changed)])


def _numbers(one: Moved) -> str:
    return f"{one.exact:.5g} | {one.fast:.5g}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; status 1 where a score moved too far or a rank changed."""
    parser = argparse.ArgumentParser(prog="python -m studies.precision.trained", description=__doc__)
    parser.add_argument("exact", type=Path)
    parser.add_argument("fast", type=Path)
    given = parser.parse_args(arguments)
    exact, fast = entries(given.exact), entries(given.fast)
    if exact.keys() != fast.keys():
        parser.error(f"the folders hold different cells: {sorted(exact.keys() ^ fast.keys())}")
    print(markdown(exact, fast))
    return int(any((one.share or 0.0) > SHARE for one in moved(exact, fast)) or bool(ranks_changed(exact, fast)))


if __name__ == "__main__":
    sys.exit(main())
