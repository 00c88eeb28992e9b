from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.metrics.bootstrap import mean_ci
from bench.record import Record, Score
from reports.findings import Finding, finding, holdings
from reports.groups import Entry, group
from reports.scores import winners
from tests.reports.synthetic import write_cell

N = 300
RNG = np.random.default_rng(0)
BASE = RNG.random(N)


def entry(
    root: Path, record: Record, name: str, lpips: NDArray[np.float64], gap: float = 0.0, **others: object
) -> Entry:
    gaps = np.full(N, gap) + RNG.normal(0, 0.1, N)
    metrics = {}
    for key, values, higher in (("lpips", lpips, False), ("reid_gap", gaps, None)):
        mean, low, high = mean_ci(values)
        metrics[key] = Score(mean, (low, high), N, None, higher)
    changes = {"method": name, "kind": "inverter", "num_images": N, "metrics": metrics, **others}
    made = dataclasses.replace(record, **changes)  # type: ignore[arg-type]
    columns = {"image_id": [str(i) for i in range(N)], "lpips": lpips, "reid_gap": gaps}
    return Entry(made, write_cell(root, made, columns, np.zeros((N, 1, 1, 3), np.uint8)))


def told(entries: list[Entry]) -> Finding:
    (only,) = group(entries)
    found = finding(only, winners(only), "group-1")
    assert found is not None
    return found


def test_a_clear_lead_is_told_with_its_number_and_its_basis(records: list[Record], tmp_path: Path) -> None:
    entries = [entry(tmp_path, records[0], f"m{shift}", BASE + 0.01 * shift) for shift in range(3)]
    lead = told(entries).sentences[0]
    low, high = entries[0].record.metrics["lpips"].ci95 or (0, 0)
    assert lead == (
        f"Of the inverters, m0 is closest to the originals (lpips {BASE.mean():.3f} [{low:.3f}, {high:.3f}]), "
        "by paired differences from each of the 2 others ranked."
    )


def test_a_lead_within_noise_is_not_told(records: list[Record], tmp_path: Path) -> None:
    entries = [entry(tmp_path, records[0], name, RNG.normal(0.5, 0.2, N)) for name in "ab"]
    assert told(entries).sentences[0].startswith("Of 2 ranked inverters none is better than every other in lpips")


def test_the_class_alone_is_the_floor_in_all_three_ways(records: list[Record], tmp_path: Path) -> None:
    for shift, words in ((-0.1, "comes closer to the original than"), (0.1, "stays further from the original than")):
        method = entry(tmp_path / str(shift), records[0], "m", BASE + shift)
        floor = entry(tmp_path / str(shift), records[0], "same-class-random", BASE, kind="control")
        (sentence,) = told([method, floor]).sentences[1:2]
        assert sentence.startswith(f"m {words} a random training image of the predicted class")
        assert f"{shift:+.3f}".replace("-", "−") in sentence
    noise = BASE + np.where(np.arange(N) % 2, 0.2, -0.2)
    method = entry(tmp_path / "even", records[0], "m", noise)
    floor = entry(tmp_path / "even", records[0], "same-class-random", BASE, kind="control")
    assert "no difference is shown" in told([method, floor]).sentences[1]
    nearest = entry(tmp_path / "nearest", records[0], "train-nearest", BASE - 0.3, kind="control")
    assert (
        told([method, nearest])
        .sentences[1]
        .startswith("m stays further from the original than the training image whose logits are nearest")
    )


def test_a_gap_is_told_where_it_is_wider_than_that_of_natural_pictures(records: list[Record], tmp_path: Path) -> None:
    wide = entry(tmp_path, records[0], "wide", BASE, gap=0.5, access="white-box")
    narrow = entry(tmp_path, records[0], "narrow", BASE + 0.01, gap=0.2)
    natural = entry(tmp_path, records[0], "same-class-random", BASE, gap=0.3, kind="control")
    last = told([wide, narrow, natural]).sentences[-1]
    assert last.startswith("Beyond what it convinces the judge of, wide (white-box) (reid_gap 0.5")
    assert "narrow" not in last
    assert not any("convinces" in sentence for sentence in told([narrow, natural]).sentences)
    assert not any("convinces" in sentence for sentence in told([wide]).sentences)


def test_what_is_given_features_is_not_ranked(records: list[Record], tmp_path: Path) -> None:
    only = entry(tmp_path, records[0], "apart", BASE, access="features")
    (one,) = group([only])
    assert finding(one, winners(one), "a") is None


def test_holdings_count_cells_failures_and_probes(records: list[Record]) -> None:
    failed = dataclasses.replace(records[0], status="failed", reason="r", metrics={})
    probe = dataclasses.replace(records[0], probe="noise")
    sentences = holdings([*records, failed, probe])
    assert "5 inverters (" in sentences[0]
    assert "7 controls on 1 classifier (robust_resnet152): 60 images of cifar10 each, run 2025-11-22." in sentences[0]
    assert sentences[1:] == ("1 cell failed; the tables say why.", "1 probe record asks further: noise.")
