import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.cli import listing
from bench.cli.printing import print_rows
from bench.errors import UnknownNameError
from bench.registry import CLASSIFIERS, CONTROLS, INVERTERS
from bench.store.files import write_atomically
from bench.store.record import Level, Record
from tests.conftest import AddPlugin, AddWeights

QUICK = """
import sys
import bench, bench.datasets, bench.cli.doctor, bench.environment, bench.cli.listing
assert "numpy" not in sys.modules, "numpy came with an import"
for kind in bench.cli.listing.KINDS:
    bench.cli.listing.rows(kind)
heavy = {"torch", "torchvision", "jinja2", "PIL", "scipy", "skimage", "pyarrow"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


def test_nothing_heavy_is_imported(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", QUICK], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", listing.KINDS)
def test_rows_are_plain_and_alike(kind: str, bench_home: Path, tmp_path: Path) -> None:
    table = listing.rows(kind, tmp_path)
    assert json.loads(json.dumps(table, allow_nan=False)) == table
    assert len({tuple(row) for row in table}) <= 1


def test_unknown_kind() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'methods'"):
        listing.rows("method")


def test_methods_say_who_provides_them(plugin: AddPlugin) -> None:
    plugin("outsider", INVERTERS, "grey = outsider_g:Grey", "raise RuntimeError('imported')")
    plugin("controller", CONTROLS, "floor = outsider_h:Floor", "raise RuntimeError('imported')")
    found = {row["name"]: row for row in listing.methods()}
    assert found["grey"] == {
        "name": "grey",
        "kind": "inverter",
        "distribution": "outsider",
        "version": "1.5",
        "object": "outsider_g:Grey",
    }
    assert found["floor"]["kind"] == "control"


def test_classifiers_carry_their_measured_scores(zoo: AddWeights) -> None:
    zoo("resnet152", b"x", measured={"test_accuracy": 0.9, "test_margin": 4.5, "note": "text", "exact": True})
    found = {row["name"]: row for row in listing.classifiers()}
    assert found["resnet152"]["test_accuracy"] == 0.9
    assert found["resnet152"]["id"] == "zoo:resnet152"
    assert found["resnet152"]["weights"] == "here"
    assert found["judge"]["weights"] == "missing"
    assert found["judge"]["test_accuracy"] is None
    assert not {"note", "exact", "test_margin"} & found["resnet152"].keys()


def test_providers_are_listed_with_what_they_have(plugin: AddPlugin) -> None:
    code = "from bench import ClassifierProvider\nclass P(ClassifierProvider):\n    summary = form = 'N'\n"
    code += "    def names(self):\n        return ['small']\n    def card(self, name, weights=None):\n        1 / 0\n"
    plugin("outsider", CLASSIFIERS, "mine = outsider_c:P", code + "    build = card\n")
    plugin("broken", CLASSIFIERS, "other = outsider_d:P", "raise RuntimeError('gone')")
    found = {row["name"]: row for row in listing.classifiers()}
    assert (found["judge"]["role"], found["efficientnet_lite0"]["logits"]) == ("judge", 1000)
    assert found["resnet152"]["role"] == "target"
    assert {"torchvision:NAME[@WEIGHTS]", "timm:NAME", "path/to/file.py:function", "mine:N"} <= found.keys()
    assert {"robustbench:DATASET/THREAT/MODEL", "madry:NAME", "fair:R152 or R152-Denoise"} <= found.keys()
    assert "huggingface:MODEL[@REVISION] or FOLDER" in found
    assert found["mine:small"]["summary"] == "cannot be used: ZeroDivisionError: division by zero"
    assert "gone" in str(found["other:..."]["summary"])


def test_datasets_count_what_is_here(bench_home: Path) -> None:
    found = {row["name"]: row for row in listing.datasets()}
    assert (found["cifar10"]["test"], found["cifar10"]["train"], found["cifar10"]["val"]) == (2500, 0, 0)
    (bench_home / "cifar10").mkdir(parents=True)
    for name in ("test_images", "train_images"):
        (bench_home / "cifar10" / f"{name}.npy").touch()
    found = {row["name"]: row for row in listing.datasets()}
    assert (found["cifar10"]["test"], found["cifar10"]["train"], found["cifar10"]["val"]) == (10_000, 45_000, 5_000)


def test_metrics_say_which_way_is_better() -> None:
    better = {row["key"]: row["better"] for row in listing.metrics()}
    assert better["psnr"] == "higher"
    assert better["fid"] == "lower"
    assert better["reid_gap"] is None


def test_metrics_say_what_is_computed_unasked_and_what_is_not() -> None:
    when = {row["key"]: row["computed"] for row in listing.metrics()}
    assert (when["fd_judge"], when["kid_judge"]) == ("always", "when asked for")


def test_extractors_say_whether_their_weights_are_here() -> None:
    found = {row["name"]: row for row in listing.rows("extractors")}
    assert (found["efficientnet_lite0"]["features"], found["efficientnet_lite0"]["weights"]) == (1280, "here")
    assert (found["judge"]["features"], found["lpips_alex"]["features"]) == (None, None)
    assert found["judge"]["weights"] == "of whom the dataset or --judge names"


def test_runs(tmp_path: Path) -> None:
    record = Record("ridge", "resnet152", "cifar10", 500, 0, status="failed", reason="no memory", created="today")
    write_atomically(tmp_path / "cifar10" / "abc" / "record.json", record.to_json().encode())
    (row,) = listing.rows("runs", tmp_path)
    assert (row["method"], row["num_images"], row["status"], row["reason"]) == ("ridge", 500, "failed", "no memory")
    assert (row["key"], row["probe"]) == ("abc", None)


def test_runs_signal_nothing_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Names and reasons come from others' files: what would move the cursor or turn the text round is escaped."""
    evil = "m\x1b[2J\x1b]0;title\x07\u202e\ud800\n\x9b"
    record = Record(evil, evil, "cifar10", 5, 0, status="failed", reason=evil, created=evil, key=evil)
    write_atomically(tmp_path / "a" / "record.json", record.to_json().encode())
    print_rows(listing.rows("runs", tmp_path), "none")
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) == 3
    assert "m\\x1b[2J" in shown
    assert all(character.isprintable() for character in shown.replace("\n", ""))


def test_runs_go_on_after_a_bad_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_atomically(tmp_path / "a" / "record.json", Record("m", "c", "cifar10", 5, 0).to_json().encode())
    write_atomically(tmp_path / "b\x1b" / "record.json", b'{"\x1b": 1, "\x1b": 2}')
    assert [row["method"] for row in listing.rows("runs", tmp_path)] == ["m"]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"bench: left out {tmp_path}/b\\x1b/record.json: ")
    assert "\x1b" not in line


def test_runs_name_the_probe(tmp_path: Path) -> None:
    record = Record("ridge", "resnet152", "cifar10", 250, 0, probe="noise", levels=(Level("draw 1"),), key="noise-abc")
    write_atomically(tmp_path / "noise-abc" / "record.json", record.to_json().encode())
    (row,) = listing.rows("runs", tmp_path)
    assert (row["probe"], row["key"]) == ("noise", "noise-abc")


def test_probes_ask_and_a_broken_one_says_so(plugin: AddPlugin) -> None:
    plugin("asker", listing.PROBES, "mine = outsider_p:Mine", "class Mine:\n    question = 'Is it?'\n")
    plugin("breaker", listing.PROBES, "theirs = outsider_q:Theirs", "raise RuntimeError('no')")
    found = {row["name"]: row for row in listing.probes()}
    assert found["mine"]["question"] == "Is it?"
    assert found["mine"]["distribution"] == "asker"
    assert str(found["theirs"]["question"]).startswith("cannot be used: RuntimeError: no (in outsider_q.py")
    assert str(found["transform"]["question"]).endswith("?")
