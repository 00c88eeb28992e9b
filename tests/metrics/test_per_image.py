from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bench.errors import MetricError
from bench.metrics.base import PerImage
from bench.metrics.bootstrap import mean_ci
from bench.metrics.per_image import attempt, attempt_set, finite, summary
from bench.store.record import Record, Score


def test_summary_is_the_mean_over_what_is_defined() -> None:
    values = np.array([1.0, np.nan, 3.0])
    score = summary(PerImage(values, chance=0.1, note="a caveat", undefined="it rains"))
    assert (score.value, score.n, score.chance) == (2, 2, 0.1)
    assert score.ci95 == mean_ci(values)[1:]
    assert score.note == "a caveat; defined on 2 of 3 images; elsewhere it rains"


def test_attempt_turns_any_failure_into_a_null() -> None:
    def fail() -> PerImage:
        raise ZeroDivisionError("by zero")

    score, values = attempt(fail, 3)
    assert (score.value, score.note, score.n) == (None, "ZeroDivisionError: by zero", 0)
    assert np.isnan(values).tolist() == [True] * 3
    score, values = attempt(lambda: PerImage(np.full(2, np.nan), undefined="it rains"), 2)
    assert score.note == "Not defined on any of the 2 images: it rains."


def test_an_array_will_do_and_another_number_of_values_will_not() -> None:
    score, _ = attempt(lambda: np.array([1.0, 3.0]), 2)
    assert (score.value, score.n) == (2, 2)
    score, _ = attempt(lambda: np.array([1.0, 3.0]), 3)
    assert (score.value, score.note) == (None, "There should be a value an image, (3,), and there are (2,).")


def test_a_set_has_one_finite_number() -> None:
    assert attempt_set(lambda: 2.0, 5) == Score(2.0, n=5)
    assert attempt_set(lambda: np.nan, 5).note == "The value is nan, not a finite number."
    assert attempt_set(list, 5).value is None  # type: ignore[arg-type]


def test_infinity_is_no_value() -> None:
    with pytest.raises(MetricError, match="inf"):
        finite(np.inf)
    score, _ = attempt(lambda: PerImage(np.array([1.0, np.inf])), 2)
    assert score.value is None


def test_nothing_is_noted_where_all_is_defined() -> None:
    assert summary(PerImage(np.array([1.0, 3.0]), undefined="it rains")).note is None


def held(score: Score) -> Score:
    """The score once a record has held it, written and read again."""
    record = Record("m", "c", "d", 5, 0, key="k", metrics={"one": score})
    return Record.from_json(record.to_json()).metrics["one"]


NAN, HALF = np.float32("nan"), np.float32(0.5)


def test_a_score_of_numpys_numbers_is_held_by_a_record() -> None:
    """Somebody else's metric returns whatever it likes."""
    made = Score(HALF, (HALF, HALF), np.int64(5), HALF, std=HALF, subsets=np.array([0.5, 0.25], np.float32))  # type: ignore[arg-type]
    assert held(attempt_set(lambda: made, 5)) == Score(0.5, (0.5, 0.5), 5, 0.5, std=0.5, subsets=(0.5, 0.25))
    assert held(attempt_set(lambda: HALF, 5)) == Score(0.5, n=5)  # type: ignore[arg-type, return-value]
    empty = Score(None, n=5, note="it rains", subsets=(float("nan"),))
    assert held(attempt_set(lambda: empty, 5)) == Score(None, n=5, note="it rains")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"value": NAN}, "The value is nan, not a finite number."),
        ({"value": float("inf")}, "The value is inf, not a finite number."),
        ({"std": NAN}, "The standard deviation is nan, not a finite number."),
        ({"subsets": (0.5, NAN)}, "A subset's value is nan"),
        ({"chance": NAN}, "The chance is nan"),
        ({"chance": 0.0}, "chance is 0.0"),
        ({"ci95": (1.0, 2.0)}, "outside of its interval"),
    ],
)
def test_what_no_record_can_hold_is_null_with_the_reason(changes: dict[str, Any], why: str) -> None:
    score = held(attempt_set(lambda: replace(Score(0.5, n=5), **changes), 5))
    assert score.value is None
    assert why in (score.note or "")


@pytest.mark.parametrize(("chance", "value"), [(HALF, 2.0), (NAN, None), (0.0, None)])
def test_the_chance_of_a_metric_image_by_image_is_held_or_the_score_null(chance: Any, value: float | None) -> None:
    score = held(attempt(lambda: PerImage(np.array([1.0, 3.0]), chance=chance), 2)[0])
    assert (score.value, score.chance) == (value, value and 0.5)
