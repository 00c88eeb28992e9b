"""Cells that differ in nothing but seeds are one row: its means, its interval, and how far they lie apart."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from bench.store.record import Record, Score
from reports.analysis.groups import Entry, Group, group
from reports.analysis.ranks import standing
from reports.analysis.seeds import Apart, counted, mean_columns, seeds, spread
from tests.reports.synthetic import write_cell

KEY = "lpips"
RECIPE = {"name": "cpu", "steps": 10, "but_seed": "same", "dataset": "cifar10", "image_size": 32}


def seeded(record: Record, value: float | None, seed: int, training: int | None = None) -> Record:
    """The record with one score, by other seeds."""
    ends = None if value is None else (value - 0.1, value + 0.3)
    score = dataclasses.replace(record.metrics[KEY], value=value, ci95=ends)
    recipe = RECIPE | {"seed": training, "hash": f"of {training}"} if training is not None else None
    return dataclasses.replace(record, metrics={KEY: score}, seed=seed, recipe=recipe, key=f"{seed}-{training}")


def near(found: Apart | None, expected: Apart) -> bool:
    return found is not None and dataclasses.astuple(found) == pytest.approx(dataclasses.astuple(expected))


def grouped(*records: Record) -> Group:
    (found,) = group(Entry(one) for one in records)
    return found


def row(*records: Record) -> Entry:
    (found,) = grouped(*records).entries
    return found


def test_a_row_is_the_mean_of_trainings_and_each_of_these_of_its_runs(records: list[Record]) -> None:
    one = records[0]
    found = row(seeded(one, 4.0, 0, 2), seeded(one, 1.0, 0, 1), seeded(one, 2.0, 1, 1))
    assert (found.label, counted(found)) == ("biggan-logit", "2 trainings, 2 seeds")
    assert [seeds(part.record) for part in found.cells] == [(0, 1), (1, 1), (0, 2)]
    score = found.record.metrics[KEY]
    assert score.value == pytest.approx((1.5 + 4) / 2)
    assert score.ci95 == pytest.approx((2.65, 3.05))
    spreads = spread(KEY, found)
    assert spreads is not None
    assert near(spreads.trainings, Apart(2, 2.5 / 2**0.5, 2.5))
    assert near(spreads.runs, Apart(2, 0.5**0.5, 1.0))
    assert spreads.half == pytest.approx(0.2)
    assert spreads.times == pytest.approx(2.5 / 2**0.5 / 0.2)
    assert spreads.points == (((0, 1), 1.0), ((1, 1), 2.0), ((0, 2), 4.0))


def test_runs_of_several_trainings_are_pooled_within_them(records: list[Record]) -> None:
    values = {(0, 1): 1.0, (1, 1): 3.0, (0, 2): 10.0, (1, 2): 10.0}
    found = spread(KEY, row(*(seeded(records[0], value, *pair) for pair, value in values.items())))
    assert found is not None
    assert near(found.runs, Apart(2, 1.0, 2.0))  # variances 2 and 0, not that of all four
    assert near(found.trainings, Apart(2, 8 / 2**0.5, 8.0))


def test_one_seed_is_a_row_as_ever(records: list[Record]) -> None:
    found = row(records[0])
    assert found.record is records[0]
    assert (found.cells, found.every, spread(KEY, found), counted(found)) == ((), (found,), None, "")


@pytest.mark.parametrize(
    "change",
    [
        {"preset": "paper"},
        {"precision": "bf16"},
        {"recipe": RECIPE | {"seed": 2, "but_seed": "another"}},
        {"recipe": {"name": "cpu", "hash": "41d0c5", "steps": 10}},
    ],
)
def test_what_differs_in_more_than_seeds_stays_apart(records: list[Record], change: dict[str, object]) -> None:
    """The last is of an earlier version, which does not say what but the seed decides its weights."""
    other = dataclasses.replace(seeded(records[0], 2.0, 0, 2), **change)  # type: ignore[arg-type]
    found = grouped(seeded(records[0], 1.0, 0, 1), other)
    assert len({one.label for one in found.entries}) == len(found.entries) == 2
    assert not any(one.cells for one in found.entries)


def test_cells_of_equal_seeds_are_two_rows(records: list[Record]) -> None:
    one = seeded(records[0], 1.0, 0, 1)
    found = grouped(one, dataclasses.replace(one, key="again"), seeded(records[0], 1.0, 1, 1))
    assert [entry.cells for entry in found.entries] == [(), (), ()]


def test_a_failed_seed_is_no_part_of_the_mean_and_is_named(records: list[Record]) -> None:
    lost = dataclasses.replace(seeded(records[0], None, 0), status="failed", reason="x", recipe={"seed": 3})
    found = grouped(seeded(records[0], 1.0, 0, 1), seeded(records[0], 3.0, 0, 2), lost)
    assert [entry.label for entry in found.complete] == ["biggan-logit (2 trainings)"]
    assert [entry.label for entry in found.entries if not entry.complete] == ["biggan-logit (training seed 3)"]
    assert found.complete[0].record.metrics[KEY].value == 2.0


def test_a_seed_without_a_value_is_said(records: list[Record]) -> None:
    found = row(seeded(records[0], 1.0, 0), seeded(records[0], 2.0, 1), seeded(records[0], None, 2))
    score = found.record.metrics[KEY]
    assert score.value == 1.5
    assert score.note is not None
    assert score.note.startswith("mean over 2 of 3 seeds")
    assert len(spread(KEY, found).points) == 2  # type: ignore[union-attr]


def test_two_seeds_of_one_method_are_one_competitor_by_their_mean(records: list[Record], tmp_path: Path) -> None:
    """One of the seeds beats the rival on every image, the other loses by more: the row loses."""
    rng, n = np.random.default_rng(0), 60
    base, ids = rng.random(n), [str(k) for k in range(n)]
    entries = []
    for method, seed, shift in (("a", 0, -0.1), ("a", 1, 0.3), ("b", 0, 0.0)):
        values = base + shift
        score = Score(float(values.mean()), (float(values.mean()) - 0.2, float(values.mean()) + 0.2), n, None, False)
        record = dataclasses.replace(
            records[0], method=method, seed=seed, metrics={KEY: score}, recipe=None, key=f"{method}{seed}", num_images=n
        )
        folder = write_cell(tmp_path, record, {"image_id": ids, KEY: values}, np.zeros((n, 8, 8, 3), np.uint8))
        entries.append(Entry(record, folder))
    (found,) = group(entries)
    ranked = standing(KEY, found.contenders)
    assert {one.record.method: str(rank) for one, rank in ranked.ranks.items()} == {"a": "2", "b": "1"}
    (mean,) = [one for one in found.entries if one.cells]
    assert mean.values[KEY] == pytest.approx(base + 0.1)
    assert mean.per_image[KEY] == pytest.approx(base - 0.1)  # of the first, whose pictures are shown
    assert mean_columns(mean.cells)["image_id"] is mean.cells[0].per_image["image_id"]
    assert [one.label for one in mean.every] == ["a (seed 0)", "a (seed 1)"]
