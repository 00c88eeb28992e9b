from __future__ import annotations

import pytest

from reports.analysis.groups import ACCESS_ORDER, CONTROL_ORDER
from reports.words import glossary


@pytest.mark.parametrize("classifier", glossary.THIN_CLASSIFIERS)
def test_a_thin_classifier_is_called_so_on_any_dataset(classifier: str) -> None:
    (warning,) = glossary.warnings(classifier, 2_500, ["lpips"], judged=False)
    assert warning.startswith(f"{classifier} is a thin, 32x32 version of the published architecture")
    assert glossary.thin(["mine", classifier, classifier]) == [warning]


def test_others_are_not() -> None:
    assert glossary.warnings("efficientnet_lite0", 2_500, ["lpips"], judged=False) == []
    assert glossary.thin(["mine"]) == []


def test_few_images_have_no_distances() -> None:
    (warning,) = glossary.warnings("mine", 2_047, [], judged=False)
    assert "2,047 images" in warning
    assert glossary.warnings("mine", 2_048, [], judged=False) == []


def test_the_judge_is_recommended_only_where_it_was_asked() -> None:
    keys = ["fd_judge", "fd_mine", "kid_mine"]
    (told,) = glossary.warnings("mine", 2_500, keys, judged=True)
    (untold,) = glossary.warnings("mine", 2_500, keys, judged=False)
    assert told == f"{untold} Read fd_judge instead."
    assert untold.startswith("fd_mine and kid_mine look through the very network that was inverted")


def test_what_has_a_place_among_the_rows_is_explained_in_that_order() -> None:
    assert tuple(glossary.CONTROLS) == CONTROL_ORDER
    assert tuple(glossary.ACCESS) == ACCESS_ORDER
