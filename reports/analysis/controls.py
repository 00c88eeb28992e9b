"""The leading inverter of a group against the strongest control: what it won and lost, metric by metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.analysis.groups import Entry, Group, has_value, main_keys
from reports.analysis.metrics import first
from reports.analysis.pairs import holm, no_more_than
from reports.analysis.ranks import LEVEL, Compared, Standings, compared


@dataclass(frozen=True)
class Match:
    """An inverter against a control in the main metrics that have a direction.

    Attributes:
        inverter, control: the two.
        won, open, lost: metrics that could be compared, from the inverter's side; open where nothing separates the two.
        ahead, behind: set-level scores, one number each, in which the inverter's is the better or the worse.
        paired: whether pairs decided, for each metric that could be compared.
    """

    inverter: Entry
    control: Entry
    won: tuple[str, ...]
    open: tuple[str, ...]
    lost: tuple[str, ...]
    ahead: tuple[str, ...]
    behind: tuple[str, ...]
    paired: tuple[bool, ...]

    @property
    def compared(self) -> int:
        """Number of metrics that could be compared."""
        return len(self.won) + len(self.open) + len(self.lost)


def leading(group: Group, standings: Standings) -> list[Entry]:
    """The inverters that nobody is certainly closer to the originals than; of a method's seeds and presets the first.

    Where nothing could be compared, every inverter with a value.
    """
    closest = first(group.metrics, "closest")
    scored = [entry for entry in group.contenders if entry.complete and has_value(entry, closest)]
    found = standings[closest].first if scored else []
    return list({entry.record.method: entry for entry in reversed(found or scored)}.values())[::-1]


def strongest(group: Group, inverter: Entry) -> Match | None:
    """The control that wins most of the compared metrics, then loses fewest; those that see the original are none."""
    rivals = [entry for entry in group.controls if entry.complete and entry.record.access != "original"]
    matches = [match(inverter, control, main_keys(group)) for control in rivals]
    return max(matches, key=lambda one: (len(one.lost), -len(one.won), len(one.behind)), default=None)


def match(inverter: Entry, control: Entry, keys: Sequence[str]) -> Match:
    """The two in these metrics: Holm's p-value over those with pairs below 5 %, else two 95 % intervals apart."""
    shared = [key for key in keys if has_value(inverter, key) and has_value(control, key)]
    tried = {key: compared(key, inverter, control) for key in shared}
    found = {key: one for key, one in tried.items() if isinstance(one, Compared)}
    paired = [key for key, one in found.items() if one.paired]
    adjusted = dict(zip(paired, holm([found[key].p for key in paired]), strict=True))
    told: dict[str, list[str]] = {name: [] for name in ("won", "open", "lost", "ahead", "behind")}
    for key, one in found.items():
        certain = adjusted.get(key, one.p) < LEVEL
        told["open" if not certain else "won" if one.better else "lost"].append(key)
    for key in shared:
        side = _side(key, inverter, control) if key not in found else None
        if side is not None:
            told[side].append(key)
    sides = {name: tuple(keys) for name, keys in told.items()}
    return Match(inverter, control, **sides, paired=tuple(one.paired for one in found.values()))


def _side(key: str, inverter: Entry, control: Entry) -> str | None:
    """Whose single number is the better one; None where each has an interval, no direction, or one value."""
    first, second = inverter.record.metrics[key], control.record.metrics[key]
    mine, theirs = first.value or 0.0, second.value or 0.0
    least = inverter.metric(key).least(inverter.record.num_images)
    if first.higher_is_better is None or first.ci95 is not None or no_more_than(least, *[mine - theirs] * 3):
        return None
    return "ahead" if (mine > theirs) == first.higher_is_better else "behind"
