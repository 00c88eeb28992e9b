"""Commands among broken plugins: each hurts its own cell alone, is named, and stdout stays what it should be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.cli.commands import Configure, run_cells, write_page
from bench.config import RunConfig
from bench.registry import INVERTERS
from bench.store import record
from bench.store.record import read_records
from tests.conftest import AddPlugin
from tests.reports.synthetic import two_cells

GREY = (
    "import ctypes, os, sys, torch\nfrom bench import Inverter\n"
    "class Grey(Inverter):\n    name = 'grey'\n    def invert(self, logits, seeds):\n        {}\n"
    "        return torch.full((len(logits), 3, 32, 32), 0.5)\n"
)


@pytest.fixture
def config(tmp_path: Path) -> Configure:
    return lambda method, classifier, seed: RunConfig(
        method, classifier, num_images=4, seed=seed, out=tmp_path / "runs", controls=False, device="cpu"
    )


@pytest.mark.networks
def test_broken_plugins_hurt_their_own_cells_alone(
    plugin: AddPlugin, config: Configure, capfd: pytest.CaptureFixture[str]
) -> None:
    loud = "print('python'); os.write(1, b'descriptor\\n'); ctypes.CDLL(None).puts(b'library')"
    plugin("one", INVERTERS, "x-import = plug_a:Grey", "print('on import')\nimport no_such_module")
    plugin("two", INVERTERS, "x-syntax = plug_b:Grey", "class Grey(:")
    plugin("three", INVERTERS, "x-exit = plug_c:Grey", "raise SystemExit(0)")
    plugin("four", INVERTERS, "x-twice = plug_d:Grey", GREY.format("pass"))
    plugin("five", INVERTERS, "x-twice = plug_e:Grey", GREY.format("pass"))
    plugin("six", INVERTERS, "x-late = plug_f:Grey", GREY.format("sys.exit('bye')"))
    plugin("seven", INVERTERS, "x-class = plug_g:Grey", "Grey = 1")
    plugin("eight", INVERTERS, "x-access = plug_h:Grey", GREY.format("pass") + "    access = 'whitebox'\n")
    plugin("nine", INVERTERS, "x-loud = plug_i:Grey", GREY.format(loud))
    reasons = {
        "x-import": "ModuleNotFoundError: No module named 'no_such_module'",
        "x-syntax": "SyntaxError",
        "x-exit": "SystemExit: 0",
        "x-twice": "Two plugins are registered as 'x-twice'",
        "x-late": "SystemExit: bye (in plug_f.py, line 6, invert)",
        "x-class": "should be a subclass of bench.Inverter and is 1",
        "x-access": "access is 'whitebox'",
        "x-loud": None,
    }
    assert run_cells(list(reasons), ["robust_resnet152"], [0], config, as_json=True) == 1
    out, err = capfd.readouterr()
    records = {record["method"]: record for record in json.loads(out)}
    assert records.keys() == reasons.keys()
    for name, words in reasons.items():
        assert records[name]["status"] == ("failed" if words else "complete"), records[name]["reason"]
        assert (words or "") in (records[name]["reason"] or "")
    assert {"on import", "python", "descriptor", "library"} <= set(err.splitlines())
    written = {record.method: record.status for record, _ in read_records(config("", "", 0).out)}
    assert written == {name: record["status"] for name, record in records.items()}


def test_a_broken_classifier_fails_its_cells_and_no_control_is_run(
    tmp_path: Path, config: Configure, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken_net.py").write_text("def network():\n    raise ValueError('no weights')\n")
    (tmp_path / "shade.py").write_text(GREY.format("pass"))

    def with_controls(method: str, classifier: str, seed: int) -> RunConfig:
        return RunConfig(method, classifier, num_images=4, seed=seed, out=tmp_path / "runs", device="cpu")

    reference = f"{tmp_path / 'broken_net.py'}:network"
    assert run_cells([f"{tmp_path / 'shade.py'}:Grey"], [reference], [0], with_controls, as_json=False) == 1
    out, err = capfd.readouterr()
    assert "failed: grey on broken_net.network: broken_net.network() cannot be built: ValueError: no weights" in err
    assert str(tmp_path / "broken_net.py") not in out + err
    assert [record.method for record, _ in read_records(tmp_path / "runs")] == ["grey"]


@pytest.mark.networks
def test_ctrl_c_within_a_plugin_interrupts(tmp_path: Path, config: Configure) -> None:
    (tmp_path / "stopped.py").write_text(GREY.format("raise KeyboardInterrupt"))
    with pytest.raises(KeyboardInterrupt):
        run_cells([f"{tmp_path / 'stopped.py'}:Grey"], ["robust_resnet152"], [0], config, as_json=True)
    assert not read_records(tmp_path / "runs")


@pytest.mark.networks
def test_every_seed_is_run_once(tmp_path: Path, config: Configure, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shade.py").write_text(GREY.format("pass"))
    assert run_cells([f"{tmp_path / 'shade.py'}:Grey"], ["robust_resnet152"], [3, 1, 3], config, as_json=True) == 0
    assert [record["seed"] for record in json.loads(capfd.readouterr().out)] == [3, 1]
    assert sorted(record.seed for record, _ in read_records(config("", "", 0).out)) == [1, 3]


def test_a_page_comes_with_its_records_and_reads_each_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, real = two_cells(tmp_path / "runs", 12), record._read
    read: list[Path] = []

    def noted(path: Path) -> record.Record:
        read.append(path)
        return real(path)

    monkeypatch.setattr(record, "_read", noted)
    page, found = write_page(runs, None, tmp_path / "report.html")
    assert page == tmp_path / "report.html"
    assert [one.method for one in found] == ["biggan-logit", "ridge"]
    assert sorted(read) == sorted(runs.glob("**/record.json"))
