"""The table of several trainings of one recipe: how far they lie apart, beside the interval over images."""

from __future__ import annotations

from collections.abc import Sequence

from reports.analysis.groups import Entry, Group, group
from reports.analysis.metrics import headlines
from reports.analysis.seeds import spread
from reports.words import seeds, text
from reports.words.markdown import markdown_lines


def trainings(entries: Sequence[Entry]) -> str:
    """A table of each method, classifier and number of images with several trainings, as Markdown.

    A row a metric of the headlines: the value of each training, the standard deviation between them, half of the
    95 % interval over images where there is one, and the first in units of the second.

    Args:
        entries: all committed records.
    """
    found = [(one, entry) for one in group(entries) for entry in one.complete if _several(entry)]
    if not found:
        return "Several trainings of one method have not been recorded yet.\n"
    return "\n\n".join(_table(one, entry) for one, entry in found) + "\n"


def _several(entry: Entry) -> bool:
    return len({cell.record.training_seed for cell in entry.cells}) > 1


def _table(one: Group, entry: Entry) -> str:
    spreads = {key: spread(key, entry) for key in headlines(one.metrics, entry.record.metrics)}
    keys = [key for key, found in spreads.items() if found is not None and found.trainings]
    numbers = sorted({cell.record.training_seed or 0 for cell in entry.cells})
    head = ["metric", *(f"training {number}" for number in numbers), "sd", "± over images", "sd / half"]
    title = f"`{entry.label}` on `{one.classifier}`, {one.dataset}, {text.plural(one.num_images, 'image')}."
    words = seeds.sentence(one, entry, keys)
    rows = [_row(one, entry, key, numbers) for key in keys]
    return "\n".join([f"{title} {words}", "", *markdown_lines(head, rows)])


def _row(one: Group, entry: Entry, key: str, numbers: Sequence[int]) -> list[str]:
    found, card = spread(key, entry), one.metric(key)
    assert found is not None
    assert found.trainings is not None
    values = ([value for (_, training), value in found.points if training == number] for number in numbers)
    ends = entry.record.metrics[key].ci95
    means = [text.number(card, sum(own) / len(own), ends) if own else text.DASH for own in values]
    half = text.DASH if found.half is None else text.half_width((-found.half, found.half))
    times = text.DASH if found.times is None else text.fixed(found.times, 2)
    return [card.title, *means, seeds.deviation(found.trainings), half, times]
