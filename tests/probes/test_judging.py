"""A label is looked for under the logit by which the judge calls it."""

from dataclasses import replace

import numpy as np
import pytest

from bench.errors import MetricError
from bench.probes.base import Probe
from bench.probes.interpolate import Interpolate
from bench.probes.judging import logits_in_judge
from bench.probes.misclassified import _computes
from bench.probes.scene import Scene


def renamed(scene: Scene, rows: list[int]) -> Scene:
    scene.networks = replace(scene.networks, labels=np.array(rows, np.int64))
    return scene


def test_the_judge_of_the_dataset_calls_labels_by_their_numbers(scene: Scene) -> None:
    labels = np.array([3, -1, 9])
    assert logits_in_judge(scene, labels).tolist() == [3, -1, 9]
    assert logits_in_judge(renamed(scene, list(range(9, -1, -1))), labels).tolist() == [6, -1, 0]


def test_a_judge_of_other_classes_calls_them_nothing(scene: Scene) -> None:
    with pytest.raises(MetricError, match="other classes"):
        logits_in_judge(renamed(scene, []), np.array([0]))


@pytest.mark.networks
def test_probes_look_where_the_judge_has_the_label(scene: Scene) -> None:
    """The judge's answers for the originals are called labels 0 to 3 in turn, whatever their numbers."""
    answers = scene.original.judge_logits.argmax(axis=1).tolist()
    others = [k for k in range(10) if k not in answers]
    distinct = list(dict.fromkeys(answers))
    rows = np.array(distinct + others)
    labels = np.array([distinct.index(one) for one in answers])
    scene.images = replace(scene.images, labels=labels)
    renamed(scene, rows.tolist())
    assert _computes(scene)["label_judge_input"]().values.tolist() == [1, 1, 1, 1]  # type: ignore[union-attr]
    renamed(scene, [])
    with pytest.raises(MetricError, match="other classes"):
        _computes(scene)["label_judge_input"]()


@pytest.mark.networks
def test_where_the_judge_knows_no_label_a_path_has_no_probability_of_one(scene: Scene) -> None:
    probe: Probe = Interpolate()
    levels = probe.measure(renamed(scene, [])).levels
    assert all("other classes" in (one.level.metrics["judge_probability_first"].note or "") for one in levels)
