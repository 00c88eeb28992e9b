from __future__ import annotations

from bench.probes.noise import Noise
from studies.docs import ours
from studies.docs.probes import page


def test_a_probe_has_its_question_levels_and_columns() -> None:
    found = page().split("\n## `noise`\n")[1].split("\n## ")[0]
    assert f"| Question | {Noise.question} |" in found
    assert Noise.levels in found
    assert "[`lpips`](metrics.md#lpips)" in found
    assert "[`luminance`](#measures)" in found
    assert "`level`, `image_id`, `label`, `lpips`" in found


def test_every_measure_that_is_no_metric_is_defined_once() -> None:
    measures = page().split("\n## Measures\n")[1]
    probes = ours.plugins("bench.probes").values()
    keys = {key for one in probes for key in (*one.measures, *one.overall)} - ours.always().keys()
    assert keys
    assert all(measures.count(f"| `{key}` |") == 1 for key in keys)
