import numpy as np

from bench.metrics.reid import gap, same_class


def test_class_agreement_and_gap() -> None:
    a, b = np.eye(3)[[0, 1, 2]], np.eye(3)[[0, 2, 2]]
    assert same_class(a, b).tolist() == [1, 0, 1]
    found = gap(np.array([1.0, 1, 0]), np.array([0.0, 1, 0]), np.array([True, True, False]))
    np.testing.assert_array_equal(found, [1, 0, np.nan])
