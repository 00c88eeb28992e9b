"""What holds for every registered probe: its record, its table, its pictures, and that nothing comes from nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.cli.listing import PROBES
from bench.probes.measures import known
from bench.probes.runner import open_probe
from bench.registry import registered
from tests.probes.conftest import Result, RunProbe

KINDS = tuple(registered(PROBES))
METHOD = {kind: "Blind" if kind == "information" else "Grey" for kind in KINDS}  # it asks for a likelihood
N = {kind: 40 if kind == "misclassified" else 4 for kind in KINDS}  # misclassified images need correct partners


def test_the_probes_of_this_package_are_registered() -> None:
    assert set(KINDS) == {
        "noise", "shift", "scale", "perturb", "interpolate", "misclassified", "adversarial", "ood", "transform",
        "iterate", "truncate", "round", "probabilities", "information",
    }  # fmt: skip


@pytest.mark.networks
@pytest.mark.parametrize("kind", KINDS)
def test_record_table_and_pictures_agree(kind: str, run: RunProbe) -> None:
    probe, found = open_probe(kind), run(kind, METHOD[kind], "linear", num_images=N[kind])
    record = found.record
    assert (record.probe, record.method, record.classifier, record.num_images) == (
        kind, METHOD[kind].lower(), "tiny.linear", N[kind]
    )  # fmt: skip
    assert set(record.metrics) == set(probe.overall)
    table = found.table
    for level in record.levels:
        assert set(level.metrics) <= set(probe.measures) <= known().keys() | {card.key for card in probe.cards}
        for key, score in level.metrics.items():
            _explained(found, level.name, key, score.n)
    assert {key for level in record.levels for key in level.metrics} == set(probe.measures)
    assert set(table["level"]) <= {level.name for level in record.levels} | {"all"}
    rows, columns, *image = found.pictures.shape
    assert image == [32, 32, 3]
    assert found.pictures.dtype == np.uint8
    assert (len(found.captions["rows"]), len(found.captions["columns"])) == (rows, columns)
    if found.captions["judged"] is not None:
        assert np.shape(found.captions["judged"]) == (rows, columns)


def _explained(found: Result, level: str, key: str, n: int) -> None:
    """A value is the mean of the table's column, with an interval around it; a null says why."""
    score, column = found.level(level)[key], found.column(level, key) if key in found.table else np.empty(0)
    if score.value is None:
        assert score.note
        assert np.isnan(column).all()
        return
    defined = column[~np.isnan(column)]
    assert n == len(defined) > 0
    assert score.value == pytest.approx(defined.mean())
    assert score.ci95 is not None
    assert score.ci95[0] - 1e-12 <= score.value <= score.ci95[1] + 1e-12


@pytest.mark.networks
@pytest.mark.parametrize("kind", KINDS)
def test_an_inverter_that_ignores_its_input_shows_no_effect(kind: str, run: RunProbe) -> None:
    found = run(kind, METHOD[kind], "linear", num_images=N[kind])
    zero = ("lpips_neutral", "lpips_step", "diversity", "information")
    one = ("class_judge_neutral", "class_judge_draws", "class_target_draws")
    asked = [found.record.metrics, *(level.metrics for level in found.record.levels if level.name != "difference")]
    values = {key: [m[key].value for m in asked if key in m] for key in (*zero, *one)}
    assert all(value == 0 for key in zero for value in values[key] if value is not None)
    assert all(value == 1 for key in one for value in values[key])
    looks = [m["luminance"].value for m in asked if "luminance" in m]
    assert looks == pytest.approx([128 / 255] * len(looks))


@pytest.mark.networks
@pytest.mark.parametrize(
    ("kind", "method", "classifier"),
    [
        ("noise", "Coin", "tiles"),
        ("perturb", "Decode", "tiles"),
        ("transform", "Decode", "tiles"),
        ("adversarial", "Typical", "linear"),
    ],
)
def test_a_result_does_not_depend_on_the_blocks(
    kind: str, method: str, classifier: str, run: RunProbe, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = run(kind, method, classifier, num_images=6)
    pictures, table = found.pictures, found.table
    monkeypatch.setattr("bench.store.folder.SHARD", 4)
    if kind != "adversarial":  # rounding depends on the batch, and signed steps make whole grey levels of it
        monkeypatch.setattr("bench.metrics.features.default_batch", lambda device: 4)
    monkeypatch.setattr("bench.probes.scene.default_batch", lambda device: 4)
    parts = run(kind, method, classifier, num_images=6, force=True)
    assert (pictures == parts.pictures).all()
    for key, column in table.items():
        if column.dtype.kind == "f":
            np.testing.assert_allclose(column, parts.table[key], atol=2e-5, err_msg=key)


@pytest.mark.networks
def test_fewer_images_are_a_prefix(run: RunProbe) -> None:
    few, more = run("noise", "Coin", "linear", num_images=3), run("noise", "Coin", "linear", num_images=6)
    for key in ("lpips", "luminance"):
        np.testing.assert_allclose(few.column("draw 5", key), more.column("draw 5", key)[:3], atol=1e-6)
    assert not math.isclose(more.column("draw 5", "luminance").std(), 0)
