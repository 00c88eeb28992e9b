"""A group's leaderboard as a Markdown table: main metrics, ranks, names escaped."""

from __future__ import annotations

from collections.abc import Sequence

from bench.store.record import Record
from reports.analysis.groups import Entry, Group, has_value, held, main_keys
from reports.analysis.ranks import Standings
from reports.words import glossary, seeds, text
from reports.words.glossary import DIRECTIONS
from reports.words.markdown import escaped, markdown_lines
from reports.words.ranks import IN_TABLE, legend

APART = glossary.BANDS[1:]  # the bands that carry a heading
MEANS = "Scores of single images: means with half of their 95 % bootstrap interval."
SETS = "Distances between sets of images ({}) are one number each and have no such interval."
SUBSETS = "Kernel distances between sets of images ({}) are means over {} shared subsets and have no such interval."
WORDS = ("method", "access", "training")
STATUS = "status"  # the only other column where nobody has a score


def markdown(group: Group, ranked: Standings) -> str:
    """A table with a line above it that says what it holds."""
    keys = _keys(group)
    heads = [f"`{key}` {DIRECTIONS[group.metric(key).higher_is_better][0]}".rstrip() for key in keys] or [STATUS]
    rows = []
    for title, entries in glossary.bands(group):
        rows += [[f"*{title}*", *[""] * (len(WORDS) - 1 + len(heads))]] if title in APART else []
        for entry in entries:
            rows.append(_markdown_row(entry, keys, ranked))
            rows += [[name, "", "", *cells] for name, cells in seeds.rows(entry, keys)]
    if chances := chances_of(group, keys):
        rows.append(["chance", "", "", *chances])
    return "\n".join([escaped(_about(group, ranked, keys)), "", *markdown_lines([*WORDS, *heads], rows)]) + "\n"


def _about(group: Group, ranked: Standings, keys: Sequence[str]) -> str:
    """What the table holds and how to read it."""
    images = text.plural(group.num_images, "image")
    what = f"{group.classifier} on {group.dataset}, {images}, protocol {group.fingerprint or 'not recorded'}."
    sets = {key: _num_subsets(group, key) for key in keys if group.metric(key).level == "set"}
    told = [what]
    told += [MEANS] if len(sets) < len(keys) else []
    for number in sorted(set(sets.values())):
        names = text.listing(key for key, own in sets.items() if own == number)
        told.append(SUBSETS.format(names, text.count(number)) if number else SETS.format(names))
    told += [line for entry in group.complete for line in seeds.mean_of_row(entry)]
    told += [IN_TABLE] if any(ranked[key].ranks for key in keys) else []
    return " ".join([*told, *(legend(ranked, keys) if keys else [])])


def _num_subsets(group: Group, key: str) -> int:
    """Number of subsets that a distance is a mean over; 0 where it is one number for all images."""
    held = (entry.record.metrics[key].subsets for entry in group.complete if has_value(entry, key))
    return max((len(subsets) for subsets in held if subsets), default=0)


def chances_of(group: Group, keys: Sequence[str]) -> list[str]:
    """What guessing scores in each metric, blank where records do not agree; empty where there is none at all."""
    chances = []
    for key in keys:
        scores = (entry.record.metrics[key] for entry in group.complete if has_value(entry, key))
        found = {text.chance(group.metric(key), score.chance) for score in scores if score.chance is not None}
        chances.append(found.pop() if len(found) == 1 else "")
    return chances if any(chances) else []


def _keys(group: Group) -> list[str]:
    """The main metrics that anybody has a value of."""
    return [key for key in main_keys(group) if held(key, group)]


def _printed(entry: Entry, key: str, ranked: Standings) -> str:
    """A value, bold where it leads, with half of its interval and its rank, or a dash."""
    score = entry.record.metrics.get(key)
    if score is None or score.value is None or text.is_by_definition(score):
        return text.DASH
    value, half = text.number(entry.metric(key), score.value, score.ci95), text.half_width(score.ci95)
    rank = ranked[key].ranks.get(entry)
    shown = f"**{value}**" if entry in ranked[key].leaders else value
    return shown + (half and f"±{half}") + (f" ({rank})" if rank is not None else "")


def _markdown_row(entry: Entry, keys: Sequence[str], ranked: Standings) -> list[str]:
    record = entry.record
    lead = [escaped(entry.label), escaped(record.access), escaped(record.training)]
    if not entry.complete:
        return [*lead, escaped(lost(record)), *[""] * (len(keys) - 1)]
    cells = [_printed(entry, key, ranked) for key in keys]
    return [*lead, *(cells or [record.status])]


def lost(record: Record) -> str:
    """Why a record has no scores."""
    return f"{record.status}: {record.reason or 'no reason was recorded'}"
