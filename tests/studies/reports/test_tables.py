from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.store.files import sha256_of_file, write_atomically
from bench.store.intact import intact
from bench.store.record import Record, read_records
from reports.analysis.claims import board
from reports.analysis.claims.reduced import is_read
from reports.analysis.groups import Entry
from studies.reports.tables import Sources, collect, main
from tests.reports.analysis.claims.world import DECODER, GAN, Cell, R, World, run_cell, small_subsets
from tests.reports.synthetic import write_cell

TEXT = """# Title

<!-- table:scores:begin -->
old
<!-- table:scores:end -->
<!-- table:few:begin --><!-- table:few:end -->
between
<!-- table:classifiers:begin --><!-- table:classifiers:end -->
end
"""


@pytest.fixture(scope="module", autouse=True)
def subsets() -> Iterator[None]:
    with small_subsets():
        yield


@pytest.fixture
def sources(records: list[Record], tmp_path: Path) -> Sources:
    for record in records:
        write_cell(tmp_path / "results", record, None, None)
    measured = {"train_accuracy": 0.9, "val_accuracy": 0.85, "test_accuracy": 0.8437, "test_margin": -1.5}
    manifest = {
        "resnet152": {"measured": measured, "parameters": 3_670_000, "command": "bench train classifier resnet152"},
        "robust_resnet152": {"measured": measured | {"test_pgd20": 0.421}},
        "lpips_alex": {"file": "x"},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return Sources(tmp_path / "results", tmp_path / "manifest.json")


def test_writes_checks_and_notices_a_change(
    sources: Sources, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(TEXT)
    assert main(["--file", str(readme), "--check"], sources) == 1
    assert readme.read_text() == TEXT
    assert "python -m studies.reports.tables" in capsys.readouterr().err
    assert main(["--file", str(readme)], sources) == 0
    assert main(["--file", str(readme), "--check"], sources) == 0
    new = readme.read_text()
    assert new.startswith("# Title\n")
    assert "between" in new
    assert new.endswith("end\n")
    assert "old" not in new.split("between")[0].splitlines()
    assert "| *oracle* | original |" in new
    row = "| `resnet152` | 90.0 % | 85.0 % | 84.4 % | — | −1.50 | 3,670,000 | `bench train classifier resnet152` |"
    assert row in new
    assert "| `robust_resnet152` | 90.0 % | 85.0 % | 84.4 % | 42.1 % |" in new
    assert "lpips_alex" not in new


def test_empty_results_say_so(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(TEXT)
    assert main(["--file", str(readme)], Sources(tmp_path / "none", tmp_path / "none.json")) == 0
    assert "No records have been committed yet." in readme.read_text()
    assert "No classifier has been measured yet." in readme.read_text()


def test_small_runs_stand_apart(sources: Sources, records: list[Record], tmp_path: Path) -> None:
    large = replace(records[0], method="large", num_images=2_500, key="large")
    write_cell(tmp_path / "results", large, None, None)
    readme = tmp_path / "README.md"
    readme.write_text(TEXT)
    main(["--file", str(readme)], sources)
    scores, few = readme.read_text().split("<!-- table:few:begin -->")
    assert "| large |" in scores
    assert "| large |" not in few
    assert records[1].method in few
    assert records[1].method not in scores


def test_probes_are_in_no_table(sources: Sources, records: list[Record], tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(TEXT)
    main(["--file", str(readme)], sources)
    write_cell(tmp_path / "results", replace(records[0], probe="noise", key="noise-abc"), None, None)
    assert main(["--file", str(readme), "--check"], sources) == 0


@pytest.mark.parametrize(
    "text", ["no markers", "<!-- table:scores:begin -->", "<!-- table:other:begin --><!-- table:other:end -->"]
)
def test_broken_markers_are_named(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(text)
    assert main(["--file", str(readme)], Sources(tmp_path, tmp_path)) == 1
    assert "table:" in capsys.readouterr().err
    assert readme.read_text() == text
    assert main(["--file", str(tmp_path / "none.md")]) == 1


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs on which every claim holds, and what no claim asks for."""
    runs, world = tmp_path_factory.mktemp("world"), World()
    world.entries(runs)
    others = (
        replace(world[GAN, R, "noise"].record, probe="iterate"),
        replace(world[GAN, R, "noise"].record, num_images=250),
        replace(world[DECODER, R, ""].record, method="dosovitskiy-brox-2016b"),
    )
    for k, record in enumerate(others):
        Cell(replace(record, key=f"other-{k}"), world[GAN, R, ""].columns).entry(runs)
    return runs


def test_claims_are_the_same_from_what_is_committed(world: Path, tmp_path: Path) -> None:
    collect(world, tmp_path)
    full, reduced = (board([Entry(*found) for found in read_records(folder)]) for folder in (world, tmp_path))
    assert full == reduced
    assert dict(full.totals) == {"holds": "35", "does not hold": "0", "not decided": "0"}
    assert dict(full.own) == {"holds": "1", "does not hold": "0", "not decided": "0"}
    readme = tmp_path / "README.md"
    readme.write_text("<!-- table:claims:begin --><!-- table:claims:end -->")
    assert main(["--file", str(readme)], Sources(tmp_path, tmp_path / "none.json")) == 0
    assert readme.read_text().count("| ✓ holds | ✓ holds |") == 36


def test_collect_keeps_every_score_of_every_image_and_the_probes_that_the_rules_read(
    world: Path, tmp_path: Path
) -> None:
    collect(world, tmp_path)
    place = tmp_path / "cifar10" / R
    columns = {path.parent.name: pq.read_table(path) for path in place.glob("*/per_image.parquet")}
    for record, folder in read_records(world):
        if record.classifier == R and (record.probe is None or is_read(record)):
            full = pq.read_table(folder / "per_image.parquet")
            name = "-".join(filter(None, (record.method, record.probe, str(record.num_images))))
            assert columns[name].column_names == full.column_names
            assert columns[name].num_rows == full.num_rows
    assert columns["biggan-logit-500"]["reid_class_judge"].type == pa.bool_()
    assert columns["biggan-logit-500"]["lpips"].type == pa.float32()
    assert {path.parent.name for path in place.glob("*/record.json")} == columns.keys()
    assert "dosovitskiy-brox-2016b-500" in columns
    assert not any("iterate" in name for name in columns)
    assert "biggan-logit-noise-250" not in columns  # too few for the rules


def test_reduced_values_have_their_own_digest(world: Path, tmp_path: Path) -> None:
    for record, folder in read_records(shutil.copytree(world, tmp_path / "world")):
        digests = {"reconstructions.npy": "ab"}
        if (folder / "per_image.parquet").exists():
            digests |= {"per_image.parquet": sha256_of_file(folder / "per_image.parquet")}
        write_atomically(folder / "record.json", replace(record, digests=digests).to_json().encode())
    collect(tmp_path / "world", tmp_path / "results")
    collected = read_records(tmp_path / "results")
    kept = [(record, place) for record, place in collected if (place / "per_image.parquet").exists()]
    assert kept
    assert all(intact(record, place / "per_image.parquet") is None for record, place in kept)
    assert all(set(record.digests) == {"per_image.parquet", "reconstructions.npy"} for record, _ in kept)
    assert all("per_image.parquet" not in record.digests for record, place in collected if (record, place) not in kept)


def test_collect_writes_the_same_bytes_again_and_forgets_old_values(world: Path, tmp_path: Path) -> None:
    collect(world, tmp_path)
    first = {path: path.read_bytes() for path in tmp_path.glob("**/*.*")}
    collect(world, tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.glob("**/*.*")} == first
    bare = replace(World()[GAN, R, ""].record, created="2027-01-01T00:00:00+00:00", key="later")
    Cell(bare, {}).entry(tmp_path / "runs")
    collect(tmp_path / "runs", tmp_path)
    place = tmp_path / "cifar10" / R / "biggan-logit-500"
    assert not (place / "per_image.parquet").exists()
    assert Record.from_json((place / "record.json").read_text()).key == "later"


def test_the_values_of_a_cell_take_less_than_100_kb(tmp_path: Path) -> None:
    cell = run_cell(GAN, R, 2_500)
    cell.entry(tmp_path / "runs")
    collect(tmp_path / "runs", tmp_path / "results")
    (path,) = (tmp_path / "results").glob("**/per_image.parquet")
    assert path.stat().st_size < 100_000


def test_of_two_records_for_one_place_seed_0_is_kept_then_the_newest(tmp_path: Path) -> None:
    traits = ((0, "2026-01-01"), (0, "2026-01-03"), (0, "2026-01-02"), (1, "2026-01-04"))
    for k, (seed, created) in enumerate(traits):
        record = Record("m", "c", "cifar10", 10, seed, key=f"k{k}", created=created)
        write_atomically(tmp_path / "runs" / record.key / "record.json", record.to_json().encode())
    collect(tmp_path / "runs", tmp_path / "results")
    assert [record.key for record, _ in read_records(tmp_path / "results")] == ["k1"]


def test_trainings_by_other_seeds_lie_beside_the_first(tmp_path: Path) -> None:
    for seed in (1, 3):
        record = Record("m", "c", "cifar10", 10, 0, recipe={"seed": seed}, key=f"k{seed}")
        write_atomically(tmp_path / "runs" / record.key / "record.json", record.to_json().encode())
    collect(tmp_path / "runs", tmp_path / "results")
    assert sorted(path.name for _, path in read_records(tmp_path / "results")) == ["m-10", "m-training-3-10"]


def test_presets_lie_side_by_side(tmp_path: Path) -> None:
    for preset in ("fast", "paper"):
        record = Record("m", "c", "cifar10", 10, 0, preset=preset, key=preset)
        write_atomically(tmp_path / "runs" / record.key / "record.json", record.to_json().encode())
    collect(tmp_path / "runs", tmp_path / "results")
    assert sorted(path.name for _, path in read_records(tmp_path / "results")) == ["m-10", "m-paper-10"]


def test_collect_copies_complete_records_alone(tmp_path: Path) -> None:
    done = Record("m", "c", "cifar10", 10, 0, key="k")
    others = (
        replace(done, method="other", status="failed", reason="x"),
        replace(done, dataset="folder:a"),
        replace(done, method="asked", probe="noise"),
    )
    for record in (done, *others):
        write_atomically(tmp_path / "runs" / record.dataset / record.method / "record.json", record.to_json().encode())
    collect(tmp_path / "runs", tmp_path / "results")
    assert [path for _, path in read_records(tmp_path / "results")] == [tmp_path / "results/cifar10/c/m-10"]
