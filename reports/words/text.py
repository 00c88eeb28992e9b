"""Numbers, durations and names as they are printed: one spelling for the page, the terminal and the README."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.cards import MetricCard
    from bench.store.record import Score

Interval = tuple[float, float]
DASH = "—"
MINUS = "\N{MINUS SIGN}"
MOST_DECIMALS = 6
BY_DEFINITION = ("deterministic",)  # notes of values that no image can change


def decimals(card: MetricCard, value: float) -> int:
    """Digits after the point for a metric's value without an interval; of two, values from 100 on need one less."""
    return 1 if card.digits == 2 and abs(value) >= 100 else card.digits


def is_constant(ci95: Interval) -> bool:
    """Whether an interval has no width that could be printed: every image has the same value."""
    return f"{_half(ci95):.{MOST_DECIMALS}f}" == f"{0:.{MOST_DECIMALS}f}"


def is_by_definition(score: Score) -> bool:
    """Whether the record says that this value could not have been another one: a dash stands in its place."""
    return score.ci95 is not None and is_constant(score.ci95) and score.note in BY_DEFINITION


def number(card: MetricCard, value: float, ci95: Interval | None = None) -> str:
    """A metric's value, never as minus zero: to two significant digits of its interval's half width, else as usual."""
    known = ci95 is not None and not is_constant(ci95)
    return fixed(value, _decimals_of(ci95) if ci95 is not None and known else decimals(card, value))


def chance(card: MetricCard, value: float) -> str:
    """What guessing scores in a metric: as other values, and never as zero where there is any."""
    usual = number(card, value)
    if value <= 0 or usual.strip("0."):
        return usual
    return fixed(value, 1 - int(f"{value:.1e}".partition("e")[2]))


def half_width(ci95: Interval | None) -> str:
    """Half the length of an interval, the number after ±, to two significant digits; empty where there is none."""
    if ci95 is None or is_constant(ci95):
        return ""
    return fixed(_half(ci95), _decimals_of(ci95))


def bounds(ci95: Interval | None) -> str:
    """An interval in brackets, to as many digits as its value; empty where there is none."""
    if ci95 is None or is_constant(ci95):
        return ""
    digits = _decimals_of(ci95)
    return f"[{fixed(ci95[0], digits)}, {fixed(ci95[1], digits)}]"


def concise(card: MetricCard, value: float, ci95: Interval | None) -> str:
    """A value with half of its interval in units of its last digit: 0.3693(27) is 0.3693±0.0027, 18.3(12) 18.3±1.2."""
    half = half_width(ci95)
    digits = half.replace(".", "").lstrip("0")
    return number(card, value, ci95) + (f"({digits})" if half else "")


def _half(ci95: Interval) -> float:
    return (ci95[1] - ci95[0]) / 2


def _decimals_of(ci95: Interval) -> int:
    """Digits after the point that leave two significant ones of the half width."""
    exponent = int(f"{_half(ci95):.1e}".partition("e")[2])  # rounded first: 0.0996 is 0.10
    return min(max(1 - exponent, 0), MOST_DECIMALS)


def fixed(value: float, digits: int) -> str:
    """So many digits after the point, never minus zero."""
    text = f"{value:.{digits}f}"
    if not text.strip("-0."):
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def count(number_of: int) -> str:
    """A whole number with thousands separated."""
    return f"{number_of:,}"


def percent(share: float) -> str:
    """A share of the width of a drawing, for an SVG attribute."""
    return f"{100 * share:.2f}%"


def duration(seconds: float | None) -> str:
    """A time span in the unit that a person would pick for it once it is rounded."""
    if seconds is None:
        return DASH
    if 0 < seconds < 1e-6:
        return "< 1 µs"
    if float(milliseconds := f"{1000 * seconds:.3g}") < 1000:
        return f"{milliseconds} ms"
    if float(rounded := f"{seconds:.3g}") < 120:
        return f"{rounded} s"
    if (minutes := round(seconds / 60)) < 120:
        return f"{minutes} min"
    return f"{seconds / 3600:.1f} h"


def mebibytes(size: float | None) -> str:
    """Memory in MiB, or in GiB from 10 GiB on."""
    if size is None:
        return DASH
    return f"{size / 1024:.1f} GiB" if size >= 10_240 else f"{size:,.0f} MiB"


def bytes_of(size: int) -> str:
    """The size of a file."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1000))} kB"


def plural(number_of: int, noun: str) -> str:
    """A count with its noun: 1 control, 7 controls."""
    return f"{count(number_of)} {noun}{'' if number_of == 1 else 's'}"


def listing(words: Iterable[str]) -> str:
    """Words in their order without repetition, with commas and a final 'and'."""
    unique = list(dict.fromkeys(words))
    if len(unique) < 2:
        return "".join(unique)
    return f"{', '.join(unique[:-1])} and {unique[-1]}"


def pieces(sentence: str, names: Iterable[str]) -> tuple[tuple[str, bool], ...]:
    """A sentence cut at these names, which a line must not break; whether each piece is one of them."""
    longest = sorted(filter(None, names), key=len, reverse=True)
    pattern = rf"(?<![\w-])({'|'.join(map(re.escape, longest))})(?![\w-])([.,;:]?)"
    if not longest:
        return ((sentence, False),)
    found, end = [], 0
    for one in re.finditer(pattern, sentence):
        found += [(sentence[end : one.start()], False), (one[0], True)]
        end = one.end()
    return tuple(piece for piece in (*found, (sentence[end:], False)) if piece[0])


def days(timestamps: Iterable[str]) -> str:
    """The first and last day of ISO timestamps."""
    found = sorted({stamp[:10] for stamp in timestamps if stamp})
    if not found:
        return "date not recorded"
    return found[0] if len(found) == 1 else f"{found[0]} to {found[-1]}"
