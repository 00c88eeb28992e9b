from __future__ import annotations

from dataclasses import replace

import pytest

from bench.describe import metric_card
from bench.store.record import Score
from reports.words import text


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
    assert text.number(metric_card(key), value) == expected


@pytest.mark.parametrize(
    ("key", "value", "ci95", "expected"),
    [
        ("reid_class_judge", 0.4768, (0.4568, 0.4972), ("0.477", "0.020", "[0.457, 0.497]", "0.477(20)")),
        ("lpips", 0.36929, (0.36663, 0.37194), ("0.3693", "0.0027", "[0.3666, 0.3719]", "0.3693(27)")),
        ("psnr", 15.5256, (15.4241, 15.6283), ("15.53", "0.10", "[15.42, 15.63]", "15.53(10)")),
        ("psnr", 12.1, (11.1014, 13.0934), ("12.1", "1.0", "[11.1, 13.1]", "12.1(10)")),
        ("logit_cosine", 0.98464, (0.98389, 0.98535), ("0.98464", "0.00073", "[0.98389, 0.98535]", "0.98464(73)")),
        ("psnr", 18.31, (17.1, 19.5), ("18.3", "1.2", "[17.1, 19.5]", "18.3(12)")),
        ("psnr", 18.31, (8.3, 28.3), ("18", "10", "[8, 28]", "18(10)")),
        ("fid", 1234.5, (1111.0, 1358.0), ("1234", "124", "[1111, 1358]", "1234(124)")),
        ("reid_gap", -0.0001, (-0.0301, 0.0299), ("0.000", "0.030", "[−0.030, 0.030]", "0.000(30)")),
        ("lpips", 0.0, (0.0, 0.0), ("0.000", "", "", "0.000")),
        ("reid_class_target", 1.0, (1.0, 1.0 + 1e-12), ("1.000", "", "", "1.000")),
        ("fd_judge", 3.855, None, ("3.85", "", "", "3.85")),
    ],
)
def test_two_digits_of_the_half_width_decide(
    key: str, value: float, ci95: tuple[float, float] | None, expected: tuple[str, ...]
) -> None:
    card = metric_card(key)
    found = text.number(card, value, ci95), text.half_width(ci95), text.bounds(ci95), text.concise(card, value, ci95)
    assert found == expected


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("reid_class_judge", 0.1, "0.100"),
        ("reid_instance_judge_r1", 1 / 2_500, "0.0004"),
        ("reid_instance_judge_r1", 1 / 50_000, "0.000020"),
        ("reid_class_judge", 1 / 2_500, "0.00040"),
        ("reid_class_judge", 1e-9, "0.0000000010"),
        ("reid_class_judge", 0.0, "0.000"),
    ],
)
def test_no_chance_is_printed_as_zero(key: str, value: float, expected: str) -> None:
    assert text.chance(metric_card(key), value) == expected


def test_what_no_image_can_change_is_told_by_the_records_note() -> None:
    constant = Score(0.0, (0.0, 0.0), 60, note="deterministic")
    assert text.is_by_definition(constant)
    assert not text.is_by_definition(replace(constant, note=None))
    assert not text.is_by_definition(replace(constant, ci95=(0.1, 0.2)))
    assert not text.is_by_definition(replace(constant, ci95=None))


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


def test_a_sentence_is_cut_at_names_and_a_sign_stays_with_its_name() -> None:
    names = ["net", "net-2016", "a.b"]
    assert text.pieces("By net-2016, net and a.b; nets.", names) == (
        ("By ", False),
        ("net-2016,", True),
        (" ", False),
        ("net", True),
        (" and ", False),
        ("a.b;", True),
        (" nets.", False),
    )
    assert text.pieces("Nothing.", []) == (("Nothing.", False),)
