"""``fid`` where its weights are missing: what to fetch, what to type, and how long it will take."""

from __future__ import annotations

from collections.abc import Sequence

from bench.datasets.fetch_inception import NOT_HERE
from bench.metrics.catalogue import MIN_SET_IMAGES
from bench.printing import about
from bench.record import Record
from reports import text

IMAGES_A_SECOND = 0.0  # torch-fidelity's Inception at 299 px in float32, on two cores of an Intel Xeon


def hint(records: Sequence[Record]) -> str | None:
    """How to get ``fid`` for these records; None where none of them lacks it for want of the weights.

    Each image goes through the network once: the reconstructions of every record, and the originals that records
    share. Where ``oracle`` is among them its images are those.
    """
    lacking = [record for record in records if _lacks(record)]
    if not lacking:
        return None
    images = sum(record.num_images for record in lacking if record.method != "oracle")
    images += sum({_originals(record): record.num_images for record in lacking}.values())
    return (
        f"fid is missing for want of Inception's weights. For it type: bench data fetch inception (91 MiB), then the "
        f"bench run of {text.plural(len(lacking), 'record')} again. They are made anew, because the weights are part "
        f"of the protocol that a score belongs to; Inception alone takes {about(images / IMAGES_A_SECOND)} on two CPU "
        f"cores for these {images:,} images."
    )


def _originals(record: Record) -> tuple[str, str, int]:
    return record.dataset, str(record.protocol.get("order")), record.num_images


def _lacks(record: Record) -> bool:
    score = record.metrics.get("fid")
    wanting = score is not None and score.value is None and score.note == NOT_HERE
    return wanting and record.status == "complete" and record.num_images >= MIN_SET_IMAGES
