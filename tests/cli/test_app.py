"""The command line as a user meets it: exit status, what is printed where, how fast it answers."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from bench.metrics.registry import metrics

pytestmark = pytest.mark.processes

PLUGINS = Path(__file__).parents[1] / "plugins.py"
BENCH = [sys.executable, "-m", "bench"]


def bench(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [*BENCH, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, check=False)


def paragraph(done: subprocess.CompletedProcess[str], status: int) -> str:
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def seconds(*command: str) -> float:
    """Of the processor, the least of five times, so that a busy machine does not decide."""
    best = float("inf")
    for _ in range(5):
        before = os.times()
        subprocess.run(command, capture_output=True, check=True)
        after = os.times()
        best = min(best, after.children_user + after.children_system - before.children_user - before.children_system)
    return best


def test_help_answers_within_a_third_of_a_second_of_an_empty_interpreter() -> None:
    empty = seconds(sys.executable, "-c", "pass")
    assert seconds(*BENCH, "--help") - empty < 0.3
    assert seconds(*BENCH, "list", "methods") - empty < 0.5


def test_help_says_what_a_command_does_in_a_line_that_is_not_cut_off() -> None:
    for words in ([], ["train"], ["data"]):
        lines = bench(*words, "--help").stdout.split("Commands:")[1].strip().splitlines()
        assert len(lines) >= 2
        assert [line for line in lines if line.endswith("...") or not line.endswith(".")] == []


def test_help_imports_no_torch() -> None:
    code = "import sys, bench, bench.cli.app; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_version_is_printed_at_once_and_alone() -> None:
    done = bench("--version")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"bench \d+\.\d+\.\d+\n", done.stdout)
    code = "import sys; sys.argv = ['bench', '--version']; from bench.cli.app import app; app(standalone_mode=False); "
    code += "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, stdout=subprocess.DEVNULL).returncode == 0


def test_run_prints_a_table_and_report_a_path(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    done = bench("run", "--method", f"{PLUGINS}:Grey", "--classifier", "robust_resnet152",
                 "--num-images", "20", "--no-controls", "--out", runs)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "grey" in done.stdout
    page = bench("report", "--runs", runs, "--out", tmp_path / "page.html")
    assert page.returncode == 0, page.stderr
    assert "grey" in (tmp_path / "page.html").read_text()


def test_json_is_alone_on_stdout_and_has_every_key_of_the_protocol(tmp_path: Path) -> None:
    done = bench("run", "--method", f"{PLUGINS}:Grey", "--classifier", "robust_resnet152",
                 "--num-images", "20", "--no-controls", "--json", "--out", tmp_path)  # fmt: skip
    record = json.loads(done.stdout)
    assert set(record) >= {
        "schema_version", "status", "reason", "method", "classifier", "dataset", "num_images", "seed", "access",
        "training", "stochastic", "protocol", "metrics", "cost", "weights", "recipe", "environment", "created",
    }  # fmt: skip
    assert set(record["metrics"]) == set(metrics())
    assert set(record["cost"]) >= {
        "invert_seconds", "seconds_per_image", "peak_memory_mb", "device", "parameters", "train_seconds",
    }  # fmt: skip
    assert record["protocol"]["fingerprint"]


def test_a_failed_cell_gives_status_1(tmp_path: Path) -> None:
    done = bench("run", "--method", f"{PLUGINS}:Broken", "--classifier", "robust_resnet152",
                 "--num-images", "5", "--no-controls", "--out", tmp_path)  # fmt: skip
    assert "no such luck" in paragraph(done, 1)


def test_an_interrupted_run_says_so_and_goes_on(tmp_path: Path) -> None:
    words = ["run", "--method", f"{PLUGINS}:Waiting", "--classifier", "robust_resnet152", "--num-images", "5",
             "--no-controls", "--json", "--out", str(tmp_path / "runs")]  # fmt: skip
    sign = tmp_path / "begun"
    process = subprocess.Popen(
        [*BENCH, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"WAIT": str(sign)},
    )
    deadline = time.monotonic() + 120
    while not sign.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    out, said = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert said.startswith("bench: Interrupted by SIGTERM. What is finished is kept.")
    assert len(said.splitlines()) == 1
    assert not list(tmp_path.rglob("*.tmp"))
    assert json.loads(bench(*words).stdout)["status"] == "complete"


def test_long_and_non_utf8_paths_work_to_the_page(tmp_path: Path) -> None:
    deep = tmp_path / os.fsdecode(b"caf\xe9") / "/".join(["d" * 120] * 2) / os.fsdecode(b"\xff class")
    deep.mkdir(parents=True)
    for k in range(3):
        Image.new("RGB", (32, 32), (k, 0, 0)).save(deep / os.fsdecode(b"\xfe%d.png" % k))
    runs = tmp_path / os.fsdecode(b"r\xfc")
    done = bench("run", "--method", f"{PLUGINS}:Grey", "--classifier", "robust_resnet152", "--dataset",
                 f"folder:{deep.parent}", "--no-controls", "--out", runs)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "is taken at 32 px, the input size of robust_resnet152" in done.stderr
    page = bench("report", "--runs", runs, "--out", tmp_path / os.fsdecode(b"p\xe4ge.html"))
    assert page.returncode == 0, page.stderr
    assert "grey" in (tmp_path / os.fsdecode(b"p\xe4ge.html")).read_text(encoding="utf-8")


def test_a_home_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    """A file in its place, which nobody may write into, root neither."""
    (tmp_path / "home").write_text("in the way")
    done = bench("data", "fetch", "fashion-mnist", "--from", tmp_path, BENCH_HOME=str(tmp_path / "home" / "bench"))
    text = paragraph(done, 1)
    assert "export BENCH_HOME=/path/to/folder" in text
    assert len(text.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["run", "--method", "biggan-logits", "--classifier", "resnet152"], "Did you mean 'biggan-logit'"),
        (["run", "--method", "biggan-logit", "--classifier", "resnet125"], "Did you mean"),
        (["run", "--method", "biggan-logit", "--classifier", "resnet152", "--dataset", "cifar"], "cifar10"),
        (["run", "--method", "biggan-logit", "--classifier", "resnet152", "--num-images", "20000"], "asks for more"),
        (["run", "--method", "nowhere.py:X", "--classifier", "resnet152"], "does not exist"),
        (["data", "fetch", "cifar11"], "cifar10"),
        (["train", "classifier", "resnet"], "resnet152"),
        (["train", "inverter", "biggan", "--classifier", "resnet152"], "biggan-logit"),
    ],
)
def test_wrong_usage_is_one_paragraph_and_status_2(words: list[str], hint: str, tmp_path: Path) -> None:
    done = bench(*words, *(["--out", str(tmp_path / "runs")] if words[0] == "run" else []))
    text = paragraph(done, 2)
    assert hint in text
    assert len(text.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_an_empty_folder_is_explained(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = bench("run", "--method", "biggan-logit", "--classifier", "resnet152",
                 "--dataset", f"folder:{tmp_path / 'empty'}", "--out", tmp_path / "runs")  # fmt: skip
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert str(tmp_path / "empty") in done.stderr
    assert not (tmp_path / "runs").exists()


def test_an_output_folder_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = bench("run", "--method", f"{PLUGINS}:Grey", "--classifier", "robust_resnet152",
                 "--num-images", "5", "--no-controls", "--out", tmp_path / "file" / "runs")  # fmt: skip
    assert "--out" in paragraph(done, 1)


def test_report_without_records_says_what_to_type(tmp_path: Path) -> None:
    assert "bench run --method" in bench("report", "--runs", tmp_path).stderr


def test_report_names_what_it_left_out(tmp_path: Path) -> None:
    from bench.store.files import write_atomically
    from bench.store.record import Record

    write_atomically(tmp_path / "runs" / "m" / "record.json", Record("m", "c", "cifar10", 10, 0).to_json().encode())
    (tmp_path / "runs" / "bad").mkdir()
    (tmp_path / "runs" / "bad" / "record.json").write_text('{"method": true}')
    for words in (("report", "--out", tmp_path / "r.html"), ("list", "runs")):
        done = bench(*words, "--runs", tmp_path / "runs")
        assert done.returncode == 0
        assert f"bench: left out {tmp_path / 'runs' / 'bad' / 'record.json'}: record lacks " in done.stderr
        assert "Traceback" not in done.stderr
    assert "<code>bad/record.json</code>: record lacks" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_report_compares_two_folders(tmp_path: Path) -> None:
    from bench.store.files import write_atomically
    from bench.store.record import Record

    record = Record("m", "c", "cifar10", 10, 0, key="k")
    for folder in ("before", "after"):
        write_atomically(tmp_path / folder / "m" / "record.json", record.to_json().encode())
    done = bench("report", "--compare", tmp_path / "before", tmp_path / "after", "--out", tmp_path / "two.html")
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "two.html") in done.stdout
    assert "m on c" in (tmp_path / "two.html").read_text()
    text = paragraph(bench("report", "--compare", tmp_path / "before", tmp_path / "gone"), 1)
    assert f"'{tmp_path / 'gone'}' was given, and there is no such folder" in text
    assert "bench run" in text
    assert len(text.strip().splitlines()) == 1


def test_own_images_and_own_classifier(tmp_path: Path) -> None:
    for name, colour in (("red", (200, 30, 30)), ("blue", (30, 30, 200))):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for k in range(3):
            Image.new("RGB", (50 + k, 40), colour).save(tmp_path / "photos" / name / f"{k}.jpg")
    (tmp_path / "mine.py").write_text(
        "import torch\n\ndef network():\n"
        "    torch.manual_seed(0)\n"
        "    return torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(3, 4))\n"
    )
    done = bench("run", "--method", f"{PLUGINS}:Noisy", "--classifier", f"{tmp_path / 'mine.py'}:network",
                 "--dataset", f"folder:{tmp_path / 'photos'}", "--out", tmp_path / "runs", "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["classifier"], record["num_images"]) == ("mine.network", 6)
    assert record["metrics"]["reid_class_judge"]["value"] is None
    assert record["metrics"]["logit_error"]["value"] > 0


def test_a_plugin_in_a_package_of_its_own_is_listed_and_runs(tmp_path: Path) -> None:
    package = tmp_path / "src"
    package.mkdir()
    shutil.copy(PLUGINS, package / "shades.py")
    (package / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "shades"\nversion = "1.2"\n'
        '[project.entry-points."bench.inverters"]\ngrey-shade = "shades:Grey"\n'
        '[tool.setuptools]\npy-modules = ["shades"]\n'
    )
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(tmp_path / "site"), str(package)], check=True, capture_output=True)
    path = {"PYTHONPATH": str(tmp_path / "site")}
    assert "grey-shade" in bench("list", "methods", **path).stdout
    done = bench("run", "--method", "grey-shade", "--classifier", "robust_resnet152", "--num-images", "5",
                 "--no-controls", "--json", "--out", tmp_path / "runs", **path)  # fmt: skip
    assert json.loads(done.stdout)["status"] == "complete", done.stderr


def test_a_closed_stdout_is_no_failure() -> None:
    done = subprocess.run(["sh", "-c", f"{sys.executable} -m bench --version >&-"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
