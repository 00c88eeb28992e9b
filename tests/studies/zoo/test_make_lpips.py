import io
import os
import pickle

import numpy as np
import pytest

from bench.errors import WeightsError
from studies.zoo.make_lpips import ArrayUnpickler


def test_arrays_are_rebuilt() -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    data = pickle.dumps({"kernel": array}, protocol=3).replace(b"numpy._core", b"numpy.core")
    np.testing.assert_array_equal(ArrayUnpickler(io.BytesIO(data)).load()["kernel"], array)


class Malicious:
    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("true",)


def test_everything_else_is_refused() -> None:
    with pytest.raises(WeightsError, match="has no use for"):
        ArrayUnpickler(io.BytesIO(pickle.dumps(Malicious()))).load()
