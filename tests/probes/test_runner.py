"""From a name to a record: keys, resuming, failures, what may be asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from bench.config import RunConfig
from bench.errors import UnknownNameError, UsageError
from bench.inverters.opened import OpenMethod
from bench.line import run_cell
from bench.metrics.extractors.judge import Judge
from bench.probes.runner import open_cell, open_probe, run_probe
from bench.store.folder import Piece
from bench.store.record import Record
from tests.probes.conftest import TINY, RunProbe


@pytest.mark.networks
def test_a_finished_probe_is_read_and_force_asks_again(run: RunProbe) -> None:
    first = run("shift", "Grey", "tiles")
    stamp = (first.folder / "record.json").stat().st_mtime_ns
    again = run("shift", "Grey", "tiles")
    assert (again.record, (again.folder / "record.json").stat().st_mtime_ns) == (first.record, stamp)
    run("shift", "Grey", "tiles", force=True)
    assert (first.folder / "record.json").stat().st_mtime_ns != stamp
    left = {path.name for path in first.folder.iterdir()}
    assert left == {".lock", "record.json", "per_image.parquet", "pictures.npy", "captions.json"}


def test_the_key_follows_the_probe_and_the_cell(config: RunConfig) -> None:
    keys = [
        open_cell(open_probe("shift"), config).draft.key,
        open_cell(open_probe("scale"), config).draft.key,
        open_cell(open_probe("shift"), replace(config, seed=1)).draft.key,
        open_cell(open_probe("shift"), replace(config, num_images=5)).draft.key,
        open_cell(open_probe("shift"), replace(config, method=f"{TINY}:Grey")).draft.key,
    ]
    assert len(set(keys)) == 5
    assert keys[0].startswith("shift-")
    assert open_cell(open_probe("shift"), config).draft.key == keys[0]


def test_250_images_where_no_number_is_given(config: RunConfig, tmp_path: Path) -> None:
    assert open_cell(open_probe("noise"), replace(config, num_images=None)).num_images == 250
    for k in range(3):
        (tmp_path / "photos" / "one").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 40), (k, 0, 0)).save(tmp_path / "photos" / "one" / f"{k}.png")
    few = replace(config, num_images=None, dataset=f"folder:{tmp_path / 'photos'}")
    assert open_cell(open_probe("noise"), few).num_images == 3


@pytest.mark.networks
def test_a_run_of_bench_run_keeps_its_key_and_stands_beside(run: RunProbe, config: RunConfig) -> None:
    found = run("shift", "Decode", "tiles")
    cell = run_cell(config)
    assert (cell.probe, cell.levels) == (None, ())
    assert found.folder.parent == next(config.out.glob(f"**/{cell.key}")).parent
    raw = json.loads((found.folder.parent / cell.key / "record.json").read_text())
    assert (raw["probe"], raw["levels"]) == (None, [])


@pytest.mark.networks
def test_interrupted_and_resumed_equals_undisturbed(run: RunProbe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C at the fourth of five inversions: no record; the next call does the two that are left."""
    undisturbed = run("shift", "Decode", "tiles", seed=1)
    calls: list[int] = []

    def pressed(method: OpenMethod, given: torch.Tensor, seeds: Sequence[int], *, manipulated: bool = False) -> Piece:
        calls.append(len(seeds))
        if len(calls) == 4:
            raise KeyboardInterrupt
        return invert(method, given, seeds, manipulated=manipulated)

    invert = OpenMethod.invert
    monkeypatch.setattr(OpenMethod, "invert", pressed)
    with pytest.raises(KeyboardInterrupt):
        run("shift", "Decode", "tiles", seed=2)
    found = run("shift", "Decode", "tiles", seed=2)
    assert len(calls) == 4 + 2
    assert found.record.levels == undisturbed.record.levels  # the decoder knows no noise
    for name in ("per_image.parquet", "pictures.npy", "captions.json"):
        assert (found.folder / name).read_bytes() == (undisturbed.folder / name).read_bytes()
    assert not (found.folder / "shards").exists()


def test_a_failure_is_a_record_and_is_tried_again(run: RunProbe) -> None:
    found = run("noise", "Broken", "tiles", complete=False)
    assert (found.record.status, found.record.levels, found.record.probe) == ("failed", (), "noise")
    assert "ValueError: no such luck" in (found.record.reason or "")
    assert Record.from_json((found.folder / "record.json").read_text()) == found.record
    assert not (found.folder / "pictures.npy").exists()


def test_an_inverter_that_declines_is_skipped(config: RunConfig) -> None:
    plugins = TINY.parent.parent / "plugins.py"
    record = run_probe("noise", replace(config, method=f"{plugins}:Senseless"))
    assert (record.status, record.reason) == ("skipped", "tiny.tiles has too few logits.")


@pytest.mark.networks
def test_a_measure_that_fails_is_null_with_its_text(run: RunProbe, tmp_path: Path) -> None:
    (tmp_path / "photos" / "one").mkdir(parents=True)
    Image.new("RGB", (40, 40), "red").save(tmp_path / "photos" / "one" / "a.png")
    found = run("noise", "Grey", "tiles", dataset=f"folder:{tmp_path / 'photos'}", num_images=1)
    score = found.level("draw 1")["reid_class_judge"]
    assert (score.value, score.note) == (None, Judge.missing)
    assert found.level("draw 1")["lpips"].value
    assert found.captions["judged"] is None


def test_what_cannot_be_asked(config: RunConfig) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'noise'"):
        run_probe("noises", config)
    with pytest.raises(UsageError, match="probes ask inverters"):
        run_probe("noise", replace(config, method="ridge"))
    with pytest.raises(UsageError, match="should be a subclass"):
        run_probe(f"{TINY}:Grey", config)
    assert not config.out.exists()


@pytest.mark.networks
def test_a_probe_of_ones_own(config: RunConfig, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from bench.probes.base import Findings, Probe, measured, side_by_side\n"
        "class Mine(Probe):\n"
        "    name, question, levels, measures = 'mine', 'Is it there?', 'one', ('lpips',)\n"
        "    def measure(self, scene):\n"
        "        level = measured('one', 1, scene.images, {'lpips': lambda: scene.neutral.lpips(scene.original)})\n"
        "        pictures = side_by_side(scene.images, {'original': scene.originals})\n"
        "        return Findings([level], pictures, weights={'looked-through': 'ab' * 32})\n"
    )
    record = run_probe(f"{tmp_path / 'mine.py'}:Mine", config)
    assert (record.status, record.probe) == ("complete", "mine")
    assert record.levels[0].metrics["lpips"].n == 4
    assert record.weights["looked-through"] == "ab" * 32
    assert record.levels[0].metrics["lpips"].higher_is_better is False


@pytest.mark.networks
def test_a_finished_probe_whose_files_were_changed_is_asked_anew_and_says_so(
    run: RunProbe, capsys: pytest.CaptureFixture[str]
) -> None:
    first = run("shift", "Grey", "tiles")
    before = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    (first.folder / "per_image.parquet").write_bytes(b"PAR1")
    (first.folder / "captions.json").unlink()
    again = run("shift", "Grey", "tiles")
    told = capsys.readouterr().err
    assert "per_image.parquet is not what its record was written with" in told
    assert "captions.json is missing" in told
    assert "the probe is asked anew" in told
    after = {path.name: path.read_bytes() for path in again.folder.iterdir()}
    assert {name: after[name] == data for name, data in before.items() if name != "record.json"} == dict.fromkeys(
        before.keys() - {"record.json"}, True
    )
    # a record without levels, which no probe writes
    raw = json.loads((first.folder / "record.json").read_text())
    (first.folder / "record.json").write_text(json.dumps(raw | {"levels": []}))
    assert len(run("shift", "Grey", "tiles").record.levels) == len(first.record.levels)
    assert "record.json cannot be read, and the cell is run anew" in capsys.readouterr().err
