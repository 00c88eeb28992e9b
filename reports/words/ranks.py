"""How ranks are to be read: what they rest on, why there are none, who leads and who ties."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from reports.analysis.ranks import NO_RIVAL, Rank, Standing, Standings
from reports.words import text

PAIRED = "paired differences, p < 0.05 after Holm's correction over the pairs of the column"
APART = "95 % intervals that do not touch"
UNPAIRED = f"{APART} (not paired)"
MIXED = f"paired differences after Holm's correction or, where pairs are missing, {APART}"
READ = (
    "Rank: from 1 + the number of inverters certainly better, to their number less those certainly worse; what nothing "
    "separates shares it. Certainly: by {}."
)
TWINS = (
    "A method's own seeds and presets are not compared with each other; to others they count as one inverter: better "
    "where one of them is, worse where all are."
)
NOTHING = "No inverter has a rank: nothing could be compared."
LONE = "A lone inverter has no rank."
IN_TABLE = "In parentheses: the rank; bold: certainly better than every other inverter."


def why(one: Standing) -> str:
    """Why some or all could not be compared; empty where all could."""
    return text.listing(one.reasons)


def basis(one: Standing) -> str:
    """What the ranks rest on, or why there are none."""
    if not one.ranks:
        return why(one)
    return ground([compared.paired for compared in one.compared.values()], PAIRED)


def ground_of_lead(one: Standing) -> str:
    """What the leaders' own comparisons rest on."""
    leaders = one.leaders
    own = (compared for pair, compared in one.compared.items() if any(entry in leaders for entry in pair))
    return ground([compared.paired for compared in own], "paired differences")


def ground(paired: Sequence[bool], by_pairs: str) -> str:
    """What comparisons rest on of which these were paired; ``by_pairs`` where all of them were."""
    if all(paired):
        return by_pairs
    return MIXED if any(paired) else UNPAIRED


def legend(standings: Standings, keys: Sequence[str], titles: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """How the ranks of these metrics are to be read, or that there are none; then what is said of single ones.

    Metrics are called by their titles where these are given, else by their keys.
    """
    told = [standings[key] for key in keys if standings[key].reasons != (NO_RIVAL,)]
    if not told:
        return [LONE]
    none, partly = [one for one in told if not one.ranks], [one for one in told if one.ranks]
    bases = list(dict.fromkeys(basis(one) for one in partly))
    usual = PAIRED if PAIRED in bases else bases[0] if bases else ""
    lines = [READ.format(usual) if usual else NOTHING]
    lines += [TWINS] if any(one.num_methods < len(one.entries) for one in partly) else []
    lines += [f"{names}: by {by}." for by, names in _by(partly, basis, titles) if by != usual]
    lines += [f"{names}: no rank: {reason}." for reason, names in _by(none, why, titles)]
    lines += [f"{names}: not all could be compared: {reason}." for reason, names in _by(partly, why, titles)]
    return lines


def _by(found: Iterable[Standing], told: Callable[[Standing], str], titles: Mapping[str, str]) -> list[tuple[str, str]]:
    """(reason, metrics) pairs; metrics without a reason are left out."""
    reasons: dict[str, list[str]] = {}
    for one in found:
        if told(one):
            reasons.setdefault(told(one), []).append(titles.get(one.key, one.key))
    return [(reason, text.listing(keys)) for reason, keys in reasons.items()]


def orders(standings: Standings, keys: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Lines of ranks, ``1 a; 2-3 b, c``, each with the metrics that it holds of; ties in the order of the rows."""
    lines: dict[str, list[str]] = {}
    for key in keys:
        places: dict[tuple[int, int], list[str]] = {}
        for entry, rank in standings[key].ranks.items():
            places.setdefault((rank.low, rank.high), []).append(entry.label)
        told = [f"{Rank(*place)} {', '.join(places[place])}" for place in sorted(places)]
        if told:
            lines.setdefault("; ".join(told), []).append(key)
    return list(lines.items())
