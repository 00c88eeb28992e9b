import numpy as np
import pytest

from bench.datasets.names import Names


def test_an_array_of_bytes_reads_like_a_tuple_of_text() -> None:
    plain = (*(f"n{k * 7919 % 1000:04d}" for k in range(1000)), "größe/a b.jpg", "\udcff")
    names = Names(np.array([one.encode("utf-8", "surrogateescape") for one in plain]))
    assert len(names) == len(plain)
    assert tuple(names) == plain
    assert names[3:900:50] == plain[3:900:50]
    assert names[:0] == ()
    assert (names[0], names[-1], names[np.int64(5)]) == (plain[0], plain[-1], plain[5])  # type: ignore[call-overload]
    assert plain[-2] in names
    assert [names.index(one) for one in plain[::11]] == list(range(0, len(plain), 11))
    for missing in ("", "n", "n00010", "zzzz", "n0001" + "x" * 100):
        with pytest.raises(ValueError, match="is not among 1,002 names"):
            names.index(missing)
