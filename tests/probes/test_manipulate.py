import numpy as np
import pytest
from skimage.color import rgb2gray

from bench.probes.manipulate import Perturb, Scale, Shift, spread
from bench.probes.scene import Scene
from tests.probes.conftest import RunProbe, names


def test_spread_is_the_root_mean_square_of_the_deviations() -> None:
    logits = np.array([[0, 10], [2, 16]], np.float32)  # deviations 1 and 3
    assert spread(logits) == pytest.approx(5**0.5)


def test_shift_adds_the_same_to_every_logit(scene: Scene) -> None:
    moved = Shift().manipulated(scene, 2) - scene.logits
    np.testing.assert_allclose(moved, 2 * spread(scene.logits), rtol=1e-5)


def test_scale_multiplies_the_spread(scene: Scene) -> None:
    assert spread(Scale().manipulated(scene, 4)) == pytest.approx(4 * spread(scene.logits))


def test_perturb_follows_one_direction_an_image(scene: Scene) -> None:
    half, two = (Perturb().manipulated(scene, a) - scene.logits for a in (0.5, 2))
    np.testing.assert_allclose(4 * half, two, atol=1e-4)
    assert two.std() == pytest.approx(2 * spread(scene.logits), rel=0.2)  # 4 x 48 standard normal numbers
    assert abs(np.corrcoef(two)[0, 1]) < 0.5
    assert (Perturb().manipulated(scene, 0) == scene.logits).all()


@pytest.mark.networks
def test_a_picture_coded_logit_changes_as_a_picture_does(run: RunProbe, scene: Scene) -> None:
    shift, scale = run("shift", "Decode", "tiles"), run("scale", "Decode", "tiles")
    assert names(shift.record.levels) == ["shift -2", "shift -1", "shift 0", "shift 1", "shift 2"]
    s, tiles = spread(scene.logits), scene.logits.reshape(4, 3, 4, 4).transpose(0, 2, 3, 1)
    for level, a, found in (("shift 1", 1.0, shift), ("shift -2", -2.0, shift)):
        expected = rgb2gray((tiles + a * s).clip(0, 1)).mean(axis=(1, 2))
        np.testing.assert_allclose(found.column(level, "luminance"), expected, atol=2e-3)
    halved = rgb2gray(tiles / 2).std(axis=(1, 2))
    np.testing.assert_allclose(scale.column("scale 0.5", "contrast"), halved, atol=2e-3)
    assert shift.value("shift 0", "lpips_neutral") == scale.value("scale 1", "lpips_neutral") == 0
    assert shift.value("shift 2", "lpips_neutral") > shift.value("shift 1", "lpips_neutral") > 0
    assert f"{s:.4g}" in (shift.record.note or "")


@pytest.mark.networks
def test_features_cannot_be_manipulated(run: RunProbe) -> None:
    record = run("shift", "Features", "judge", complete=False).record
    assert record.status == "skipped"
    assert "penultimate features" in (record.reason or "")
