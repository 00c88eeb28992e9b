"""The rules of the interface, as far as a run can see whether a method keeps them.

Whatever breaks one ends as a failed cell with the reason: a result that depends on the company of a row, on randomness
beside the seeds, or on a changed input, is no result that anybody could get again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.datasets.base import Pixels, to_pixels
from bench.errors import BenchError
from bench.inverters.base import WITH_NETWORK, Inverter
from bench.seeding import seed_of

Call = Callable[[Tensor, Sequence[int]], Pixels]  # (n, K) and n seeds to (n, H, W, 3) uint8

ROWS = 4
TOLERANCE = 2  # grey levels of 255 by which a row may differ in other company
ROUNDING = 1 / 510 + 1e-6  # what lies outside [0, 1] by no more is rounded to 0 or 255, and not clipped
FURTHEST = 1.0  # beyond [0, 1]: images in grey levels lie far beyond it


def check_rows(
    method: Inverter, call: Call, given: Tensor, seeds: Sequence[int], found: Pixels, *, alone: int = ROWS
) -> None:
    """Run four rows again: together in reversed order, then alone.

    They are spread over the batch, and fixed. A method that says that it is not stochastic is given other seeds in the
    first of the two, which takes no call more.

    Args:
        method: the inverter.
        call: its ``invert``, as pixels.
        given: (n, K) what it was given.
        seeds: n integers.
        found: (n, H, W, 3) what it answered.
        alone: how many of the four are run alone: those that descend are so slow that one must do, or none.

    Raises:
        BenchError: a row differs by more than two grey levels; names the row, the difference and the rule.
    """
    rows = chosen(seeds)[::-1]
    others = [seed_of("other seeds", seeds[row]) for row in rows]
    if len(rows) > 1 or not method.stochastic:
        again = call(given[rows], [seeds[row] for row in rows] if method.stochastic else others)
        _compare(method, call, given, seeds, found, rows, again)
    for row in rows[:alone]:
        _compare(method, call, given, seeds, found, [row], call(given[[row]], [seeds[row]]))


def chosen(seeds: Sequence[int]) -> list[int]:
    """The rows that are run again, one from each quarter; all of them where there are no more than four."""
    n = len(seeds)
    if n <= ROWS:
        return list(range(n))
    bounds = [k * n // ROWS for k in range(ROWS + 1)]
    return [low + seed_of("rule", seeds[low]) % (high - low) for low, high in pairwise(bounds)]


def _compare(
    method: Inverter, call: Call, given: Tensor, seeds: Sequence[int], found: Pixels, rows: list[int], again: Pixels
) -> None:
    """Raise where these rows, computed again, are not what they were."""
    if (worst := _worst(found, rows, again)) is None:
        return
    row, difference = worst
    own = [seeds[k] for k in rows]
    once, twice = (call(given[rows], own) for _ in range(2))
    name = f"{method.name} breaks a rule of the interface: row {row}"
    differs = f"differs by up to {difference} of 255 grey levels, where {TOLERANCE} are allowed"
    if _worst(once, range(len(rows)), twice) is not None:
        raise BenchError(
            f"{name} is another one each time that it is computed from the same logits and seed, and {differs}. The "
            "seeds are the only source of randomness: torch.Generator().manual_seed(seed)."
        )
    if _worst(found, rows, once) is None:
        raise BenchError(
            f"{name} {differs}, once it is given another seed, and the method says that it is not stochastic. Add a "
            "line to the class: stochastic = True"
        )
    company = "alone" if len(rows) == 1 else "in other company"
    hint = " Descents amplify rounding: give every pass the same batch size." if method.access in WITH_NETWORK else ""
    raise BenchError(
        f"{name} {differs}, once it is computed {company}. Row i may depend on logits[i] and seeds[i] alone: neither "
        f"on its neighbours, nor on its place, nor on the size of the batch.{hint}"
    )


def _worst(found: Pixels, rows: Sequence[int], again: Pixels) -> tuple[int, int] | None:
    """The row that differs most, and by how many grey levels; None where all are within the tolerance."""
    levels = np.abs(found[list(rows)].astype(np.int16) - again).max(axis=(1, 2, 3))
    k = int(levels.argmax())
    return (rows[k], int(levels[k])) if levels[k] > TOLERANCE else None


def check_input(method: Inverter, given: Tensor, before: Tensor) -> None:
    """Raise where what a method was given is not what it was before, to the bit."""
    given = given.detach()
    if given.shape != before.shape or not torch.equal(given.view(torch.int32), before.view(torch.int32)):
        raise BenchError(
            f"{method.name} breaks a rule of the interface: it changed the {tuple(before.shape)} numbers that it was "
            "given. Work on a copy: logits.clone()"
        )


def checked_images(
    method: Inverter, images: Any, count: int, *, manipulated: bool = False
) -> tuple[Pixels, int, float]:
    """What an inverter answered, as pixels, once it was found to be what the interface asks for.

    Args:
        method: which.
        images: its answer.
        count: n.
        manipulated: the logits were changed, and are those of no image: values far beyond [0, 1] are no fault then.

    Returns:
        (n, H, W, 3) uint8; how many values had to be clipped, beyond rounding; the largest distance to [0, 1].
    """
    expected = (count, 3, *method.target.image_size)
    if not (isinstance(images, Tensor) and tuple(images.shape) == expected):
        got = tuple(images.shape) if isinstance(images, Tensor) else type(images).__name__
        raise BenchError(f"{method.name}.invert should return images of shape {expected} and returned {got}.")
    if not images.is_floating_point():
        raise BenchError(
            f"{method.name}.invert should return floats in [0, 1] and returned {images.dtype}. Grey levels are divided "
            "by 255: images.float() / 255"
        )
    images = images.detach()
    if not torch.isfinite(images).all():
        raise BenchError(f"{method.name}.invert returned NaN or infinite pixels for {count} logits.")
    beyond = torch.maximum(-images, images - 1)
    outside, furthest = int((beyond > ROUNDING).sum()), float(beyond.max()) if count else 0.0
    if not manipulated and (furthest > FURTHEST or 2 * outside > images.numel()):
        low, high = float(images.min()), float(images.max())
        hint = "Divide by 255." if high > 1 + FURTHEST and low >= 0 else "Rescale them: (x + 1) / 2 from [-1, 1]."
        raise BenchError(
            f"{method.name}.invert should return images in [0, 1], and its values reach from {low:.4g} to {high:.4g}: "
            f"{outside:,} of {images.numel():,} lie outside. {hint}"
        )
    return to_pixels(images), outside, max(furthest, 0.0) if outside else 0.0


def checked_pixels(name: str, pixels: Any, expected: tuple[int, ...]) -> Pixels:
    """What a control answered, once it was found to be (n, H, W, 3) uint8."""
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.shape != expected:
        got = f"{pixels.shape} of {pixels.dtype}" if isinstance(pixels, np.ndarray) else type(pixels).__name__
        raise BenchError(f"{name}.reconstruct should return pixels {expected} of uint8 and returned {got}.")
    return pixels


def clipping(outside: int, furthest: float, values: int) -> str | None:
    """The record's note about values that had to be clipped."""
    if not outside:
        return None
    return f"{outside:,} of {values:,} values lay outside [0, 1], by up to {furthest:.2g}, and were clipped"
