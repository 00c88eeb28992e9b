"""Score tables as text: for the terminal after a run, and as Markdown for the README."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from bench.cards import MetricCard
from bench.store.record import Score
from reports.analysis.groups import Entry, Group, group, main_keys
from reports.analysis.images import is_right
from reports.analysis.metrics import picked
from reports.analysis.ranks import Standing, Standings, standings
from reports.words import glossary, text
from reports.words.glossary import DIRECTIONS
from reports.words.markdown import escaped, markdown_lines
from reports.words.ranks import IN_TABLE, legend, orders
from reports.words.seeds import note
from reports.words.seeds import rows as spreads

WIDTH = 110
MOST = 7  # columns of metrics for which there is room in any case
BREAKABLE = re.compile(r"[^_]{1,9}_?|_")  # pieces of a key between which a narrow column may break the line
MISSING = Score(None, note="this record was written without this metric")


def terminal_table(entries: Sequence[Entry], asked: Sequence[str] = ()) -> str:
    """Key metrics of these records with half of their 95 % interval, at most 110 columns wide.

    One table for each dataset, classifier, protocol and N: methods, then controls, then what guessing scores; below it
    the ranks, by the values beside the records. Where metrics are ``asked`` for by their keys, these are the
    columns, as many as have room.
    """
    return "\n".join(_terminal(one, asked) for one in group(entries))


def _terminal(one: Group, asked: Sequence[str]) -> str:
    shown = one.complete
    keys = [key for key in asked[:MOST] if key in one.metrics] or picked(one.metrics, "terminal") or main_keys(one)
    columns = [_terminal_column(key, one) for key in keys]
    depth = max((len(column) for column in columns), default=1)
    columns = [[" " * len(column[0])] * (depth - len(column)) + column for column in columns]
    sees = ["access", *(_sees(entry) for entry in shown), ""]
    names = ["method", *(entry.label + " ~" * entry.record.stochastic for entry in shown), "chance"]
    words, labels = max(map(len, sees)), max(map(len, names))
    room = WIDTH - sum(len(column[0]) for column in columns) - words
    gap = 2 if labels + 2 * (len(columns) + 1) <= room else 1
    width = min(labels, room - gap * (len(columns) + 1))
    stubs = [f"{_shorten(n, width):{width}}{' ' * gap}{s:{words}}" for n, s in zip(names, sees, strict=True)]
    stubs = [" " * len(stubs[0])] * (depth - len(stubs)) + stubs
    rows = [(" " * gap).join(row).rstrip() for row in zip(stubs, *columns, strict=True)]
    first, bands = len(rows) - 1 - len(shown), [sum(e.complete for e in entries) for _, entries in glossary.bands(one)]
    for gap_at in sorted({sum(bands[:k]) for k in range(1, len(bands))} - {0}, reverse=True):
        rows.insert(first + gap_at, "")
    title = f"{one.classifier} on {one.dataset}, {text.plural(one.num_images, 'image')}, protocol {one.fingerprint}"
    return (
        "\n".join(
            [*([title, "", *rows] if shown else [title]), "", *_terminal_ranks(one, keys), *_terminal_notes(one, keys)]
        )
        + "\n"
    )


def _terminal_ranks(one: Group, keys: Sequence[str]) -> list[str]:
    """How ranks are meant, and who leads and who ties in which metrics."""
    ranked = standings(one, keys)
    if not any(standing.entries for standing in ranked.values()):
        return []
    read, *remarks = legend(ranked, keys)
    told = [f"{text.listing(those)}: {line}" for line, those in orders(ranked, keys)]
    return [_wrapped(read), *(_wrapped(line, "  ") for line in (*told, *remarks)), ""]


def _sees(entry: Entry) -> str:
    """Access, marked where the method was trained."""
    record = entry.record
    return record.access if record.training == "none" else f"{record.access} *"


def _terminal_column(key: str, one: Group) -> list[str]:
    """Head lines, cells and chance of a metric, all of one width."""
    scores = [_score(entry, key) for entry in one.complete]
    cells = [*(_concise(one.metric(key), score) for score in scores), _chance(key, one)]
    width = max(map(len, [*cells, *BREAKABLE.findall(key)]))
    head = [""]
    for piece in [*BREAKABLE.findall(key), f" {DIRECTIONS[one.metric(key).higher_is_better][0]}".rstrip()]:
        if len(head[-1] + piece) <= width:
            head[-1] += piece
        else:
            head.append(piece)
    return [line.rjust(width) for line in [*head, *cells]]


def _chance(key: str, one: Group) -> str:
    """What guessing scores, where it is the same for all."""
    found = {
        text.chance(e.metric(key), score.chance) for e in one.complete if (score := _score(e, key)).chance is not None
    }
    return found.pop() if len(found) == 1 else ""


def _concise(card: MetricCard, score: Score) -> str:
    """A dash where there is no value, and where it could be no other."""
    if score.value is None or text.is_by_definition(score):
        return text.DASH
    return text.concise(card, score.value, score.ci95)


def _terminal_notes(one: Group, keys: Sequence[str]) -> list[str]:
    """How right the classifier is, why cells are absent or values missing, each reason once, how to read the table."""
    lines = _right(one) + [f"{e.label}: {e.record.status}: {e.record.reason}" for e in one.entries if not e.complete]
    reasons: dict[str, list[str]] = {}
    for key in keys:
        for score in (_score(entry, key) for entry in one.complete):
            if score.value is None:
                reasons.setdefault(score.note or "no reason was recorded", []).append(key)
    lines += [f"{text.DASH} {text.listing(those)}: {reason}" for reason, those in reasons.items()]
    lines += [line for entry in one.complete for line in note(entry, keys)]
    if one.complete:
        lines.append(
            "0.123(45): 0.123 ± 0.045, half of the 95 % interval; ~ stochastic; * trained on (logits, image) pairs."
        )
    return [_wrapped(line) for line in lines]


def _right(one: Group) -> list[str]:
    """How many originals the classifier gives their label, where its logits name the labels."""
    right = is_right(one)
    if right is None:
        return []
    share = f"{100 * right.mean():.1f} % of the {text.plural(len(right), 'original')}"
    return [f"{one.classifier} gives {share} their label."]


def _wrapped(line: str, indent: str = "") -> str:
    """Lines of at most 110 columns; a number stays with the word after it."""
    tied = re.sub(r"(?<=\d) ", "\N{NO-BREAK SPACE}", line)
    further = f"{indent}  "
    lines = textwrap.wrap(tied, WIDTH, initial_indent=indent, subsequent_indent=further, break_on_hyphens=False)
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")


def _shorten(name: str, width: int) -> str:
    """A name cut in its middle, where names differ least."""
    half = (width - 1) // 2
    return name if len(name) <= width else f"{name[: width - 1 - half]}…{name[len(name) - half :]}"


def _score(entry: Entry, key: str) -> Score:
    return entry.record.metrics.get(key, MISSING)


def markdown_table(entries: Sequence[Entry], metrics: Sequence[str]) -> str:
    """These metrics with intervals and ranks as Markdown, a table for each dataset, classifier, protocol and N.

    How to read the ranks stands once below all of them, and below each what holds of it alone.
    """
    groups = [(one, standings(one, metrics)) for one in group(entries)]
    legends = [legend(ranked, metrics) for _, ranked in groups]
    shared = [line for line in legends[0] if all(line in told for told in legends)] if legends else []
    tables = []
    for (one, ranked), told in zip(groups, legends, strict=True):
        own = escaped(" ".join(line for line in told if line not in shared))
        tables += [_markdown(one, ranked, metrics), *([f"{own}\n"] if own else [])]
    return "\n".join([*tables, f"{IN_TABLE} {escaped(' '.join(shared))}".rstrip() + "\n"])


def _markdown(one: Group, ranked: Standings, metrics: Sequence[str]) -> str:
    arrows = {key: DIRECTIONS[one.metric(key).higher_is_better][0] for key in metrics}
    head = ["method", "access", "training", "stochastic", *(f"`{key}` {arrows[key]}".rstrip() for key in metrics)]
    rows = []
    for entry in (*one.inverters, *one.controls):
        rows.append(_markdown_row(entry, ranked, metrics))
        rows += [[name, "", "", "", *cells] for name, cells in spreads(entry, metrics)]
    rows.append(["*chance*", "", "", "", *(_chance(key, one) for key in metrics)])
    title = f"**{escaped(one.classifier)}** on {escaped(one.dataset)}, {text.plural(one.num_images, 'image')}"
    return "\n".join([f"{title}, protocol `{one.fingerprint}`:", "", *markdown_lines(head, rows)]) + "\n"


def _markdown_row(entry: Entry, ranked: Standings, metrics: Sequence[str]) -> list[str]:
    record = entry.record
    name = escaped(entry.label) if record.kind == "inverter" else f"*{escaped(entry.label)}*"
    lead = [name, escaped(record.access), escaped(record.training), "yes" if record.stochastic else "no"]
    if not entry.complete:
        return [*lead, f"{record.status}: {escaped(record.reason or '')}", *[""] * (len(metrics) - 1)]
    return [*lead, *(_with_bounds(entry, key, ranked) for key in metrics)]


def _with_bounds(entry: Entry, key: str, ranked: Standings) -> str:
    """A value, its interval, and its rank in parentheses; bold where it leads."""
    return cell(entry, key, ranked[key], bounds=True)


def cell(entry: Entry, key: str, ranked: Standing | None = None, *, bounds: bool = False) -> str:
    """A value as Markdown, with its interval where ``bounds``; bold where it leads, and its rank in parentheses."""
    score = _score(entry, key)
    if score.value is None or text.is_by_definition(score):
        return text.DASH
    value = text.number(entry.metric(key), score.value, score.ci95)
    rank = ranked.ranks.get(entry) if ranked is not None else None
    shown = f"**{value}**" if ranked is not None and entry in ranked.leaders else value
    interval = text.bounds(score.ci95) if bounds else ""
    return " ".join(filter(None, (shown, interval, f"({rank})" if rank is not None else "")))
