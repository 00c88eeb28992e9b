import numpy as np
import pytest

from bench.datasets.cifar10 import shipped_test
from bench.probes.transform import CHANGES, transformed
from bench.seeding import sample_noise, seed_of
from tests.probes.conftest import RunProbe, names

BY_NAME = {change.name: change for change in CHANGES}
PIXELS = shipped_test()[0][:3]


def change(name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return transformed(BY_NAME[name], PIXELS, [1, 2, 3])


def test_geometry_is_exact_where_it_can_be() -> None:
    assert (change("flip horizontal") == PIXELS[:, :, ::-1]).all()
    assert (change("flip vertical") == PIXELS[:, ::-1]).all()
    assert (change("rotate 90") == np.rot90(PIXELS, axes=(1, 2))).all()
    assert (change("shift 2/32")[:, 2:, 2:] == PIXELS[:, :-2, :-2]).all()
    assert (change("shift 2/32")[:, 0, 0] == PIXELS[:, 2, 2]).all()  # mirrored at the edge


def test_tones_and_blur() -> None:
    assert np.abs(change("brightness 0.5") - PIXELS / 2).max() <= 0.5
    assert np.abs(change("brightness 1.5") - np.minimum(255, PIXELS * 1.5)).max() <= 0.51
    flat = np.full((3, 32, 32, 3), 77, np.uint8)
    for name in ("blur 2/32", "crop 0.5", "rotate 15"):
        assert (transformed(BY_NAME[name], flat, [1, 2, 3]) == 77).all(), name
    assert change("blur 2/32").std() < change("blur 0.5/32").std() < PIXELS.std()


def test_noise_is_the_images_own() -> None:
    alone = transformed(BY_NAME["noise 0.05"], PIXELS[1:2], [2])
    assert (alone[0] == change("noise 0.05")[1]).all()
    drawn = sample_noise([seed_of("transform noise", 2)], 3, 32, 32)[0].permute(1, 2, 0).numpy()
    expected = (PIXELS[1] + 255 * 0.05 * drawn).clip(0, 255)
    assert np.abs(alone[0] - expected).max() <= 0.51


@pytest.mark.networks
def test_the_curve_of_a_classifier_that_sees_the_mean_colour(run: RunProbe) -> None:
    """It passes over flips and follows brightness; its decoder moves as far as its logits."""
    found = run("transform", "Decode", "colour")
    assert names(found.record.levels)[1:] == list(BY_NAME)
    for level in ("none", "flip horizontal", "flip vertical"):
        assert found.value(level, "lpips_neutral") == 0
        assert found.value(level, "class_target_kept") == 1
        assert found.value(level, "logit_move") == pytest.approx(0, abs=1e-6)
    assert found.value("brightness 0.5", "logit_move") == pytest.approx(0.5, abs=0.01)
    assert found.value("brightness 0.5", "lpips_neutral") > found.value("brightness 0.75", "lpips_neutral") > 0
    assert found.value("flip horizontal", "lpips_input") > 0


@pytest.mark.networks
def test_a_perfect_inverter_follows_every_change(run: RunProbe) -> None:
    found = run("transform", "Decode", "pixels", num_images=2)
    for level in names(found.record.levels):
        assert found.value(level, "lpips") == 0, level
        assert found.value(level, "lpips_neutral") == found.value(level, "lpips_input"), level
    assert (found.pictures[0] == found.pictures[1]).all()
