"""How runs show themselves in a notebook: a table of scores, a strip of pictures."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Sequence

import numpy as np

from bench.cards import MetricCard
from bench.store.reader import Left, Pixels, originals_of
from bench.store.record import Score

STRIP = 12  # pictures
SIDE = 64  # CSS pixels of each
COLUMNS = ("method", "classifier", "dataset", "num_images", "status")


def run_html(run: Left) -> str:
    """One run: what it is, its scores with intervals, and the first originals over their reconstructions."""
    record = run.record
    title = f"{record.method} on {record.classifier}, {record.dataset}, {record.num_images:,} images"
    rows = [
        (card.title or key, _value(score), score.note or "")
        for key, score in record.metrics.items()
        for card in [run.metric(key)]
    ]
    parts = [f"<p><b>{html.escape(title)}</b>: {html.escape(record.reason or record.status)}</p>", _strip(run)]
    return "".join([*parts, _table(("score", "value", "note"), rows)])


def runs_html(runs: Sequence[Left]) -> str:
    """A row a run, a column a score of the main table that some run has."""
    cards = {
        key: run.metric(key) for run in runs for key, score in run.record.metrics.items() if score.value is not None
    }
    main = sorted((card.headline, key) for key, card in cards.items() if card.headline is not None)
    shown = [key for _, key in main] or list(cards)
    head = [*COLUMNS, *(_title(cards[key]) for key in shown)]
    rows = [
        [*(str(getattr(run.record, name)) for name in COLUMNS), *(_value(run.record.metrics.get(key)) for key in shown)]
        for run in runs
    ]
    return _table(head, rows)


def _title(card: MetricCard) -> str:
    return card.title or card.key


def _value(score: Score | None) -> str:
    if score is None or score.value is None:
        return "—"
    half = f" ± {(score.ci95[1] - score.ci95[0]) / 2:.2g}" if score.ci95 and score.ci95[1] > score.ci95[0] else ""
    return f"{score.value:.4g}{half}"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    def line(cells: Iterable[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return f"<table>{line(head, 'th')}{''.join(line(row, 'td') for row in rows)}</table>"


def _strip(run: Left) -> str:
    """Originals over reconstructions, as one picture; nothing where they are not here."""
    originals, own = originals_of([run]), run.reconstructions
    if originals is None or own is None or not run.matches(originals):
        return ""
    count = min(STRIP, len(own))
    rows = [np.concatenate(list(some[:count]), axis=1) for some in (originals, own)]
    data = _png(np.concatenate(rows, axis=0))
    alt = f"{count} originals, and below them their reconstructions"
    look = f"image-rendering:pixelated;width:{count * SIDE}px;max-width:100%"
    return f'<img alt="{alt}" style="{look}" src="data:image/png;base64,{data}">'


def _png(pixels: Pixels) -> str:
    from PIL import Image

    stored = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stored, "PNG")
    return base64.b64encode(stored.getvalue()).decode()
