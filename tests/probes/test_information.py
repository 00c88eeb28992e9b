"""Bits against a world whose mutual information is known, the control, what may be asked, several training seeds."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.cell import Cell
from bench.config import RunConfig
from bench.probes.information import Information, others_of_class, partners
from bench.probes.runner import open_cell, open_probe
from bench.weights.lookup import Fitted
from tests.probes import tiny
from tests.probes.conftest import TINY, RunProbe, names

ENTROPY = -sum(p * math.log2(p) for p in tiny.SHARES)  # of the class, 1.75 bits: z is a function of x


@pytest.fixture
def world(tmp_path: Path) -> str:
    """200 images of 8 px of two halves, drawn from their distribution."""
    random = np.random.default_rng(3)
    (tmp_path / "world" / "one").mkdir(parents=True)
    for k in range(200):
        pixels = np.empty((8, 8, 3), np.uint8)
        pixels[:, :4] = round(255 * tiny.GREYS[random.choice(4, p=tiny.SHARES)])
        pixels[:, 4:] = 32 * random.integers(8)
        Image.fromarray(pixels).save(tmp_path / "world" / "one" / f"{k:03d}.png")
    return f"folder:{tmp_path / 'world'}@8"


@pytest.mark.networks
def test_known_mutual_information_lies_within_the_interval_and_the_control_below_zero(
    run: RunProbe, world: str
) -> None:
    found = run("information", "Known", "halves", dataset=world, num_images=200)
    own = found.level("logits")["information"]
    assert own.ci95 is not None
    assert own.ci95[0] < ENTROPY < own.ci95[1]
    assert own.ci95[1] - own.ci95[0] < 0.4
    assert "no bound" in (own.note or "")
    control = found.level("shuffled")["information"]
    assert control.ci95 is not None
    assert control.ci95[1] < 0
    # the class is all that there is; with the mean logits of its other images it is told as well
    np.testing.assert_allclose(found.column("class", "information"), found.column("logits", "information"))
    per_dim = found.value("logits", "information_per_dim")
    assert per_dim == pytest.approx(found.value("logits", "information") / 192)
    left = found.value("none", "bits_per_dim") - found.value("logits", "bits_per_dim")
    assert left == pytest.approx(per_dim)
    assert found.value("none", "information") == 0
    assert "One training seed (1)" in (found.record.note or "")


@pytest.mark.networks
def test_each_image_is_paired_with_itself(run: RunProbe, world: str) -> None:
    found = run("information", "Known", "halves", dataset=world, num_images=20)
    bits = found.column("logits", "information")
    possible = [-math.log2(p) for p in tiny.SHARES]
    assert all(min(abs(one - p) for p in possible) < 0.01 for one in bits)
    rows = [float(caption.rpartition(", ")[2].removesuffix(" bits")) for caption in found.captions["rows"]]
    assert rows == sorted(rows, reverse=True)
    assert found.pictures.shape == (8, 3, 8, 8, 3)


def test_an_inverter_without_a_likelihood_is_skipped(run: RunProbe) -> None:
    found = run("information", "Grey", "tiles", complete=False)
    assert (found.record.status, found.record.reason) == (
        "skipped", "grey has no likelihood: it brings no log_likelihood(images, logits)."
    )  # fmt: skip


def test_what_is_more_than_certain_fails(run: RunProbe) -> None:
    found = run("information", "Improbable", "tiles", complete=False)
    assert found.record.status == "failed"
    assert "log_likelihood of improbable should give the logarithm of a probability" in (found.record.reason or "")


@pytest.mark.networks
def test_one_image_has_no_other_to_be_shuffled_with(run: RunProbe) -> None:
    found = run("information", "Blind", "linear", num_images=1)
    assert names(found.record.levels) == ["logits", "class", "none", "shuffled"]
    assert found.level("shuffled")["information"].note == "There is no other image."
    assert "no other image among these has this class" in (found.level("class")["information"].note or "")
    assert found.value("none", "bits_per_dim") == pytest.approx(8)


def test_partners_are_others_and_everybody_is_one() -> None:
    found = partners(list(range(50)))
    assert sorted(found) == list(range(50))
    assert not (found == np.arange(50)).any()
    assert (partners(list(range(1, 51))) != found).any()


def test_a_class_is_the_mean_of_its_other_images() -> None:
    given = np.array([[1.0, 0.0], [3.0, 0.0], [5.0, 3.0], [7.0, 7.0]], np.float32)
    found = others_of_class(given, np.array([0, 0, 0, 1]))
    np.testing.assert_allclose(found[:3], [[4.0, 1.5], [3.0, 1.5], [2.0, 0.0]])
    assert np.isnan(found[3]).all()


@pytest.mark.networks
def test_seeds_are_averaged_and_have_levels_of_their_own(run: RunProbe) -> None:
    found = run("information", "Twice", "linear")
    assert found.value("seed 1", "information") == pytest.approx(10, abs=1e-3)
    assert found.value("seed 2", "information") == pytest.approx(12, abs=1e-3)
    assert found.value("logits", "information") == pytest.approx(11, abs=1e-3)
    assert "Means over training seeds 1, 2" in (found.record.note or "")
    assert found.record.weights["twice-seed2"] == "cd" * 32


def test_images_that_another_seed_was_trained_on_are_refused(run: RunProbe) -> None:
    found = run("information", "Remembers", "linear", complete=False)
    assert found.record.status == "failed"
    assert "remembers was trained on 1 of these 4 images" in (found.record.reason or "")


def test_weights_by_another_seed_are_another_record(config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = replace(config, method=f"{TINY}:Blind")
    alone = open_cell(open_probe("information"), cell).draft.key
    twin = Fitted(Path("twin"), own=False, dataset="cifar10", image_size=32, recipe={}, default=True, sha256="ab")
    monkeypatch.setattr("bench.weights.lookup.retrained", lambda *where: [] if where[-1] else [twin])
    assert open_cell(open_probe("information"), cell).draft.key != alone
    named = Cell.open(replace(cell, training_seed=1))
    assert Information().depends_on(named) == ()
