"""Scores whose extractor's weights are missing: what to fetch, what to type, and for ``fid`` how long it will take."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from bench.cli.printing import about
from bench.datasets.fetch_inception import NOT_HERE
from bench.metrics.base import MIN_SET_IMAGES, Metric
from bench.metrics.registry import chosen
from bench.store.record import Record

WIDTH = 110  # of the terminal's tables
IMAGES_A_SECOND = 9.0  # torch-fidelity's Inception at 299 px, float32, two cores of an Intel Xeon


def hint(records: Sequence[Record], runs: Path = Path("runs")) -> str | None:
    """How to get ``fid`` for these records, in lines as wide as the tables; None where none lacks it for the weights.

    Each image goes through the network once: the reconstructions of every record, and the originals that records
    share and ``oracle`` repeats.
    """
    lacking = [record for record in records if _lacks(record)]
    if not lacking:
        return None
    originals = {(record.dataset, str(record.protocol.get("order")), record.num_images) for record in lacking}
    images = sum(count for *_, count in originals)
    images += sum(record.num_images for record in lacking if record.method != "oracle")
    line = (
        "fid is null for want of Inception's weights. To have it type: bench data fetch inception (91 MiB), then bench "
        f"score --runs {runs} --metric fid, which inverts nothing and changes no other score. For the "
        f"{images:,} images Inception takes {about(images / IMAGES_A_SECOND)} on two CPU cores."
    )
    return textwrap.fill(line, WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def weights_missing(records: Sequence[Record], asked: Sequence[str], runs: Path) -> str | None:
    """How to get metrics that were asked for and lack an extractor's weights, ``fid`` aside; None where none does.

    Args:
        records: of the run; the notes of their scores, which the tables show, say how to get the weights.
        asked: keys of metrics.
        runs: folder of the records.
    """
    keys = [one.key for one in chosen([key for key in asked if key != "fid"]) if any(_waits(one, r) for r in records)]
    if not keys:
        return None
    line = (
        f"{', '.join(keys)}: no value for want of weights, and the line above says how to get them. Then type: bench "
        f"score --runs {runs} {' '.join(f'--metric {key}' for key in keys)}, which inverts nothing."
    )
    return textwrap.fill(line, WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def _waits(metric: Metric, record: Record) -> bool:
    """Whether a score has no value since an extractor's weights were not here; the judge is another matter."""
    score, there = record.metrics.get(metric.key), record.protocol.get("extractors", {})
    return score is not None and score.value is None and bool({*metric.needs.extractors} - {*there, "judge"})


def _lacks(record: Record) -> bool:
    score = record.metrics.get("fid")
    wanting = score is not None and score.value is None and score.note == NOT_HERE
    return wanting and record.status == "complete" and record.num_images >= MIN_SET_IMAGES
