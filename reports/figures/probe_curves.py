"""The invariance curve: how far reconstructions move against how far the logits do, along each transformation."""

from __future__ import annotations

from bench.cards import Look, MetricCard
from reports.analysis.probe_groups import Series, Together
from reports.figures.probe_marks import Drawable, Mark, Panel, Style, Trace, legend_of, limits
from reports.words import text

COLOURS = (0, 1, 2, 3, 4, 6, 7, 5)  # the last looks like the first


def curves(look: Look, group: Together) -> Drawable:
    """How far the second measure moves against the first: a panel a record, a trace a transformation."""
    across, up = (group.metric(key) for key in look.keys)
    families = _families(group)
    panels = []
    for one in group.series:
        found = (_branch(one, f, Style(COLOURS[k % 8], k % 8), look, (across, up)) for k, f in enumerate(families))
        panels.append((one.label, tuple(trace for trace in found if trace.marks)))
    drawn = [trace for _, traces in panels for trace in traces]
    x_all = [end for trace in drawn for mark in trace.marks for end in (mark.x, *(mark.x_ends or ()))]
    y_all = [end for trace in drawn for mark in trace.marks for end in (mark.y, *(mark.y_ends or ()))]
    made = tuple(
        Panel(
            title=label,
            traces=traces,
            x_label=across.title,
            y_label=up.title,
            x_limits=limits(across, x_all),
            y_limits=limits(up, y_all),
        )
        for label, traces in panels
        if traces
    )
    return Drawable(made, legend_of(made), tuple(label for label, traces in panels if not traces))


def _families(group: Together) -> list[str]:
    """The transformations, without their strengths: ``rotate`` of ``rotate 45``."""
    return list(dict.fromkeys(name.rpartition(" ")[0] for name in group.level_names if " " in name))


def _branch(one: Series, family: str, style: Style, look: Look, axes: tuple[MetricCard, MetricCard]) -> Trace:
    """One transformation by its strength, no change in its place among them."""
    across, up = axes
    ordered, neutral = family not in look.unordered, look.origins.get(family, 0.0)
    placed = []
    for level in one.entry.record.levels:
        known = level.name == look.origin and ordered
        if not known and level.name.rpartition(" ")[0] != family:
            continue
        x, y = level.metrics.get(across.key), level.metrics.get(up.key)
        if x is None or y is None or x.value is None or y.value is None:
            continue
        words = f"{level.name} ({text.number(across, x.value)}, {text.number(up, y.value)})"
        strength = neutral if known else level.value or 0.0
        placed.append((strength, Mark(x.value, y.value, x.ci95, y.ci95, words)))
    placed.sort(key=lambda pair: pair[0])
    return Trace(family, style, tuple(mark for _, mark in placed), joined=ordered)
