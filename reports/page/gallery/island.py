"""What the gallery's script works on: names, printed scores, ranks and logits of the embedded images, as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bench.cards import MetricCard
from bench.store.table import JUDGE, TARGET
from reports.analysis.groups import Entry, Group
from reports.analysis.images import image_id, is_right
from reports.page.gallery.choice import Choice
from reports.page.gallery.exact import Exact
from reports.page.gallery.logits import original_logits, reconstruction_logits, top
from reports.words import text
from reports.words.gallery_names import predicted, target_class, true_class

if TYPE_CHECKING:
    from markupsafe import Markup

Places = Sequence[tuple[int | None, int]]
FIRST_BY = {True: "higher is better", False: "lower is better", None: "neither is better: the highest comes first"}


def per_image_metrics(group: Group, entries: Sequence[Entry]) -> list[str]:
    """Keys of every metric that any entry has values of, image by image, in the order of the tables."""
    return [key for key in group.metrics if any(key in entry.per_image for entry in entries)]


def data(
    group: Group, entries: Sequence[Entry], sheets: Sequence[str], choice: Choice, columns: int, exact: Exact
) -> dict[str, Any]:
    """Everything about the chosen images.

    ``sheets`` are the names of the originals' and of each entry's sheet, ``exact`` the pictures that the page holds
    pixel by pixel beside them.
    """
    keys = per_image_metrics(group, entries)
    logits = original_logits(group, choice.rows)
    told = [() if logits.missing else reconstruction_logits(entry, choice.rows, logits) for entry in entries]
    firsts = [
        logits.top,
        *(() if isinstance(one, str) else top(entry, choice.rows) for one, entry in zip(told, entries, strict=True)),
    ]
    numbers = {number for one in firsts for image in one for number, _ in image}
    return {
        "columns": columns,
        "images": _images(group, entries[0], choice),
        "sets": {name: list(places) for name, places in choice.sets.items()},
        "metrics": [
            {
                "key": key,
                "title": group.metric(key).title,
                "direction": FIRST_BY[group.metric(key).higher_is_better],
            }
            for key in keys
        ],
        "originals": {
            "sheet": sheets[0],
            "logits": logits.values,
            "names": logits.names,
            "missing": logits.missing,
            "words": logits.words,
            "top": logits.top,
            "classes": {number: target_class(group, number) for number in sorted(numbers)},
            "exact": exact[0],
        },
        "methods": [
            _method(group, entry, choice, keys) | {"sheet": sheet, "exact": held, "top": first} | _logits(found)
            for entry, sheet, held, first, found in zip(entries, sheets[1:], exact[1:], firsts[1:], told, strict=True)
        ],
    }


def _images(group: Group, entry: Entry, choice: Choice) -> list[dict[str, Any]]:
    right = is_right(group)
    return [
        {
            "id": image_id(group, row),
            "label": true_class(group, row),
            "right": None if right is None else bool(right[row]),
            "target": predicted(group, entry, row, TARGET, "original"),
            "judged": predicted(group, entry, row, JUDGE, "original"),
            "reason": reason,
        }
        for row, reason in zip(choice.rows, choice.reasons, strict=True)
    ]


def _method(group: Group, entry: Entry, choice: Choice, keys: Sequence[str]) -> dict[str, Any]:
    columns = {key: np.asarray(entry.per_image[key], np.float64) for key in keys if key in entry.per_image}
    places = {key: _places(entry.metric(key), values, choice.rows) for key, values in columns.items()}
    return {
        "label": entry.label,
        "target": [predicted(group, entry, row, TARGET, "reconstruction") for row in choice.rows],
        "judged": [predicted(group, entry, row, JUDGE, "reconstruction") for row in choice.rows],
        "scores": {
            key: [score(entry.metric(key), values[row]) for row in choice.rows] for key, values in columns.items()
        },
        "ranks": {key: ranks(found) for key, found in places.items()},
        "ties": {key: ties(found) for key, found in places.items()},
        "of": {key: text.count(int(np.isfinite(values).sum())) for key, values in columns.items()},
        "means": {key: _mean(key, entry) for key in columns},
    }


def _logits(found: tuple[tuple[str, ...], ...] | str) -> dict[str, Any]:
    return {"logits": (), "missing": found} if isinstance(found, str) else {"logits": found, "missing": ""}


def score(card: MetricCard, value: float) -> str:
    """One image's score as printed; a dash where it is not defined."""
    return text.number(card, float(value)) if np.isfinite(value) else text.DASH


def ranks(places: Places) -> list[int | None]:
    """Place of these images among all N of the run, best first; equal values share the first of their places."""
    return [first for first, _ in places]


def ties(places: Places) -> dict[str, int]:
    """The last of the places that equal values share, by the first of them."""
    return {str(first): last for first, last in places if first is not None and last > first}


def _places(card: MetricCard, values: NDArray[np.float64], rows: Sequence[int]) -> Places:
    """First and last place of each image, counted from 1; no place where the value is not defined."""
    cost = values if card.higher_is_better is False else -values
    order = np.sort(cost[np.isfinite(cost)])
    mine = cost[list(rows)]
    ends = zip(np.searchsorted(order, mine, side="left"), np.searchsorted(order, mine, side="right"), strict=True)
    return [(int(a) + 1 if np.isfinite(v) else None, int(b)) for v, (a, b) in zip(mine, ends, strict=True)]


def _mean(key: str, entry: Entry) -> str:
    found = entry.record.metrics.get(key)
    return (
        text.DASH if found is None or found.value is None else text.number(entry.metric(key), found.value, found.ci95)
    )


def island(values: dict[str, Any]) -> Markup:
    """JSON that cannot end the script element around it."""
    from markupsafe import Markup

    written = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return Markup(written)
