"""What a probe finds: levels with their scores, tables of values, tables of pictures."""

import numpy as np
import pytest

from bench.metrics.base import PerImage
from bench.metrics.bootstrap import mean_ci
from bench.probes.base import SHOWN, Findings, Images, Pictures, absent, interleaved, measured, side_by_side

IMAGES = Images(("a", "b", "c"), np.array([1, 0, -1]))


def broken() -> PerImage:
    raise ValueError("out of\norder")


def pictures(n: int, value: int) -> Pictures:
    return Pictures(np.full((n, 2, 4, 4, 3), value, np.uint8), tuple(f"row {k}" for k in range(n)), ("x", "y"))


def test_a_level_has_the_means_of_its_columns_and_what_fails_is_null_with_its_text() -> None:
    values = np.array([0.1, 0.2, 0.6])
    level = measured(
        "shift 1",
        1,
        IMAGES,
        {"lpips": lambda: PerImage(values, chance=0.5), "contrast": lambda: values, "ssim": broken},
    )
    assert (level.level.name, level.level.value) == ("shift 1", 1.0)
    lpips = level.level.metrics["lpips"]
    mean, low, high = mean_ci(values)
    assert (lpips.value, lpips.ci95, lpips.n, lpips.chance, lpips.higher_is_better) == (
        mean,
        (low, high),
        3,
        0.5,
        False,
    )
    assert level.level.metrics["contrast"].higher_is_better is None
    null = level.level.metrics["ssim"]
    assert (null.value, null.note, null.higher_is_better) == (None, "ValueError: out of order", True)
    np.testing.assert_array_equal(level.columns["ssim"], [np.nan] * 3)


def test_a_level_that_could_not_be_measured_is_null_with_the_reason() -> None:
    level = absent("fashion-mnist", ["lpips", "unheard"], "It is not here.")
    assert {score.note for score in level.level.metrics.values()} == {"It is not here."}
    assert level.level.metrics["lpips"].higher_is_better is False
    assert level.level.metrics["unheard"].higher_is_better is None
    assert (level.images.ids, level.columns) == ((), {})


def test_some_images_keep_their_ids_beside_their_labels() -> None:
    some = IMAGES.take([2, 0])
    assert (some.ids, some.labels.tolist()) == (("c", "a"), [-1, 1])
    assert IMAGES.take([]).labels.dtype == np.int64


def test_the_first_images_stand_side_by_side_with_their_classes() -> None:
    many = Images(tuple(f"i{k}" for k in range(12)), np.array([0, 1, 2, -1] * 3))
    columns = {name: np.full((12, 4, 4, 3), value, np.uint8) for name, value in (("original", 1), ("again", 2))}
    found = side_by_side(many, columns, ["cat", "dog"])
    assert found.pixels.shape == (SHOWN, 2, 4, 4, 3)
    assert found.pixels[3, :, 0, 0, 0].tolist() == [1, 2]
    assert found.columns == ("original", "again")
    assert found.rows[:4] == ("i0 (cat)", "i1 (dog)", "i2", "i3")  # no name, or no class at all


def test_two_tables_take_turns_row_by_row() -> None:
    found = interleaved(pictures(2, 1), pictures(2, 2), ("linear", "spherical"))
    assert found.pixels[:, 0, 0, 0, 0].tolist() == [1, 2, 1, 2]
    assert found.rows == ("row 0, linear", "row 0, spherical", "row 1, linear", "row 1, spherical")
    assert found.columns == ("x", "y")
    with pytest.raises(ValueError, match="shape"):
        interleaved(pictures(2, 1), pictures(3, 2), ("a", "b"))


def test_the_table_has_a_row_a_level_and_image_and_what_spans_them_is_called_all() -> None:
    first = measured("one", 1, IMAGES, {"lpips": lambda: np.array([1.0, 2.0, 3.0])})
    second = measured("two", 2, IMAGES.take([0]), {"ssim": lambda: np.array([4.0])})
    overall = measured("all", None, IMAGES.take([1]), {"lpips": lambda: np.array([5.0])})
    table = Findings([first, second], pictures(1, 0), overall).table()
    assert table["level"] == ["one", "one", "one", "two", "all"]
    assert table["image_id"] == ["a", "b", "c", "a", "b"]
    assert table["label"].tolist() == [1, 0, -1, 1, 0]
    np.testing.assert_array_equal(table["lpips"], [1, 2, 3, np.nan, 5])
    np.testing.assert_array_equal(table["ssim"], [np.nan, np.nan, np.nan, 4, np.nan])


def test_scores_that_span_the_levels_are_the_records_metrics() -> None:
    overall = measured("all", None, IMAGES, {"diversity": lambda: np.ones(3)})
    assert Findings([], pictures(1, 0), overall).metrics["diversity"].value == 1
    assert Findings([], pictures(1, 0)).metrics == {}
