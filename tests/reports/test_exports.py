from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from bench.record import Record, Score, read_records
from reports.exports import latex, markdown, tex
from reports.groups import Entry, Group, group
from reports.scores import Winners, winners

EVIL = "a&b_%$#{}~^\\|<script>"


@pytest.fixture(scope="module")
def board(runs: Path) -> tuple[Group, Winners]:
    (only,) = group(Entry(record, directory) for record, directory in read_records(runs))
    return only, winners(only)


def rows(table: str) -> dict[str, list[str]]:
    """LaTeX rows by method: their cells without markup."""
    body = table.split("\\toprule\n")[1].split("\\bottomrule")[0]
    lines = [line.removesuffix(" \\\\") for line in body.splitlines() if line.endswith("\\\\")]
    bare = [re.sub(r"\\text(?:it|bf)\{([^}]*)\}", r"\1", line) for line in lines]
    return {cells[0]: cells for cells in (line.split(" & ") for line in bare)}


def test_latex_holds_the_records_numbers(board: tuple[Group, Winners]) -> None:
    found = rows(latex(*board))
    keys = [re.sub(r" \$.*", "", head).replace("\\_", "_") for head in found["method"][3:]]
    assert "lpips" in keys
    assert "fd_judge" not in keys  # nobody has a value at this N
    for entry in board[0].complete:
        for key, cell in zip(keys, found[entry.label][3:], strict=True):
            score = entry.record.metrics[key]
            value, _, half = cell.replace("$-$", "-").partition(" {\\scriptsize $\\pm$")
            if score.value is None:
                assert value == "---"
                continue
            digits = len(value.partition(".")[2])
            assert float(value) == pytest.approx(score.value, abs=0.51 * 10**-digits)
            if score.ci95:
                assert float(half.removesuffix("}")) == pytest.approx(
                    (score.ci95[1] - score.ci95[0]) / 2, abs=0.51 * 10**-digits
                )


def test_the_best_are_bold_where_a_paired_difference_says_so(board: tuple[Group, Winners]) -> None:
    only, found = board
    shown = [key for key, entry in found.items() if entry is not None and key in ("lpips", "psnr", "ssim")]
    assert shown
    for key in shown:
        entry = found[key]
        assert entry is not None
        value = f"{entry.record.metrics[key].value:.{2 if key == 'psnr' else 3}f}"
        assert rf"\textbf{{{value}}}" in latex(only, found)
        assert f"**{value}**" in markdown(only, found)
    assert "\\textbf" not in latex(only, {})
    assert "**" not in markdown(only, {})


def test_names_are_escaped_in_both(records: list[Record]) -> None:
    score = Score(0.5, (0.4, 0.6), 40, None, False)
    record = dataclasses.replace(records[0], method=EVIL, kind="inverter", metrics={"lpips": score})
    failed = dataclasses.replace(record, method="gone", status="failed", reason=f"{EVIL}\n{EVIL}", metrics={})
    (only,) = group([Entry(record), Entry(failed)])
    table = latex(only, {})
    assert (
        r"a\&b\_\%\$\#\{\}\textasciitilde{}\textasciicircum{}\textbackslash{}|\textless{}script\textgreater{} &"
        in table
    )
    cells = [len(re.findall(r"(?<!\\)&", line)) for line in table.splitlines() if line.endswith("\\\\")]
    assert cells == [3, 3, 3]  # head, row, and the reason across all metrics
    pipes = {len(re.findall(r"(?<!\\)\|", line)) for line in markdown(only, {}).splitlines() if line.startswith("|")}
    assert pipes == {5}
    assert "<script>" not in re.sub(r"\\[<>]", "", markdown(only, {}))


def test_text_for_latex_stays_in_one_line() -> None:
    assert tex("50 %\n of\ta_b −1") == r"50 \% of a\_b $-$1"
