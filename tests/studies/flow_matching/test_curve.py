"""The curve of steps against score: every row, its costs, and all of it from weights to the table."""

import json
from pathlib import Path

import pytest
import torch

import bench
from bench.classifiers import LoadedClassifier
from bench.training.engine import Engine
from bench.training.inverters import train_inverter
from methods.flow_matching.inverter import FlowMatching
from methods.flow_matching.sampler import Sampler
from methods.flow_matching.solvers import EVALUATIONS
from methods.flow_matching.train import FlowTask
from studies.flow_matching import curve
from tests.methods.biggan_logit.small import TARGET
from tests.methods.flow_matching.small import TINY
from tests.training.small import make


def test_both_solvers_are_compared_at_equal_cost_and_guidance_at_the_methods_own_steps() -> None:
    rows = curve.settings(Sampler(12))
    plain = [one for one in rows if one.guidance == 1]
    costs = [[one.steps * EVALUATIONS[name] for one in plain if one.solver == name] for name in curve.STEPS]
    assert costs[0] == costs[1] != []
    assert {one.guidance for one in rows} == {1.0, *curve.GUIDANCE}
    assert all(one.steps == 12 for one in rows if one.guidance != 1)


@pytest.mark.networks
def test_every_row_is_scored_on_val(
    tiny_cifar: LoadedClassifier,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    weights = train_inverter(make(FlowTask, TINY, tiny_cifar, Engine()), tmp_path / "train", resume=False)
    inverter = FlowMatching(TARGET, weights)
    monkeypatch.setattr(bench, "load_classifier", lambda name: tiny_cifar.network)
    monkeypatch.setattr(bench, "load_inverter", lambda *_, **__: inverter)
    monkeypatch.setattr(curve, "STEPS", {"euler": (2, 4), "heun": (1, 2)})
    curve.main(["--num-images", "10", "--out", str(tmp_path / "curve.json")])
    rows = json.loads((tmp_path / "curve.json").read_text())
    assert [one["passes"] for one in rows] == [2, 4, 2, 4] + [48] * len(curve.GUIDANCE)
    assert "val_lpips" in capsys.readouterr().out
    held = curve.Held.of("cifar10", tiny_cifar.network, 10)
    inverter.sampler = Sampler(2, "euler")  # type: ignore[misc]
    made = inverter.invert(held.z, held.seeds)
    assert rows[0]["val_mse"] == pytest.approx(float((made - held.images).square().mean()))
    assert held.images.shape == (10, 3, 32, 32)
    val = bench.load_dataset("cifar10", split="val")
    assert torch.equal(held.images, val.images(val.ids[:10]))
