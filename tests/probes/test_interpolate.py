import numpy as np
import pytest

from bench.datasets.cifar10 import CLASS_NAMES, shipped_test
from bench.probes.interpolate import TIMES, slerp
from bench.seeding import sample_seeds
from tests.probes.conftest import RunProbe

RNG = np.random.default_rng(0)


def rows(*values: tuple[float, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.array(values, np.float32)


def test_slerp_turns_evenly_and_interpolates_norms() -> None:
    between = slerp(rows((1, 0)), rows((0, 3)), 1 / 3, rows((0, 0))[0])
    angle, norm = np.pi / 6, 1 + 2 / 3
    np.testing.assert_allclose(between, [[norm * np.cos(angle), norm * np.sin(angle)]], rtol=1e-6)


def test_slerp_reaches_its_ends_and_moves_with_its_centre() -> None:
    a, b, centre = (RNG.normal(size=(5, 7)).astype(np.float32) for _ in range(3))
    np.testing.assert_allclose(slerp(a, b, 0, centre[0]), a, atol=1e-5)
    np.testing.assert_allclose(slerp(a, b, 1, centre[0]), b, atol=1e-5)
    moved = slerp(a + 3, b + 3, 0.3, centre[0] + 3)
    np.testing.assert_allclose(moved, slerp(a, b, 0.3, centre[0]) + 3, atol=1e-5)


@pytest.mark.parametrize(("a", "b"), [((1, 2), (2, 4)), ((1, 2), (-1, -2)), ((0, 0), (1, 2)), ((0, 0), (0, 0))])
def test_slerp_of_parallel_or_zero_rows_is_linear(a: tuple[float, ...], b: tuple[float, ...]) -> None:
    found = slerp(rows(a), rows(b), 0.25, rows((0, 0))[0])
    np.testing.assert_allclose(found, [[0.75 * x + 0.25 * y for x, y in zip(a, b, strict=True)]], atol=1e-6)


@pytest.mark.networks
def test_the_judge_leaves_the_first_class_for_the_second(run: RunProbe) -> None:
    found = run("interpolate", "Typical", "judge", num_images=7)
    assert len(found.record.levels) == 2 * len(TIMES)
    assert found.level("linear 0")["judge_probability_first"].n == 3  # the seventh image has no partner
    right = np.array(found.captions["judged"])[::2, [0, -1]] == np.array(CLASS_NAMES)[labels()[:6].reshape(3, 2)]
    assert right.any()
    for kind in ("linear", "spherical"):
        for column, key in enumerate(("judge_probability_first", "judge_probability_second")):
            ends = np.stack([found.column(f"{kind} {t}", key) for t in (column, 1 - column)], axis=1)
            assert ((ends > 0.5) == np.stack([right[:, column], np.zeros(3)], axis=1)).all(), (kind, key)


def labels() -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return shipped_test()[1].astype(np.int64)


@pytest.mark.networks
def test_relative_step_of_one_jump_is_an_eighth(run: RunProbe) -> None:
    """An inverter that knows classes alone jumps once (or oftener): the mean of eight steps is at least 1/8."""
    found = run("interpolate", "Typical", "judge", num_images=4)
    steps = np.stack([found.column(f"linear {t:g}", "lpips_step") for t in TIMES[1:]])  # (8, pairs)
    jumps = (steps > 0).sum(axis=0)
    assert (jumps >= 1).all()
    relative = found.column("all", "relative_step_linear")
    np.testing.assert_allclose(relative[jumps == 1], 1 / 8, rtol=1e-5)
    assert (jumps == 1).any()


@pytest.mark.networks
def test_without_a_path_there_is_no_ratio(run: RunProbe) -> None:
    score = run("interpolate", "Grey", "tiles").record.metrics["relative_step_linear"]
    assert score.value is None
    assert "both ends look the same" in (score.note or "")


@pytest.mark.networks
def test_the_noise_stays_along_the_path(run: RunProbe) -> None:
    found = run("interpolate", "Coin", "tiles", num_images=8)
    tosses = np.array(sample_seeds(0, [i.partition("+")[0] for i in found.column("all", "image_id")])) % 2
    assert 0 < tosses.mean() < 1
    assert (found.pictures[::2, 1:-1] == 255 * tosses[:, None, None, None, None]).all()
    assert (found.pictures[1::2, 1:-1] == 255 * tosses[:, None, None, None, None]).all()


def test_one_image_is_no_pair(run: RunProbe) -> None:
    record = run("interpolate", "Grey", "tiles", num_images=1, complete=False).record
    assert (record.status, "--num-images 2" in (record.reason or "")) == ("skipped", True)


@pytest.mark.networks
def test_two_rows_a_pair_between_the_originals(run: RunProbe) -> None:
    found = run("interpolate", "Decode", "tiles")
    assert found.pictures.shape == (4, 11, 32, 32, 3)
    original = np.load(next(found.folder.parents[2].glob("originals.npy")))
    assert (found.pictures[:, 0] == original[[0, 0, 2, 2]]).all()
    assert (found.pictures[:, -1] == original[[1, 1, 3, 3]]).all()
    assert found.captions["rows"][1].endswith("spherical")
