import numpy as np
import pytest

from bench.errors import MetricError
from bench.metrics.base import PerImage
from bench.metrics.bootstrap import mean_ci
from bench.metrics.per_image import attempt, attempt_set, finite, summary
from bench.store.record import Score


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
