from __future__ import annotations

import pytest

from reports import text


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("lpips", 0.31249, "0.312"),
        ("reid_gap", -0.0004, "0.000"),
        ("reid_gap", -0.0126, "−0.013"),
        ("psnr", 18.416, "18.42"),
        ("fd_judge", 99.994, "99.99"),
        ("fd_judge", 223.14, "223.1"),
        ("kid_efficientnet_lite0", 0.01234, "0.0123"),
        ("reid_within_class_judge_mrr", 0.02438, "0.0244"),
        ("reid_class_judge", 1.0, "1.000"),
    ],
)
def test_number(key: str, value: float, expected: str) -> None:
    assert text.number(key, value) == expected


def test_intervals_take_the_precision_of_their_value() -> None:
    assert text.half_width("fd_judge", 99.0, (98.0, 101.0)) == "1.50"
    assert text.bounds("fd_judge", 99.0, (98.0, 101.0)) == "[98.00, 101.00]"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, "—"),
        (6.17e-09, "< 1 µs"),
        (0.0031, "3.1 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1 s"),
        (7.75, "7.75 s"),
        (119.4, "119 s"),
        (119.6, "2 min"),
        (600, "10 min"),
        (7169, "119 min"),
        (7171, "2.0 h"),
        (9120, "2.5 h"),
    ],
)
def test_duration(seconds: float | None, expected: str) -> None:
    assert text.duration(seconds) == expected


def test_words() -> None:
    assert text.listing(["a", "b", "a", "c"]) == "a, b and c"
    assert text.plural(1, "method") == "1 method"
    assert text.plural(2_500, "image") == "2,500 images"
    assert text.mebibytes(812.4) == "812 MiB"
    assert text.mebibytes(20_480) == "20.0 GiB"
    assert [text.bytes_of(size) for size in (3, 3_400, 1_240_000)] == ["1 kB", "3 kB", "1.2 MB"]
    assert text.days(["2025-11-22T07:00", "2025-11-20T01:00"]) == "2025-11-20 to 2025-11-22"
