from __future__ import annotations

from studies.docs import committed


def test_the_cell_of_most_images_speaks_for_a_classifier() -> None:
    found = committed.largest("biggan-logit")
    assert {one.classifier for one in found} >= {"resnet152", "robust_resnet152"}
    assert len({(one.dataset, one.classifier, one.preset) for one in found}) == len(found)
    assert min(one.num_images for one in found) >= 2_500
    assert all(one.probe is None and one.status == "complete" for one in committed.cells())
    assert committed.largest("nobody") == []


def test_guessing_is_known_where_records_say_it() -> None:
    assert committed.chances("reid_class_target") == [0.001, 0.1]
    assert committed.chances("lpips") == []


def test_every_record_names_what_it_was_computed_on() -> None:
    assert all(map(committed.computer, committed.cells()))
