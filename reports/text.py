"""Numbers, durations and names as they are printed: one spelling for the page, the terminal and the README."""

from __future__ import annotations

from collections.abc import Iterable

DASH = "—"
MINUS = "\N{MINUS SIGN}"
FOUR_DECIMALS = ("kid_", "reid_instance_", "reid_within_", "sharpness", "lpips_step", "relative_step_")
TWO_DECIMALS = ("fid", "fd_", "psnr")


def decimals(key: str, value: float) -> int:
    """Digits after the point for a metric's value; distances above 100 need one less."""
    if key.startswith(FOUR_DECIMALS):
        return 4
    if key.startswith(TWO_DECIMALS):
        return 1 if abs(value) >= 100 else 2
    return 3


def number(key: str, value: float, like: float | None = None) -> str:
    """A metric's value at its usual precision, or at that of ``like``, never as minus zero."""
    text = f"{value:.{decimals(key, value if like is None else like)}f}"
    if not text.strip("-0."):
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def half_width(key: str, value: float, ci95: tuple[float, float]) -> str:
    """Half the length of an interval, at the value's precision: the number after ±."""
    return number(key, (ci95[1] - ci95[0]) / 2, like=value)


def bounds(key: str, value: float, ci95: tuple[float, float]) -> str:
    """An interval in brackets, at the value's precision."""
    return f"[{number(key, ci95[0], like=value)}, {number(key, ci95[1], like=value)}]"


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


def days(timestamps: Iterable[str]) -> str:
    """The first and last day of ISO timestamps."""
    found = sorted({stamp[:10] for stamp in timestamps if stamp})
    if not found:
        return "date not recorded"
    return found[0] if len(found) == 1 else f"{found[0]} to {found[-1]}"
