"""The one door to matplotlib: a figure in the page's style, and its drawing as SVG that follows the page's theme.

Draw with the constants below and with nothing else: ``svg`` turns each of them into the style sheet's variable, so that
one drawing serves the light and the dark page. pyplot is never imported: it holds state and takes its time.
"""

from __future__ import annotations

import hashlib
import html
import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.figure import Figure

# Each stands for a variable of page/templates/style.css and equals its value on the light page.
INK = "#1b2025"
MUTED = "#59616b"
GRID = "#e1e4e6"
PAPER = "#fdfdfb"
# Okabe and Ito's colour-blind-safe set, darkened to a contrast of 3:1 on paper; let dash or marker differ too.
SERIES = ("#1a5fa8", "#b3500a", "#0b7a5c", "#a8447f", "#7a6400", "#3b83b5", "#7a52b3", "#5b6770")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "h")
DASHES: tuple[str | tuple[int, tuple[float, ...]], ...] = (
    "-",
    (0, (5, 2)),
    (0, (1.5, 1.5)),
    (0, (6, 2, 1.5, 2)),
    (0, (3, 1)),
    (0, (8, 3)),
    (0, (1, 3)),
    (0, (4, 1, 1, 1, 1, 1)),
)
VARIABLES: dict[str, str] = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    GRID: "var(--grid)",
    PAPER: "var(--paper)",
    **{colour: f"var(--series-{number})" for number, colour in enumerate(SERIES, 1)},
}
TAG = re.compile(r"<[^<>]*>")  # in text both signs are escaped
POINTS = 72  # matplotlib's SVG counts in points, 72 an inch, and the page reads them as pixels

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 12,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 12,
    "figure.facecolor": "none",
    "figure.subplot.bottom": 0.14,
    "figure.subplot.left": 0.14,
    "figure.subplot.right": 0.97,
    "figure.subplot.top": 0.96,
    "font.family": "DejaVu Sans",  # measured with; the page draws with its own, which is narrower
    "font.size": 12,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.fontsize": 11,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 6.5,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "logit-inversion-bench",
    "text.color": INK,
    "text.parse_math": False,  # a method's name may hold dollars; so logarithmic axes need a formatter of their own
    "xtick.color": GRID,
    "xtick.labelcolor": MUTED,
    "xtick.labelsize": 11,
    "ytick.color": GRID,
    "ytick.labelcolor": MUTED,
    "ytick.labelsize": 11,
}


@cache
def _style() -> dict[str, Any]:
    """Every setting of matplotlib, whatever the user's own matplotlibrc says."""
    import matplotlib
    from cycler import cycler

    with matplotlib.rc_context():
        known: Any = matplotlib.rcParams
        matplotlib.rcdefaults()
        known.update(STYLE)
        known["axes.prop_cycle"] = cycler(color=SERIES)
        return dict(known)


@contextmanager
def figure(width_px: float, height_px: float) -> Iterator[Figure]:
    """An empty figure of this size in CSS pixels; draw on it and call ``svg`` before the context ends.

    At 390 pixels the page leaves about 350: a figure of 440 keeps its text readable there.
    """
    import matplotlib
    from matplotlib.figure import Figure as Drawing

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # only the measuring font lacks it
        known: Any = matplotlib.rcParams
        dict.update(known, _style())  # checked when it was made
        yield Drawing(figsize=(width_px / POINTS, height_px / POINTS), dpi=POINTS)


def svg(fig: Figure, *, title: str, description: str, name: str = "") -> Markup:
    """The drawing as an inline ``<svg role="img">`` that a template prints as it stands.

    Args:
        fig: of ``figure``, while its context is open.
        title: the picture's name for who cannot see it.
        description: what it shows, with its numbers.
        name: anything that tells this figure from one that is equal to it in everything else on the same page.
    """
    from markupsafe import Markup

    file = io.StringIO()
    fig.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    drawing = file.getvalue()
    inner = drawing[drawing.index(">", drawing.index("<svg")) + 1 : drawing.rindex("</svg>")]
    inner = re.sub(r"<metadata>.*?</metadata>|<style\b.*?</style>", "", inner, flags=re.DOTALL)
    inner = _themed(re.sub(r"<!--.*?-->|<defs>\s*</defs>", "", inner, flags=re.DOTALL))
    prefix = (
        "fig-" + hashlib.sha256("\n".join((name, title, description, inner)).encode(errors="replace")).hexdigest()[:10]
    )
    inner = _own_ids(inner, prefix)
    width, height = (f"{inches * POINTS:g}" for inches in fig.get_size_inches())
    return Markup(
        f'<svg class="plot" role="img" aria-labelledby="{prefix}-title" aria-describedby="{prefix}-desc" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'style="stroke-linejoin: round; stroke-linecap: butt">\n'
        f'<title id="{prefix}-title">{html.escape(title)}</title>\n'
        f'<desc id="{prefix}-desc">{html.escape(description)}</desc>{_packed(inner)}</svg>'
    )


def _themed(drawing: str) -> str:
    """Placeholder colours as variables, in styles alone: a name that looks like a colour stays a name."""

    def styled(found: re.Match[str]) -> str:
        style = re.sub(r"#[0-9a-f]{6}\b", lambda colour: VARIABLES.get(colour[0], colour[0]), found[0])
        return re.sub(r"'DejaVu Sans'(, [^;\"]*)?", "var(--sans)", style)

    return re.sub(r'(?<=\s)style="[^"]*"(?=[^<>]*>)', styled, drawing)


def _own_ids(drawing: str, prefix: str) -> str:
    """Only ids that something refers to are kept, with a prefix of this figure."""
    used = {one for tag in TAG.findall(drawing) for one in re.findall(r'(?:xlink:href="#|url\(#)([^")]+)', tag)}

    def renamed(found: re.Match[str]) -> str:
        tag = re.sub(
            r' id="([^"]*)"', lambda one: f' id="{prefix}-{one[1]}"' if one[1] in used else "", found[0], count=1
        )
        tag = tag.replace("xlink:href=", "href=")
        return re.sub(r'(?<= href="#)|(?<=url\(#)', f"{prefix}-", tag)

    return TAG.sub(renamed, drawing)


def _packed(drawing: str) -> str:
    """Hundredths of a pixel are enough, and neither turns by nothing nor blanks say anything: half of the file."""

    def shorter(found: re.Match[str]) -> str:
        tag = re.sub(r' transform="rotate\(-?0 [^"]*"', "", found[0])
        return re.sub(r"\s+", " ", re.sub(r"(\.\d\d)\d+", r"\1", tag)).replace(' "', '"')

    return re.sub(r">\s+<", "><", TAG.sub(shorter, drawing))
