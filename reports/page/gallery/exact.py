"""Pictures too big for a sheet, pixel by pixel as they were scored: as many as a page can hold, for the large view."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from reports.export.files import Files
from reports.figures import sprites
from reports.figures.sprites import Pixels
from reports.page.gallery.choice import Choice
from reports.words import text

BUDGET = 8_000_000  # bytes in a gallery whose page is one file
Exact = tuple[Mapping[int, str], ...]  # of each strip, by the place among the chosen images


def exact(sources: Sequence[Pixels], choice: Choice, files: Files, budget: int) -> tuple[Exact, int]:
    """Of the originals and of every method the same images, those first that a reader meets first; one at least.

    Returns:
        their addresses, all of them where they lie in a folder, and the bytes that they take in the page.
    """
    found: list[dict[int, str]] = [{} for _ in sources]
    order = dict.fromkeys(place for name in ("random", "ends", "wrong", "first", "all") for place in choice.sets[name])
    spent = 0
    for place in order:
        pictures = [sprites.exact(sprites.rows_of(source, [choice.rows[place]])[0]) for source in sources]
        size = sum(map(len, pictures)) * 4 // 3 if files.folder is None else 0
        if found[0] and spent + size > budget:
            break
        spent += size
        for held, picture in zip(found, pictures, strict=True):
            name = hashlib.sha256(picture).hexdigest()[:12]
            held[place] = files.put(f"pictures/exact/{name}.webp", "image/webp", picture)
    return tuple(found), spent


def sentence(found: Exact, number: int) -> str:
    """How many of the chosen images the large view shows as they were scored."""
    held = len(found[0])
    if held == number:
        return "The large view shows every picture pixel by pixel, as it was scored."
    return f"The large view shows {held} of {text.plural(number, 'image')} pixel by pixel, as scored, and says which."


def sizes(side: tuple[int, int], shrunk: tuple[int, int]) -> dict[str, str]:
    """What the large view says of a picture's size: as it was scored, or reduced."""
    (height, width), (low, narrow) = side, shrunk
    large = f"{width} \N{MULTIPLICATION SIGN} {height}"
    whole = f"Pictures as they were scored, {large} pixels."
    if side == shrunk:
        return {"exact": whole, "reduced": whole}
    small = f"{narrow} \N{MULTIPLICATION SIGN} {low}"
    return {
        "exact": whole,
        "reduced": f"Reduced from {large} to {small} pixels and compressed.",
    }
