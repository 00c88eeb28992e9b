import numpy as np
import pytest

from bench.probes.iterate import ROUNDS
from tests.probes.conftest import RunProbe, names

pytestmark = pytest.mark.networks


def test_a_perfect_inverter_never_drifts(run: RunProbe) -> None:
    found = run("iterate", "Decode", "pixels", num_images=2)
    assert names(found.record.levels) == [f"round {k}" for k in range(1, ROUNDS + 1)]
    for name in names(found.record.levels):
        assert found.value(name, "lpips") == found.value(name, "lpips_neutral") == 0
        assert found.value(name, "logit_error") == pytest.approx(0, abs=1e-6)
        assert found.value(name, "reid_class_target") == found.value(name, "reid_class_judge") == 1


def test_each_round_starts_from_the_one_before(run: RunProbe) -> None:
    found = run("iterate", "Halve", "tiles")
    for k in range(1, ROUNDS + 1):
        assert found.value(f"round {k}", "logit_error") == pytest.approx(1 - 0.5**k, abs=0.01)
    assert found.value("round 10", "lpips_neutral") > found.value("round 2", "lpips_neutral") > 0


def test_what_the_logits_hold_stays_and_the_rest_goes_at_once(run: RunProbe) -> None:
    found = run("iterate", "Decode", "tiles")
    assert found.value("round 1", "lpips") == found.value("round 10", "lpips") > 0.1
    assert found.value("round 10", "lpips_neutral") == pytest.approx(0, abs=1e-4)
    assert found.value("round 10", "logit_error") < 0.01


def test_pictures_start_with_the_original(run: RunProbe) -> None:
    found = run("iterate", "Decode", "pixels", num_images=2)
    assert found.pictures.shape == (2, 11, 32, 32, 3)
    assert (found.pictures == found.pictures[:, :1]).all()
    assert np.unique(found.table["image_id"]).size == 2
