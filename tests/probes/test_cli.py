"""``bench probe`` as a user meets it."""

import json
from pathlib import Path

import pytest

from tests.cli.test_app import bench, paragraph
from tests.probes.conftest import TINY

pytestmark = pytest.mark.processes

DECODE = ("--method", f"{TINY}:Decode", "--classifier", f"{TINY}:tiles", "--num-images", "3", "--device", "cpu")


def test_a_wrong_kind_is_one_paragraph_and_status_2(tmp_path: Path) -> None:
    text = paragraph(bench("probe", "noises", *DECODE, "--out", tmp_path / "runs"), 2)
    assert "Did you mean 'noise'" in text
    assert len(text.strip().splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_json_is_alone_on_stdout_and_a_second_call_reads_the_record(tmp_path: Path) -> None:
    done = bench("probe", "shift", *DECODE, "--json", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["probe"], record["status"], record["num_images"]) == ("shift", "complete", 3)
    assert [level["name"] for level in record["levels"]][2] == "shift 0"
    assert set(record["levels"][0]) == {"name", "value", "metrics"}
    (path,) = tmp_path.glob("**/record.json")
    path.write_text(path.read_text().replace('"note": "spread', '"note": "read again: spread'))
    again = bench("probe", "shift", *DECODE, "--out", tmp_path)
    assert again.returncode == 0, again.stderr
    assert "read again: spread" in again.stdout
    assert "What does a constant added to all logits change?" in again.stdout
    assert "lpips_neutral" in again.stdout


def test_two_methods_give_a_list_and_a_failure_status_1(tmp_path: Path) -> None:
    done = bench("probe", "shift", *DECODE, "--method", f"{TINY}:Broken", "--json", "--out", tmp_path)
    assert done.returncode == 1
    assert [record["status"] for record in json.loads(done.stdout)] == ["complete", "failed"]


def test_list_probes_asks_the_questions(tmp_path: Path) -> None:
    rows = {row["name"]: row for row in json.loads(bench("list", "probes", "--json").stdout)}
    assert rows["noise"]["question"] == "What does the noise change while the logits stay?"
    assert rows["noise"]["object"] == "bench.probes.noise:Noise"
