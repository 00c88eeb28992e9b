"""Every score in two precisions: what it may move, what moved too far, whose rank changed."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from bench.store.files import write_atomically
from bench.store.record import Record, Score
from reports.analysis.groups import Entry
from studies.precision.trained import Moved, entries, half_of, main, markdown, moved, ranks_changed

LPIPS = Score(0.5, (0.4, 0.6), 100, higher_is_better=False)
FD = Score(12.0, None, 100, higher_is_better=False)


def write(runs: Path, method: str = "a", lpips: float = 0.5, fd: float = 12.0, **more: object) -> Path:
    width = 0.1
    metrics = {
        "lpips": replace(LPIPS, value=lpips, ci95=(lpips - width, lpips + width)),
        "fd_judge": replace(FD, value=fd),
    }
    record = replace(Record(method, "c", "cifar10", 100, 0, key="k", metrics=metrics), **more)  # type: ignore[arg-type]
    write_atomically(runs / "cifar10" / "c" / method / "k" / "record.json", record.to_json().encode())
    return runs


def test_half_an_interval_or_the_standard_error_of_subsets() -> None:
    assert half_of(LPIPS) == pytest.approx(0.1)
    subsets = tuple(float(k) for k in range(100))
    assert half_of(Score(1.0, None, 100, std=0.5, subsets=subsets)) == pytest.approx(1.96 * 0.5 / math.sqrt(100))
    assert half_of(FD) is None


def test_a_change_is_told_as_a_share_of_what_it_may_be() -> None:
    assert Moved("c", "m", "k", 0.5, 0.52, 0.1).share == pytest.approx(0.2)
    assert Moved("c", "m", "k", 0.5, 0.52, None).share is None


def test_only_what_has_a_value_in_both_has_moved(tmp_path: Path) -> None:
    exact, fast = entries(write(tmp_path / "a")), entries(write(tmp_path / "b", lpips=0.505))
    assert [(one.key, one.exact, one.fast) for one in moved(exact, fast)] == [
        ("lpips", 0.5, 0.505),
        ("fd_judge", 12.0, 12.0),
    ]
    null = {"lpips": Score(None, note="x"), "fd_judge": FD}
    lacking = entries(write(tmp_path / "c", metrics=null))
    assert [one.key for one in moved(exact, lacking)] == ["fd_judge"]


def test_failed_cells_are_no_entries(tmp_path: Path) -> None:
    assert entries(write(write(tmp_path), "b", status="failed")).keys() == {("c", "a")}


def test_a_method_that_changes_places_is_named(tmp_path: Path) -> None:
    exact = entries(write(write(tmp_path / "a", "m", 0.2), "n", 0.8))
    assert ranks_changed(exact, exact) == []
    fast = entries(write(write(tmp_path / "b", "m", 0.8), "n", 0.2))
    assert ranks_changed(exact, fast) == ["c, m, lpips: 1 and 2", "c, n, lpips: 2 and 1"]


@pytest.mark.parametrize(("lpips", "status", "far"), [(0.509, 0, 0), (0.511, 1, 1)])
def test_a_tenth_of_half_the_interval_is_the_limit(
    lpips: float, status: int, far: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exact, fast = write(tmp_path / "a"), write(tmp_path / "b", lpips=lpips, fd=13.0)
    assert main([str(exact), str(fast)]) == status
    printed = capsys.readouterr().out
    assert f"{far} of 1 scores moved by more than a tenth of half their interval." in printed
    assert f"| c | `a` | `lpips` | 0.5 | {lpips} | {(lpips - 0.5) / 0.1:.3f} |" in printed
    assert "| c | `a` | `fd_judge` | 12 | 13 |" in printed  # it has no interval: its change stands beside its value
    assert "0 ranks changed." in printed


def test_folders_of_different_cells_are_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exact, fast = write(tmp_path / "a"), write(write(tmp_path / "b"), "more")
    with pytest.raises(SystemExit):
        main([str(exact), str(fast)])
    assert "hold different cells: [('c', 'more')]" in capsys.readouterr().err


def test_a_record_is_read_with_its_folder(tmp_path: Path) -> None:
    (entry,) = entries(write(tmp_path)).values()
    assert isinstance(entry, Entry)
    assert entry.directory == tmp_path / "cifar10" / "c" / "a" / "k"
    assert "score that moved most" in markdown({("c", "a"): entry}, {("c", "a"): entry})
