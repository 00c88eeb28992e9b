import numpy as np
import pytest

from bench.errors import MetricError
from bench.metrics.base import Arrays, Data, both
from bench.metrics.reid import Gap, Label, gap, logits_named, same_class


def test_class_agreement_and_gap() -> None:
    a, b = np.eye(3)[[0, 1, 2]], np.eye(3)[[0, 2, 2]]
    assert same_class(a, b).tolist() == [1, 0, 1]
    found = gap(np.array([1.0, 1, 0]), np.array([0.0, 1, 0]), np.array([True, True, False]))
    np.testing.assert_array_equal(found, [1, 0, np.nan])


def seen(rows: list[int] | None, *, apart: bool = False) -> Data:
    """Three images of the labels 1, 0, 1, in whose reconstructions the judge sees 7, 2 and 1 of ten classes."""
    arrays = Arrays(3)
    for network in ("target", "judge"):
        for name in both(network, "logits"):
            arrays.put(name, slice(0, 3), np.eye(10)[[7, 2, 1]])
    named = None if rows is None else np.array(rows, np.int64)
    return Data(arrays, np.array([1, 0, 1]), False, judge_rows=named, apart=apart)


def test_a_label_is_compared_with_the_logit_that_names_it() -> None:
    """The numbers of labels and of logits agree for the last image alone, and there they mean different classes."""
    assert Label().compute(seen([2, 7])).values.tolist() == [1, 1, 0]
    assert Label().compute(seen([0, 1])).values.tolist() == [0, 0, 1]
    assert Label().compute(seen(None)).values.tolist() == [0, 0, 1]
    assert Label().compute(seen([2, 7])).chance == 0.1


def test_a_judge_of_other_classes_is_never_right_or_wrong() -> None:
    with pytest.raises(MetricError, match="name other classes than the labels"):
        Label().compute(seen([]))


def test_no_label_has_no_logit() -> None:
    labels = np.array([-1, 1, 0])
    assert logits_named(labels, np.array([5, 3])).tolist() == [-1, 3, 5]
    assert logits_named(labels, None) is labels


def test_networks_of_different_classes_never_agree() -> None:
    assert Gap().compute(seen(None)).values.tolist() == [0, 0, 0]
    with pytest.raises(MetricError, match="name different classes"):
        Gap().compute(seen(None, apart=True))
