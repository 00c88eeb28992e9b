from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.record import Record, read_records, write_atomically
from reports.readme import Sources, collect, main
from tests.reports.synthetic import write_cell

TEXT = """# Title

<!-- table:scores:begin -->
old
<!-- table:scores:end -->
between
<!-- table:classifiers:begin --><!-- table:classifiers:end -->
end
"""


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
    assert main(["--readme", str(readme), "--check"], sources) == 1
    assert readme.read_text() == TEXT
    assert "python -m reports.readme" in capsys.readouterr().err
    assert main(["--readme", str(readme)], sources) == 0
    assert main(["--readme", str(readme), "--check"], sources) == 0
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
    assert main(["--readme", str(readme)], Sources(tmp_path / "none", tmp_path / "none.json")) == 0
    assert "No records have been committed yet." in readme.read_text()
    assert "No classifier has been measured yet." in readme.read_text()


def test_probes_are_in_no_table(sources: Sources, records: list[Record], tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(TEXT)
    main(["--readme", str(readme)], sources)
    write_cell(tmp_path / "results", replace(records[0], probe="noise", key="noise-abc"), None, None)
    assert main(["--readme", str(readme), "--check"], sources) == 0


@pytest.mark.parametrize(
    "text", ["no markers", "<!-- table:scores:begin -->", "<!-- table:other:begin --><!-- table:other:end -->"]
)
def test_broken_markers_are_named(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(text)
    assert main(["--readme", str(readme)], Sources(tmp_path, tmp_path)) == 1
    assert "table:" in capsys.readouterr().err
    assert readme.read_text() == text
    assert main(["--readme", str(tmp_path / "none.md")]) == 1


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
