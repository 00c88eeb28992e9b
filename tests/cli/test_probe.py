"""``bench probe`` behind the parsing: a probe for every combination of what may be given several times."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.cli.probe import run_probes
from bench.config import RunConfig
from tests.probes.conftest import TINY


@pytest.mark.networks
def test_every_seed_is_a_probe_of_its_own_and_is_named(
    tmp_path: Path, bench_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def config(method: str, classifier: str, seed: int) -> RunConfig:
        return RunConfig(method, classifier, num_images=3, seed=seed, out=tmp_path, device="cpu")

    asked = "shift", [f"{TINY}:Decode"], [f"{TINY}:tiles"], [2, 1, 2]
    assert run_probes(*asked, config, as_json=False, training_seeds=[7]) == 0  # it is not trained: one cell a seed
    titles = [line for line in capsys.readouterr().out.splitlines() if line.startswith("shift: ")]
    assert [line.rpartition("images, ")[2] for line in titles] == ["seed 2", "seed 1"]
    assert run_probes(*asked, config, as_json=True) == 0
    assert [record["seed"] for record in json.loads(capsys.readouterr().out)] == [2, 1]
