"""Several seeds in words: what a row is the mean of, how far its seeds lie apart, and how far that is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reports.analysis.groups import Entry, Group
from reports.analysis.metrics import first
from reports.analysis.seeds import Apart, Pair, Spread, spread
from reports.words import text

LEGEND = (
    "Rows of several seeds hold means over them; their intervals are over images, as wide as one run's; below stands "
    "the standard deviation between seeds, of which there are too few for an interval."
)
TRAININGS, RUNS = "trainings", "seeds"


def deviation(apart: Apart) -> str:
    """A standard deviation to two significant digits."""
    return text.half_width((-apart.std, apart.std)) or "0"


def kinds(found: Spread) -> list[tuple[str, Apart]]:
    """What differs, and how far it lies apart: trainings first."""
    both = ((TRAININGS, found.trainings), (RUNS, found.runs))
    return [(name, apart) for name, apart in both if apart is not None]


def mean_of(entry: Entry) -> str:
    """What a row is the mean of, or nothing."""
    trainings = {one.record.training_seed for one in entry.cells}
    seeds = {one.record.seed for one in entry.cells}
    told = [f"{len(trainings)} trainings ({numbers(trainings)})"] if len(trainings) > 1 else []
    told += [f"{len(seeds)} seeds ({numbers(seeds)})"] if len(seeds) > 1 else []
    if len(entry.cells) < (whole := len(trainings) * len(seeds)):
        told += [f"of whose {whole} runs {len(entry.cells)} are here"]
    return f"Mean of {', '.join(told)}." if told else ""


def mean_of_row(entry: Entry) -> list[str]:
    """The same with the row's name, where it is several cells."""
    return [f"{entry.label}: {mean_of(entry)}"] if entry.cells else []


def numbers(seeds: Iterable[int | None]) -> str:
    """Seeds in their order."""
    return text.listing(str(one) for one in sorted(one for one in seeds if one is not None))


def rows(entry: Entry, keys: Sequence[str]) -> list[tuple[str, list[str]]]:
    """For tables of text: a line for each kind of seeds, ``sd of 3 trainings``, with a cell a metric."""
    found = {key: dict(kinds(one)) for key in keys if (one := spread(key, entry)) is not None}
    lines = []
    for name in (TRAININGS, RUNS):
        number = max((found[key][name].number for key in found if name in found[key]), default=0)
        cells = [deviation(found[key][name]) if name in found.get(key, {}) else "" for key in keys]
        lines += [(f"sd of {number} {name}", cells)] if number else []
    return lines


def note(entry: Entry, keys: Sequence[str]) -> list[str]:
    """What a row is the mean of, and how far its seeds lie apart in these metrics, in one line; of one cell nothing."""
    told = (
        f"{name}: {', '.join(f'{key} {cell}' for key, cell in zip(keys, cells, strict=True) if cell)}."
        for name, cells in rows(entry, keys)
    )
    return [" ".join((line, *told)) for line in mean_of_row(entry)]


def sentence(group: Group, entry: Entry, keys: Sequence[str]) -> str:
    """How large the spread between trainings, or else between seeds, is beside the interval over images."""
    found = {key: one for key in keys if (one := spread(key, entry)) is not None and one.half}
    name = TRAININGS if any(one.trainings for one in found.values()) else RUNS
    held = {key: dict(kinds(one)).get(name) for key, one in found.items()}
    times = {key: apart.std / (found[key].half or 1.0) for key, apart in held.items() if apart is not None}
    if not times:
        return ""
    number = max(apart.number for apart in held.values() if apart is not None)
    what = f"{number} trainings" if name == TRAININGS else f"{number} runs with other seeds"
    near = first(group.metrics, "closest")
    head, *_ = [near] if near in times else times
    told = (
        f"The standard deviation between {what} of {entry.record.method} is {_times(times.pop(head))} times half of "
        f"the interval over images in {group.metric(head).title}"
    )
    if not times:
        return f"{told}."
    low, high = min(times, key=lambda key: times[key]), max(times, key=lambda key: times[key])
    least, most = (f"{_times(times[key])} ({group.metric(key).title})" for key in (low, high))
    if low == high:
        return f"{told}, and {least} times in another main metric."
    return f"{told}, and {least} to {most} times in the {len(times)} other main metrics with an interval."


def _times(value: float) -> str:
    return text.fixed(value, 2 if value < 10 else 0)


def pair(seeds: Pair) -> str:
    """The seeds of one cell."""
    run, training = seeds
    return f"seed {run}" if training is None else f"training seed {training}, seed {run}"


def pictures(group: Group) -> list[str]:
    """Whose pictures stand for a row of several seeds."""
    found = [(entry, entry.cells[0].record) for entry in group.complete if entry.cells]
    return [f"Pictures of {entry.label} are those of {pair((one.seed, one.training_seed))}." for entry, one in found]
