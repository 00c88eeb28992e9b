from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from bench.store.record import Record
from reports.analysis.groups import Entry
from reports.analysis.ranks import standing
from reports.words.ranks import MIXED, PAIRED, UNPAIRED, basis, ground_of_lead, legend, orders
from tests.reports.analysis.test_ranks import N, bare, entry


def test_a_column_with_and_without_pairs_says_both_and_its_leader_what_decided_its_own(
    records: list[Record], tmp_path: Path
) -> None:
    base = np.random.default_rng(0).random(N)
    a, b = (entry(tmp_path, records[0], f"m{shift}", base + 0.01 * shift) for shift in range(2))
    far, near = bare(records[0], "far", 2.0, 0.1), bare(records[0], "near", -1.0, 0.1)
    paired = [Entry(with_interval(one.record), one.directory) for one in (a, b)]
    lead = standing("lpips", [*paired, far])
    assert (lead.leaders, basis(lead), ground_of_lead(lead)) == ([paired[0]], MIXED, MIXED)
    alone = standing("lpips", [*paired, near])
    assert (alone.leaders[0].record.method, basis(alone), ground_of_lead(alone)) == ("near", MIXED, UNPAIRED)
    both = {"lpips": lead, "psnr": dataclasses.replace(standing("lpips", paired), key="psnr")}
    read, *further = legend(both, ["lpips", "psnr"])
    assert read.endswith(f"by {PAIRED}.")
    assert further == [f"lpips: by {MIXED}."]
    assert legend(both, ["lpips", "psnr"], {"lpips": "LPIPS"}) == [read, f"LPIPS: by {MIXED}."]


def with_interval(record: Record) -> Record:
    """The record with an interval of 0.1 to both sides of its value."""
    score = record.metrics["lpips"]
    value = score.value or 0.0
    return dataclasses.replace(record, metrics={"lpips": dataclasses.replace(score, ci95=(value - 0.1, value + 0.1))})


def test_a_tie_is_written_in_the_order_of_the_rows(records: list[Record]) -> None:
    entries = [bare(records[0], name, value, 0.05) for name, value in (("a", 0.33), ("b", 0.3), ("c", 0.1))]
    assert orders({"lpips": standing("lpips", entries)}, ["lpips"]) == [("1 c; 2-3 a, b", ["lpips"])]
