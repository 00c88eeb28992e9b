import numpy as np
import pytest

from bench.probes.misclassified import matched
from tests.probes.conftest import RunProbe, names


def test_partners_have_the_same_label_and_come_once() -> None:
    labels = np.array([0, 1, 0, 0, 1, 0, 2])
    predicted = np.array([1, 1, 0, 2, 0, 0, 1])
    wrong, right = matched(labels, predicted)
    assert list(zip(wrong.tolist(), right.tolist(), strict=True)) == [(0, 2), (3, 5), (4, 1)]  # 6 has no partner


@pytest.mark.networks
def test_the_judge_sees_the_predicted_class_where_only_that_is_left(run: RunProbe) -> None:
    found = run("misclassified", "Typical", "judge", num_images=60)
    assert names(found.record.levels) == ["misclassified", "correct", "difference"]
    n = len(found.column("misclassified", "image_id"))
    assert n == len(found.column("correct", "image_id")) > 0
    assert (found.column("misclassified", "label") == found.column("correct", "label")).all()
    expected = {
        "class_judge_given": (1, 1, 0),
        "reid_class_target": (1, 1, 0),
        "reid_label_judge": (0, 1, -1),
        "label_judge_input": (0, 1, -1),  # the target is the judge
    }
    for key, values in expected.items():
        assert tuple(found.value(name, key) for name in names(found.record.levels)) == values, key
    pairs = found.column("misclassified", "lpips") - found.column("correct", "lpips")
    np.testing.assert_allclose(found.column("difference", "lpips"), pairs)
    assert f"{n} of them" in (found.record.note or "")
    ids = [row.split()[0] for row in found.captions["rows"]]
    assert ids[::2] == list(found.column("misclassified", "image_id")[: len(ids) // 2])
    assert ids[1::2] == list(found.column("correct", "image_id")[: len(ids) // 2])


def test_skipped_where_logits_name_no_class_of_the_dataset(run: RunProbe) -> None:
    record = run("misclassified", "Decode", "tiles", complete=False).record
    assert record.status == "skipped"
    assert "48 logits" in (record.reason or "")


@pytest.mark.networks
def test_skipped_where_nothing_is_wrong(run: RunProbe) -> None:
    record = run("misclassified", "Typical", "judge", num_images=2, complete=False).record
    assert record.status == "skipped"
    assert "raise --num-images" in (record.reason or "")
