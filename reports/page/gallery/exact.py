"""Pictures too big for a sheet, pixel by pixel as they were scored: as many as a page can hold, for the large view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reports.figures.sprites import Pixels, exact_uri
from reports.page.gallery.choice import Choice
from reports.words import text

BUDGET = 8_000_000  # characters of URIs in a gallery
Exact = tuple[Mapping[int, str], ...]  # of each strip, by the place among the chosen images


def exact(sources: Sequence[Pixels], choice: Choice) -> Exact:
    """Of the originals and of every method the same images, those first that a reader meets first; one at least."""
    found: list[dict[int, str]] = [{} for _ in sources]
    order = dict.fromkeys(place for name in ("random", "ends", "wrong", "first", "all") for place in choice.sets[name])
    spent = 0
    for place in order:
        uris = [exact_uri(source[choice.rows[place]]) for source in sources]
        spent += sum(map(len, uris))
        if found[0] and spent > BUDGET:
            break
        for held, uri in zip(found, uris, strict=True):
            held[place] = uri
    return tuple(found)


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
