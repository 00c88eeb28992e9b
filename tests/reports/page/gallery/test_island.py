from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import rankdata

from bench.describe import metric_card
from bench.metrics.registry import metrics
from reports.analysis.groups import Group
from reports.words.text import DASH, number
from tests.reports.gallery_runs import column, islands, row_of, three_classifiers


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> list[Group]:
    return three_classifiers(tmp_path_factory)


@pytest.fixture(scope="module")
def data(groups: list[Group]) -> list[dict[str, Any]]:
    return islands(groups)


def test_scores_and_places_are_those_of_the_record(groups: list[Group], data: list[dict[str, Any]]) -> None:
    for one, found in zip(groups, data, strict=True):
        keys = [metric["key"] for metric in found["metrics"]]
        assert keys == [key for key, info in metrics().items() if info.card.level == "image"]
        rows = [row_of(image["id"]) for image in found["images"]]
        for entry, method in zip(one.complete, found["methods"], strict=True):
            for key in keys:
                values = column(entry, key).astype(float)
                finite = np.isfinite(values)
                printed = [number(metric_card(key), v) if np.isfinite(v) else DASH for v in values[rows]]
                assert method["scores"][key] == printed
                mean = entry.record.metrics[key]
                expected = DASH if mean.value is None else number(metric_card(key), mean.value, mean.ci95)
                assert method["means"][key] == expected
                cost = values if metrics()[key].card.higher_is_better is False else -values
                low, high = (np.full(len(values), np.nan) for _ in range(2))
                low[finite], high[finite] = (rankdata(cost[finite], how) for how in ("min", "max"))
                assert method["ranks"][key] == [None if np.isnan(low[row]) else low[row] for row in rows]
                ties = {str(int(low[row])): int(high[row]) for row in rows if high[row] > low[row]}
                assert method["ties"][key] == ties
                assert method["of"][key] == str(finite.sum())
