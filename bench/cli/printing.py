"""What commands print: JSON, rows of a listing, checks of the doctor. Numbers are formatted, never computed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from bench.store.neutral import printable

if TYPE_CHECKING:
    from bench.cli.doctor import Check
    from bench.store.faults import Fault
    from bench.store.record import Score


def say(text: str) -> None:
    """One line on stderr about what is being done, as errors are: ``bench: TEXT``."""
    with suppress(OSError, ValueError):  # where nobody can be told any more, work goes on
        print(f"bench: {text}", file=sys.stderr, flush=True)


@cache
def say_once(text: str) -> None:
    """``say``, once a process."""
    say(text)


def print_json(value: Any) -> None:
    """One JSON document, alone on stdout."""
    print(json.dumps(value, indent=2, allow_nan=False))


def print_rows(rows: Sequence[Mapping[str, Any]], empty: str) -> None:
    """Rows as aligned columns under a heading; ``empty`` where there are none."""
    if not rows:
        print(empty)
        return
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [[_text(row.get(key)) for key in columns] for row in rows]
    widths = [max(len(key), *(len(line[k]) for line in cells)) for k, key in enumerate(columns)]
    print(_aligned(columns, widths))
    print(_aligned(["-" * width for width in widths], widths))
    for line in cells:
        print(_aligned(line, widths))


def _aligned(texts: Iterable[str], widths: Iterable[int]) -> str:
    return "  ".join(text.ljust(width) for text, width in zip(texts, widths, strict=True)).rstrip()


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else printable(str(value))


def about(seconds: float) -> str:
    """A duration as a person would say it: ``about 40 seconds``, ``about 4 minutes``."""
    if seconds < 90:
        return f"about {max(round(seconds, -1), 10):.0f} seconds"
    return f"about {seconds / 60:.0f} minutes"


def print_checks(checks: Iterable[Check]) -> int:
    """One line a check with what to type next; returns 1 if one failed."""
    marks = {True: "ok", False: "NO", None: "--"}
    failed = False
    for check in checks:
        failed |= check.ok is False
        print(f"{marks[check.ok]:>2}  {check.title:<34} {check.detail}", flush=True)
        if check.hint:
            print(f"{'':38} -> {check.hint}")
    return int(failed)


def print_faults(faults: Iterable[Fault]) -> None:
    """A line on stderr for each file that was left out."""
    for fault in faults:
        print(printable(f"bench: left out {fault.path}: {fault.reason}"), file=sys.stderr)


def interval(score: Score) -> str | None:
    """A mean with half of its 95 % interval."""
    if score.value is None:
        return None
    half = f"±{(score.ci95[1] - score.ci95[0]) / 2:.2g}" if score.ci95 else ""
    return f"{score.value:.3g}{half}"
