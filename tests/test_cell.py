"""A cell: what is in its key, what is not, and whose record counts as its own."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.cell import Cell
from bench.line import run_cell
from bench.metrics.registry import metrics
from bench.store.record import Level, Record
from bench.weights.files import entry, save_weights
from bench.weights.lookup import own_inverter_weights
from tests.cells import PLUGINS, Brightness, config, folder_of


@pytest.mark.networks
def test_a_record_of_another_cell_is_not_returned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = run_cell(config("Grey", tmp_path))
    path = folder_of(first, tmp_path) / "record.json"
    other = replace(first, method="noisy", num_images=9_999)
    for foreign, word in (
        (other, "its method is noisy, and not grey"),
        (replace(first, num_images=9_999), "its num_images is 9999, and not 20"),
        (replace(first, key="0" * 16), "its key is 0000000000000000"),
        (replace(first, probe="noise", levels=(Level("draw 1"),)), "its probe is noise"),
        (replace(first, seed=1), "its seed is 1"),
    ):
        path.write_text(foreign.to_json())
        again = run_cell(config("Grey", tmp_path))
        assert again.metrics == first.metrics
        assert (again.method, again.num_images) == ("grey", 20)
        assert word in capsys.readouterr().err
    assert Record.from_json(path.read_text()).method == "grey"


@pytest.mark.networks
def test_key_follows_what_can_change_the_numbers(tmp_path: Path) -> None:
    keys = {
        run_cell(config("Grey", tmp_path)).key,
        run_cell(config("Grey", tmp_path, seed=1)).key,
        run_cell(config("Grey", tmp_path, num_images=10)).key,
        run_cell(config("Noisy", tmp_path)).key,
    }
    assert len(keys) == 4


def test_every_part_that_can_change_a_reconstruction_is_in_the_key(
    tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = tmp_path / "mine.py"
    plugin.write_text(PLUGINS.read_text())
    inception = tmp_path / "weights.pth"
    inception.write_bytes(b"others")

    def key(**more: object) -> str:
        mine = replace(config("Grey", tmp_path), method=f"{plugin}:Grey")
        return Cell.open(replace(mine, **more)).draft.key  # type: ignore[arg-type]

    plain = key()
    assert key() == plain
    keys = [
        plain,
        key(preset="paper"),
        key(classifier="resnet152"),
    ]
    assert key(inception_weights=inception) == plain  # how it is scored is no part of it
    settings = {"name": "cpu", "hash": "0" * 16, "seed": 1}
    own = own_inverter_weights("grey", entry("robust_resnet152").sha256, "cifar10", 32, settings)
    for content in ("trained", "trained for longer"):
        save_weights({}, own, {"dataset": "cifar10", "image_size": "32", "content": content})
        keys.append(key())
    save_weights({}, own, {"dataset": "cifar10", "image_size": "64"})
    assert key() == plain  # for images of another size
    own.unlink()
    keys.append(key(device="cuda", preset="fast"))  # known where there is no GPU, too
    plugin.write_text(plugin.read_text() + "# another version")
    keys.append(key())
    plugin.write_text(PLUGINS.read_text().replace('name = "grey"', 'name = "grey"\n    version = "2"'))
    keys.append(key())
    plugin.write_text(
        PLUGINS.read_text().replace('name = "grey"', 'name = "grey"\n    precisions = ("float32", "bf16")')
    )
    keys += [key(), key(precision="bf16")]
    assert len(set(keys)) == len(keys)


def test_what_changes_no_reconstruction_is_not_in_the_key(
    tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def key(name: str, **more: object) -> str:
        return Cell.open(replace(config("Grey", tmp_path), method=name, **more)).draft.key  # type: ignore[arg-type]

    plugin, registered_key = tmp_path / "mine.py", key("biggan-logit")
    plugin.write_text(PLUGINS.read_text())
    plain = key(f"{plugin}:Grey")
    moved = tmp_path / "elsewhere" / "other.py"
    moved.parent.mkdir()
    moved.write_text(PLUGINS.read_text())
    assert key(f"{moved}:Grey") == plain  # its text decides, not its place
    assert key(f"{plugin}:Grey", precision="bf16") == plain  # it computes in float32 whatever is asked
    assert key(f"{plugin}:Grey", out=tmp_path / "runs") == plain
    monkeypatch.setitem(metrics(), "brightness", Brightness())
    assert key(f"{plugin}:Grey") == plain  # a new metric
    assert key("biggan-logit") == registered_key
