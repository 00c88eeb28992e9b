from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bench.store.record import Record, Score, read_records
from reports.analysis.groups import Entry, Group, group
from reports.analysis.ranks import Standings, standings
from reports.export.latex import chosen, latex, tex
from reports.words import glossary, text
from tests.reports.analysis.test_seeds import grouped, seeded
from tests.reports.synthetic import CONTROLS

EVIL = "a&b_%$#{}~^\\|<script>"


@pytest.fixture(scope="module")
def board(runs: Path) -> tuple[Group, Standings]:
    (only,) = group(Entry(record, directory) for record, directory in read_records(runs))
    return only, standings(only)


def rows(table: str) -> dict[str, list[str]]:
    """Cells by the first of their row."""
    body = table.split("\\toprule\n")[1].split("\\bottomrule")[0]
    lines = [line.removesuffix(" \\\\") for line in body.splitlines() if line.endswith("\\\\")]
    return {cells[0]: cells for cells in (line.split(" & ") for line in lines)}


def test_the_columns_are_those_of_the_first_screen_by_their_titles(board: tuple[Group, Standings]) -> None:
    found = rows(latex(*board))
    titles = [board[0].metric(key).title for key in chosen(board[0])]
    assert len(titles) == 5  # 60 images have no distance between sets
    heads = [
        re.sub(r"\\(begin|end)\{tabular\}(\[b\]\{@\{\}c@\{\}\})?| \$.*|[{}]", "", head) for head in found["Method"][2:]
    ]
    assert [head.replace(r" \\ ", " ") for head in heads] == [tex(title) for title in titles]
    assert max(len(line) for head in heads for line in head.split(r" \\ ")) <= 14


def test_what_methods_see_is_a_column_where_they_differ(board: tuple[Group, Standings]) -> None:
    alike = tuple(entry for entry in board[0].entries if entry.record.access in ("logits", "original"))
    one = dataclasses.replace(board[0], entries=alike)
    assert rows(latex(*board))["Method"][1] == "Sees"
    found = rows(latex(one, standings(one)))
    assert found["Method"][1].startswith("{LPIPS")
    assert len(found["biggan-logit"]) == len(found["Method"])


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex with siunitx: texlive-science")
def test_it_compiles_into_the_width_of_a_paper(board: tuple[Group, Standings], tmp_path: Path) -> None:
    table = latex(*board)
    packages = "\n".join(line.removeprefix("% ") for line in table.splitlines() if line.startswith("% "))
    head = f"\\documentclass{{article}}\n\\usepackage[textwidth=140mm]{{geometry}}\n{packages}\n\\begin{{document}}\n"
    (tmp_path / "paper.tex").write_text(f"{head}{table}\\end{{document}}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout


def test_numbers_are_the_records_as_siunitx_reads_them(board: tuple[Group, Standings]) -> None:
    found = rows(latex(*board))
    for entry in board[0].complete:
        for key, cell in zip(chosen(board[0]), found[entry.label][2:], strict=True):
            score = entry.record.metrics[key]
            assert cell.startswith("\\bfseries ") == (entry in board[1][key].leaders)
            if score.value is None:
                assert cell == "{---}"
                continue
            value, _, error = cell.removeprefix("\\bfseries ").rstrip(")").partition("(")
            digits = len(value.partition(".")[2])
            assert float(value) == pytest.approx(score.value, abs=0.51 * 10**-digits)
            half = (score.ci95[1] - score.ci95[0]) / 2 if score.ci95 else 0
            shown = float(error or 0) * (1 if "." in error else 10**-digits)
            assert shown == pytest.approx(half, abs=0.51 * 10**-digits)


def test_each_column_has_room_for_its_longest_number(board: tuple[Group, Standings]) -> None:
    table = latex(*board)
    kinds = re.findall(r"S\[table-format=(-?)(\d)\.(\d)(?:\((\d)\))?\]", table)
    assert len(kinds) == 5
    for column, (sign, whole, rest, _) in enumerate(kinds):
        for cells in rows(table).values():
            value = cells[2 + column].removeprefix("\\bfseries ").partition("(")[0] if len(cells) > 2 else ""
            if re.fullmatch(r"-?[\d.]+", value):
                assert value.startswith("-") <= (sign == "-")
                front, _, back = value.lstrip("-").partition(".")
                assert len(front) <= int(whole)
                assert len(back) <= int(rest)


def test_it_has_packages_caption_and_label(board: tuple[Group, Standings]) -> None:
    table = latex(*board)
    assert table.startswith("% \\usepackage{booktabs}\n% \\usepackage{siunitx}\n")
    assert "\\label{tab:robust-resnet152-cifar10-60}\n" in table
    caption = table.partition("\\caption{")[2].partition("\n")[0]
    assert caption.startswith(r"Reconstructions from the logits of robust\_resnet152 for 60 images of cifar10.")
    assert r"half of the 95 \% bootstrap interval" in caption
    assert "Bold: certainly better" in caption
    nobody = {key: dataclasses.replace(one, ranks={}) for key, one in board[1].items()}
    assert "Bold" not in latex(board[0], nobody)
    assert "\\bfseries 0" not in latex(board[0], nobody)


def test_names_are_escaped_and_what_is_lost_spans_the_metrics(records: list[Record]) -> None:
    score = Score(0.5, (0.4, 0.6), 40, None, False)
    record = dataclasses.replace(records[0], method=EVIL, kind="inverter", metrics={"lpips": score})
    failed = dataclasses.replace(record, method="gone", status="failed", reason=f"{EVIL}\n{EVIL}", metrics={})
    (only,) = group([Entry(record), Entry(failed)])
    table = latex(only, standings(only))
    escaped = r"a\&b\_\%\$\#\{\}\textasciitilde{}\textasciicircum{}\textbackslash{}|\textless{}script\textgreater{} &"
    assert escaped in table
    cells = [len(re.findall(r"(?<!\\)&", line)) for line in table.splitlines() if line.endswith("\\\\")]
    assert cells == [1, 1, 1]


def test_what_is_not_ranked_and_the_controls_have_a_heading(board: tuple[Group, Standings]) -> None:
    features, controls = glossary.BANDS[1:]
    names = [entry.label for entry in board[0].contenders]
    headed = ["Method", *names, features, "engstrom-features", controls, *CONTROLS, "chance"]
    found = [re.sub(r"\\multicolumn\{7\}\{l\}\{\\textit\{(.*)\}\}$", r"\1", name) for name in rows(latex(*board))]
    assert found == headed


def test_without_any_score_the_status_and_reason_are_kept(records: list[Record]) -> None:
    lost = dataclasses.replace(
        records[0], method="broken", kind="inverter", status="failed", reason="no memory", metrics={}
    )
    (only,) = group([Entry(lost)])
    found = rows(latex(only, standings(only)))
    assert found["Method"] == ["Method", "Status"]
    assert found["broken"][1] == r"\multicolumn{1}{l}{failed: no memory}"
    assert r"\begin{tabular}{ll}" in latex(only, standings(only))


def test_text_for_latex_stays_in_one_line() -> None:
    assert tex(f"50 %\n of\ta_b {text.MINUS}1") == r"50 \% of a\_b $-$1"


def test_a_row_of_several_seeds_has_their_deviation_below(records: list[Record]) -> None:
    found = grouped(seeded(records[0], 1.0, 0, 1), seeded(records[0], 1.4, 0, 2))
    table = latex(found, standings(found))
    assert [one for one in rows(table)["\\quad sd of 2 trainings"][1:] if one] == ["0.28"]
    assert "biggan-logit: Mean of 2 trainings (1 and 2)." in table
