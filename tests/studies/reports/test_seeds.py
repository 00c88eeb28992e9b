"""The table of trainings: a row a metric, a column a training, and the spread beside the interval."""

from __future__ import annotations

import dataclasses

import pytest

from bench.store.record import Record, Score
from reports.analysis.groups import Entry
from studies.reports.seeds import trainings


def trained(record: Record, seed: int, value: float) -> Entry:
    recipe = {"name": "cpu", "but_seed": "same", "seed": seed, "hash": f"of {seed}"}
    metrics = {"lpips": dataclasses.replace(record.metrics["lpips"], value=value, ci95=(value - 0.02, value + 0.02))}
    metrics["fd_judge"] = Score(100 * value)
    return Entry(dataclasses.replace(record, recipe=recipe, metrics=metrics, key=f"of {seed}"))


def test_a_row_a_metric_and_a_column_a_training(records: list[Record]) -> None:
    one = records[0]
    found = trainings([trained(one, seed, value) for seed, value in ((3, 0.44), (1, 0.40), (2, 0.42))])
    title, _, head, _, *rows = found.splitlines()
    assert title.startswith("`biggan-logit` on `robust_resnet152`, cifar10, 60 images. ")
    assert "between 3 trainings of biggan-logit is 1.00 times half of the interval over images in LPIPS" in title
    cells = {name: values for name, *values in (line.strip("| ").split(" | ") for line in (head, *rows))}
    assert cells["metric"] == ["training 1", "training 2", "training 3", "sd", "± over images", "sd / half"]
    assert cells["LPIPS"] == ["0.400", "0.420", "0.440", "0.020", "0.020", "1.00"]
    assert cells["FD judge"][3:] == ["2.0", "—", "—"]


@pytest.mark.parametrize("count", [0, 1])
def test_without_a_second_training_there_is_none(records: list[Record], count: int) -> None:
    assert (
        trainings([trained(records[0], 1, 0.4)][:count])
        == "Several trainings of one method have not been recorded yet.\n"
    )
