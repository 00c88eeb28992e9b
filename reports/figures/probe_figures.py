"""The plots of the probe pages: a panel is one small drawing, so that a narrow page can put them below each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.cards import Look
from reports.analysis.probe_groups import Together
from reports.figures import plotting
from reports.figures.probe_marks import Mark, Panel, Style, Trace
from reports.figures.probe_panels import drawable
from reports.words import text

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

WIDTH = 420.0
HEIGHT = 260.0
ROW = 34.0  # height of a record's row of whiskers
LEFT, NAMES, RIGHT, TOP, BOTTOM = 52.0, 152.0, 12.0, 8.0, 44.0  # margins; NAMES is the left one beside names
# Markers of ``plotting.MARKERS`` for the legend, around (0, 0).
SHAPES = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "M-3.6-3.6h7.2v7.2h-7.2z",
    "M0-4.4L4.4 3.6H-4.4z",
    "M0-4.8L4.8 0L0 4.8L-4.8 0z",
    "M0 4.4L4.4-3.6H-4.4z",
    "M-1.6-4.6h3.2v3h3v3.2h-3v3h-3.2v-3h-3v-3.2h3z",
    "M-4.4-2.4l2-2l2.4 2.4l2.4-2.4l2 2l-2.4 2.4l2.4 2.4l-2 2l-2.4-2.4l-2.4 2.4l-2-2l2.4-2.4z",
    "M0-4.6L4-2.3V2.3L0 4.6L-4 2.3V-2.3z",
)


@dataclass(frozen=True)
class Sign:
    """An entry of a legend: its words, and the line and marker in front of them."""

    label: str
    colour: str
    dash: str
    shape: str
    hollow: bool


@dataclass(frozen=True)
class Plot:
    """One panel with its title."""

    title: str
    svg: Markup


@dataclass(frozen=True)
class Figure:
    """The plots that answer one question, with one legend and one caption."""

    plots: tuple[Plot, ...]
    legend: tuple[Sign, ...]
    caption: str


def figure(look: Look, group: Together, kind: str, anchor: str) -> Figure | None:
    """Draw one figure of a group; None where nothing in it has a value.

    Args:
        look: which measures, and how.
        group: records that may stand together.
        kind: the probe's name.
        anchor: tells this group from all others of the page.
    """
    found = drawable(look, group)
    if not found.panels:
        return None
    name = f"probe {kind}, {group.dataset}, {text.plural(group.num_images, 'image')}"
    drawings = drawn(found.panels, name, anchor)
    plots = tuple(Plot(panel.title, svg) for panel, svg in zip(found.panels, drawings, strict=True))
    return Figure(plots, tuple(_sign(*entry) for entry in found.legend), _caption(look, found.panels, found.empty))


def _caption(look: Look, panels: Sequence[Panel], empty: Sequence[str]) -> str:
    """What the look says, how intervals are drawn, and what is missing."""
    intervals = "Bands" if any(panel.bands for panel in panels) else "Whiskers"
    parts = [look.about]
    if look.sight != "histogram":
        parts.append(f"{intervals}: 95 % intervals over images.")
    if any(panel.chance is not None for panel in panels):
        parts.append("The dashed grey line is what guessing scores.")
    if empty:
        parts.append(f"Without any value, so not drawn: {text.listing(empty)}.")
    return " ".join(parts)


def drawn(panels: Sequence[Panel], name: str, anchor: str) -> list[Markup]:
    """Panels as inline SVG, one after the other on the same sheet: setting matplotlib up takes as long as a panel."""
    drawings = []
    with plotting.figure(WIDTH, HEIGHT) as fig:
        for panel in panels:
            fig.clear()
            _panel(fig, panel)
            title = f"{panel.title}: {name}"
            drawings.append(plotting.svg(fig, title=title, description=panel.description, name=anchor))
    return drawings


def _panel(fig: Drawing, panel: Panel) -> None:
    """One panel on an empty sheet of its size."""
    left, bottom = (NAMES, BOTTOM - 14) if panel.rows else (LEFT, BOTTOM)
    height = TOP + bottom + ROW * panel.rows if panel.rows else HEIGHT
    fig.set_size_inches(WIDTH / plotting.POINTS, height / plotting.POINTS)
    box = (left / WIDTH, bottom / height, (WIDTH - left - RIGHT) / WIDTH, (height - TOP - bottom) / height)
    axes = fig.add_axes(box)
    for trace in panel.traces:
        _draw(axes, trace, panel.bands)
    _axes(axes, panel)


def _draw(axes: Axes, trace: Trace, bands: bool) -> None:
    """The intervals below, then the line and its markers."""
    colour = plotting.SERIES[trace.style.colour]
    x, y = [mark.x for mark in trace.marks], [mark.y for mark in trace.marks]
    if bands:
        _band(axes, trace.marks, colour)
    else:
        _whiskers(axes, trace.marks, colour)
    axes.plot(
        x,
        y,
        color=colour,
        linestyle=_dash(trace.style) if trace.joined else "none",
        linewidth=1.6,
        marker=plotting.MARKERS[trace.style.marker],
        markersize=6,
        markerfacecolor=plotting.PAPER if trace.style.hollow else colour,
        markeredgecolor=colour,
        markeredgewidth=1.3,
    )


def _band(axes: Axes, marks: Sequence[Mark], colour: str) -> None:
    """Where every point has an interval the area between its ends."""
    ends = [mark.y_ends or (mark.y, mark.y) for mark in marks]
    low, high = [end[0] for end in ends], [end[1] for end in ends]
    axes.fill_between([mark.x for mark in marks], low, high, color=colour, alpha=0.13, linewidth=0)


def _whiskers(axes: Axes, marks: Sequence[Mark], colour: str) -> None:
    """Lines between the ends of each interval, along the axis that it belongs to."""
    faint: dict[str, Any] = {"color": colour, "linewidth": 1.1, "alpha": 0.65}
    for draw, spans in (
        (axes.hlines, [(mark.y, mark.x_ends) for mark in marks]),
        (axes.vlines, [(mark.x, mark.y_ends) for mark in marks]),
    ):
        wide = [(at, *ends) for at, ends in spans if ends is not None and ends[1] > ends[0]]
        if wide:
            draw([at for at, _, _ in wide], [low for _, low, _ in wide], [high for _, _, high in wide], **faint)


def _axes(axes: Axes, panel: Panel) -> None:
    """Labels, ticks, limits and the lines for what is neutral and what guessing scores."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set(xlabel=panel.x_label, ylabel=panel.y_label)
    for axis, ticks in ((axes.xaxis, panel.x_ticks), (axes.yaxis, panel.y_ticks)):
        if ticks:
            axis.set_ticks([place for place, _ in ticks], labels=[words for _, words in ticks])
        else:
            axis.set_major_locator(MaxNLocator(5))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", text.MINUS)))
    if panel.rows:
        axes.tick_params(axis="y", labelcolor=plotting.INK, labelsize=10, length=0)
        axes.grid(False, axis="y")
    axes.set_xlim(*panel.x_limits)
    axes.set_ylim(*panel.y_limits)
    if panel.neutral is not None:
        axes.axvline(panel.neutral, color=plotting.MUTED, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
    if panel.chance is not None:
        line = axes.axvline if panel.rows else axes.axhline
        line(panel.chance, color=plotting.MUTED, linewidth=1, linestyle=(0, (5, 3)), zorder=1)


def _dash(style: Style) -> Any:
    return plotting.DASHES[style.dash]


def _sign(label: str, style: Style) -> Sign:
    dash = _dash(style)
    pattern = "none" if isinstance(dash, str) else " ".join(f"{1.6 * part:g}" for part in dash[1])
    return Sign(label, f"var(--series-{style.colour + 1})", pattern, SHAPES[style.marker], style.hollow)
