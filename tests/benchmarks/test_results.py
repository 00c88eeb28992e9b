"""The table of requirements: medians, verdicts, what is kept, and rows that fail alone."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks import __main__ as command
from tests.benchmarks import measure, results, scoring, startup
from tests.benchmarks.measure import Measured

MADE = {"median": 2.5, "low": 2.0, "high": 3.0, "pairs": 5, "machine": "a machine", "date": "2026-01-02", "details": {}}


def cells(table: str, word: str) -> list[str]:
    (line,) = [line for line in table.splitlines() if line.startswith(f"| {word}")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_table_has_a_row_for_each_requirement_and_says_which_are_reached() -> None:
    rows = {"scoring": MADE, "feed-forward": MADE | {"median": 1.79}, "help": MADE | {"median": 0.3}}
    table = results.markdown(rows)
    assert cells(table, "full scoring")[2:] == ["at least 2x", "2.50x", "2.00 to 3.00", "5", "reached"]
    assert cells(table, "feed-forward")[2:4] + cells(table, "feed-forward")[6:] == [
        "at least 1.8x", "1.79x", "not reached",
    ]  # fmt: skip
    assert cells(table, "`bench --help`")[2:4] == ["under 0.3 s", "0.300 s"]
    assert cells(table, "`bench --help`")[6] == "not reached"  # under means under
    assert cells(table, "cost of an image")[6] == "not measured"
    assert table.count("\n| ") + 1 == 2 + len(results.REQUIREMENTS)
    assert table.endswith("Measured on: a machine, 2026-01-02.\n")


def test_at_most_holds_at_the_bound_and_not_beyond() -> None:
    requirement = results.REQUIREMENTS["scaling-cost"]
    assert requirement.reached(1.05)
    assert not requirement.reached(1.051)


def test_an_entry_has_the_median_and_the_spread_of_the_pairs() -> None:
    found = results.entry(Measured((3.0, 1.0, 2.5, 2.0, 9.0), {"seconds": 1.0}))
    assert (found["median"], found["low"], found["high"], found["pairs"]) == (2.5, 1.0, 9.0, 5)
    assert "cores" in found["machine"]


def test_rows_are_kept_beside_those_measured_before(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    results.write({"help": MADE}, path)
    results.write({"scoring": MADE, "help": MADE | {"median": 0.1}}, path)
    kept = json.loads(path.read_text())
    assert list(kept) == ["scoring", "help"]
    assert kept["help"]["median"] == 0.1


def test_pairs_alternate_and_the_first_call_does_not_count() -> None:
    calls: list[str] = []
    timed = measure.by_turns(lambda: calls.append("ours"), lambda: calls.append("plain"), 3)
    assert calls == ["ours", "plain", "ours", "plain", "plain", "ours", "ours", "plain"]
    assert len(timed) == 3
    assert measure.times_faster([(2.0, 6.0), (1.0, 2.0)]).values == (3.0, 2.0)


def test_a_row_that_fails_is_said_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(quick: bool) -> Iterator[tuple[str, Measured]]:
        raise ValueError("no such luck")

    def fine(quick: bool) -> Iterator[tuple[str, Measured]]:
        yield "scoring", Measured((2.5,))

    monkeypatch.setattr(startup, "measure", broken)
    monkeypatch.setattr(scoring, "measure", fine)
    monkeypatch.setattr(command, "ROWS", {"startup": "startup", "scoring": "scoring"})
    out = tmp_path / "results.json"
    assert command.main(["--out", str(out)]) == 1
    said = capsys.readouterr()
    assert "startup could not be measured: ValueError: no such luck" in said.err
    assert "scoring: 2.5 x" in said.out
    assert list(json.loads(out.read_text())) == ["scoring"]
    assert command.main(["--table", "--out", str(out)]) == 0
    assert "2.50x" in capsys.readouterr().out


SLOW = ("training-step", "scoring", "feed-forward")


@pytest.mark.networks
@pytest.mark.processes
@pytest.mark.parametrize("row", [pytest.param(row, marks=pytest.mark.slow) for row in (*SLOW, "startup")])
def test_a_quick_round_measures_and_keeps_nothing(row: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = results.read()
    assert command.main(["--quick", "--only", row]) == 0
    assert (f"{row}: " if row != "startup" else "finished-cell: ") in capsys.readouterr().out
    assert results.read() == before


def test_reading_weights_again_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "loaded", lambda words: {"status": 0, "weights": True, "torch": True})
    monkeypatch.setattr(startup, "call", lambda *words: None)
    with pytest.raises(RuntimeError, match="read no weights"):
        startup.finished_cell(1)


@pytest.mark.processes
def test_a_listing_reads_no_weights_and_opening_one_does() -> None:
    assert startup.loaded(["list", "methods"])["weights"] is False
    code = startup.LOADED.replace("cli.main()", "__import__('bench').load_classifier('judge') and 0")
    assert code != startup.LOADED
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1])["weights"] is True


@pytest.mark.processes
def test_the_peak_is_of_the_program_and_not_of_the_one_that_started_it() -> None:
    held = bytearray(300 * 2**20)  # this process is larger than the one that it starts
    held[:: 2**12] = b"x" * len(held[:: 2**12])
    code = "from bench.environment import _peak_resident_mb as peak; before = peak(); b = bytearray(100 * 2**20); "
    code += "b[::4096] = b'x' * len(b[::4096]); print(before, peak() - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, more = map(float, done.stdout.split())
    assert before < 250
    assert 90 < more < 130
