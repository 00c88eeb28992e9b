"""``bench run --verify``: finished cells by their digests, nothing computed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bench.cell import Cell
from bench.cli.app import app
from bench.config import RunConfig
from bench.line import run_cell
from bench.store.record import Record
from bench.store.verify import command, verify_cell

PLUGINS = Path(__file__).parents[1] / "plugins.py"
FILES = ("reconstructions.npy", "reconstruction_logits.npy", "per_image.parquet")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    """One finished cell."""
    out = tmp_path_factory.mktemp("runs")
    config = RunConfig(
        f"{PLUGINS}:Grey", "robust_resnet152", num_images=4, out=out, controls=False, device="cpu", seed=3
    )
    assert run_cell(config).status == "complete"
    return config


@pytest.mark.networks
def test_a_finished_cell_is_verified(finished: RunConfig) -> None:
    found = verify_cell(finished)
    assert (found.state, found.good, found.command) == ("verified", True, None)
    assert found.line() == "verified: grey on robust_resnet152 (cifar10, 4 images, seed 3)"


@pytest.mark.networks
@pytest.mark.parametrize("name", [*FILES, "originals.npy", "logits.npz"])
def test_a_changed_or_missing_file_is_named_with_what_to_type(finished: RunConfig, name: str) -> None:
    folder = Cell.open(finished).folder.path
    path = {"originals.npy": folder.parents[2], "logits.npz": folder.parents[1]}.get(name, folder) / name
    good = path.read_bytes()
    try:
        if name == "logits.npz":
            raw = dict(np.load(path))
            np.savez(path, **(raw | {"logits": raw["logits"] + 1}))
        else:
            path.write_bytes(good[:-100] + bytes(100))
        found = verify_cell(finished)
        assert found.state == "wrong"
        assert found.reason == f"{name} is not what its record was written with"
        assert found.line().endswith(f"Type: {command(finished, '--force')}")
        path.unlink()
        assert verify_cell(finished).reason == f"{name} is missing"
    finally:
        path.write_bytes(good)


@pytest.mark.networks
def test_records_that_are_absent_foreign_old_or_incomplete(finished: RunConfig) -> None:
    path = Cell.open(finished).folder.record
    good = path.read_text()
    record = Record.from_json(good)

    def state(text: str | None) -> tuple[str, bool]:
        path.unlink() if text is None else path.write_text(text)
        found = verify_cell(finished)
        return found.state, found.good

    try:
        assert state(None) == ("missing", False)
        assert state("{") == ("missing", False)
        assert state(replace(record, method="other").to_json()) == ("wrong", False)
        assert state(replace(record, digests={}).to_json()) == ("unknown", False)
        assert state(replace(record, status="failed", reason="x").to_json()) == ("failed", False)
        assert state(replace(record, status="skipped", reason="x").to_json()) == ("skipped", True)
    finally:
        path.write_text(good)


@pytest.mark.networks
def test_the_command_that_is_named_runs_the_very_cell(finished: RunConfig) -> None:
    words = command(replace(finished, out=Path("my runs")), "--force")
    assert words.startswith(f"bench run --method {PLUGINS}:Grey --classifier robust_resnet152 --num-images 4 --seed 3")
    assert words.endswith("--device cpu --out 'my runs' --no-controls --force")


def test_the_command_names_weights_of_the_users_own() -> None:
    config = RunConfig("engstrom", "torchvision:resnet50", classifier_weights=Path("mine.pth"))
    assert "--classifier-weights mine.pth" in command(config, "--force")


@pytest.mark.networks
def test_on_the_command_line(finished: RunConfig) -> None:
    words = ["run", "--method", finished.method, "--classifier", finished.classifier, "--num-images", "4"]
    words += ["--device", "cpu", "--seed", "3", "--out", str(finished.out), "--verify"]
    before = sorted(path for path in finished.out.rglob("*"))
    found = CliRunner().invoke(app, [*words, "--no-controls"])
    assert (found.exit_code, found.stdout) == (0, "verified: grey on robust_resnet152 (cifar10, 4 images, seed 3)\n")
    with_controls = CliRunner().invoke(app, words)
    assert with_controls.exit_code == 1
    assert "missing: oracle on robust_resnet152" in with_controls.stdout
    assert sorted(path for path in finished.out.rglob("*")) == before  # nothing was made
