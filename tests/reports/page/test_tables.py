from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from bench.describe import metric_card
from bench.metrics.registry import metrics
from bench.store.record import Record, read_records
from reports.analysis.groups import Entry, group
from reports.analysis.images import is_right
from reports.page.tables import WIDTH, markdown_table, terminal_table
from tests.reports.analysis.test_seeds import grouped, seeded
from tests.reports.html_page import Page
from tests.reports.synthetic import CONTROLS, INVERTERS

TERMINAL_METRICS = [key for key in metrics() if "terminal" in metric_card(key).roles]


def bare(records: Iterable[Record]) -> list[Entry]:
    return [Entry(record) for record in records]


def test_terminal_table_fits_and_prints_the_records(records: list[Record]) -> None:
    table = terminal_table(bare(records))
    assert max(map(len, table.splitlines())) <= WIDTH
    by_method = {record.method: record for record in records}
    for method in CONTROLS:
        line = next(line for line in table.splitlines() if line.startswith(method))
        cells = line.split()[-len(TERMINAL_METRICS) :]
        for key, cell in zip(TERMINAL_METRICS, cells, strict=True):
            score = by_method[method].metrics[key]
            if score.value is None:
                assert cell == "—"
                continue
            value, _, half = cell.removesuffix(")").partition("(")
            digits = len(value.partition(".")[2])
            assert float(value.replace("−", "-")) == pytest.approx(score.value, abs=0.51 * 10**-digits)
            width = (score.ci95[1] - score.ci95[0]) / 2 if score.ci95 else 0
            assert len(half) == (2 if width else 0)
            assert int(half or 0) == pytest.approx(width * 10**digits, abs=0.51)


def test_terminal_tells_the_ranks_of_the_page(runs: Path, page: Page) -> None:
    """By the values beside the records: without them the same table has other words."""
    found = [Entry(record, folder) for record, folder in read_records(runs)]
    lines = " ".join(terminal_table(found).split())
    assert "paired differences" in lines
    assert "paired differences" not in " ".join(terminal_table([Entry(one.record) for one in found]).split())
    body = page.root.first("table", class_="scores").first("tbody")
    for key in ("lpips", "psnr", "reid_class_judge"):
        names: dict[str, list[str]] = {}
        for row in (row for row in body.all("tr") if row.all("td")):
            (cell,) = (one for one in row.all("td") if one.attributes.get("data-key") == key)
            rank = cell.first("span", class_="rank").text.removeprefix("rank ")
            names.setdefault(rank, []).append(row.first("span", class_="name").text)
        ordered = sorted(names.items(), key=lambda one: [int(place) for place in one[0].split("-")] * 2)
        line = "; ".join(f"{rank} {', '.join(members)}" for rank, members in ordered)
        assert re.search(rf"{key}\b[^:]*: {re.escape(line)}", lines)


def test_terminal_says_how_often_the_classifier_is_right(runs: Path) -> None:
    found = [Entry(record, folder) for record, folder in read_records(runs)]
    for one, table in ((one, terminal_table(one.entries)) for one in group(found)):
        right = is_right(one)
        if right is None:
            assert "their label" not in table
        else:
            assert (
                f"{one.classifier} gives {100 * right.mean():.1f} % of the {len(right)} originals their label." in table
            )


def test_terminal_rows_are_methods_then_controls_then_chance(records: list[Record]) -> None:
    lines = terminal_table(bare(records)).splitlines()
    starts = [next(i for i, line in enumerate(lines) if line.startswith(name)) for name in ("biggan", "oracle")]
    assert starts == sorted(starts)
    assert lines[starts[1] - 1] == ""
    assert lines[starts[1] + len(CONTROLS)].split() == ["chance", "0.100", "0.100", "0.0034"]


def test_terminal_says_why_something_is_missing(records: list[Record]) -> None:
    failed = dataclasses.replace(records[0], method="gone", status="failed", reason="out of memory " * 20, metrics={})
    table = terminal_table(bare([*records, failed]))
    assert "gone: failed: out of memory" in table
    assert "— fd_judge: Set-level scores need 2048 images" in table
    assert max(map(len, table.splitlines())) <= WIDTH
    assert "gone: failed" in terminal_table(bare([failed]))


def test_terminal_shows_the_metrics_that_were_asked_for(records: list[Record]) -> None:
    asked = ["fd_judge", "ssim"]
    table = terminal_table(bare(records), asked)
    assert "fd_judge" in table
    assert "ssim" in table
    assert "lpips" not in table
    many = terminal_table(bare(records), list(metrics()))
    assert max(map(len, many.splitlines())) <= WIDTH
    assert "— fd_judge: Set-level scores need 2048 images" in table


def test_long_names_keep_both_ends(records: list[Record]) -> None:
    names = ("some/where/far/away/my_inverter.py:First", "some/where/far/away/my_inverter.py:Second")
    table = terminal_table(bare(dataclasses.replace(records[0], method=name) for name in names))
    assert "First" in table
    assert "Second" in table
    assert max(map(len, table.splitlines())) <= WIDTH


def test_one_table_for_each_classifier(records: list[Record]) -> None:
    other = dataclasses.replace(records[0], classifier="resnet152")
    assert len(re.findall(r" on cifar10, ", terminal_table(bare([*records, other])))) == 2


def test_markdown_prints_values_with_intervals(records: list[Record]) -> None:
    lines = markdown_table(bare(records), ["lpips", "psnr"]).splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    assert rows[0] == ["method", "access", "training", "stochastic", "`lpips` ↓", "`psnr` ↑"]
    assert len(rows) == 2 + len(INVERTERS) + len(CONTROLS) + 1
    by_method = {record.method: record for record in records}
    for name, *_, lpips, _psnr in rows[2:-1]:
        score = by_method[name.strip("*")].metrics["lpips"]
        assert score.value is not None
        assert score.ci95 is not None
        numbers = [float(number) for number in re.findall(r"[\d.]+", lpips.partition(" (")[0])]
        assert numbers == pytest.approx([score.value, *score.ci95] if score.ci95[1] else [0], abs=0.0051)


def test_markdown_escapes_what_would_break_the_table(records: list[Record]) -> None:
    evil = dataclasses.replace(records[0], method="a|b<script>", kind="inverter")
    failed = dataclasses.replace(evil, method="x", status="failed", reason="a\n| b", metrics={})
    lines = markdown_table(bare([evil, failed]), list(metrics())[:3]).splitlines()
    cells = {line.count("|") for line in lines if line.startswith("|")}
    assert cells == {8}
    assert "a&#124;b&lt;script&gt;" in "\n".join(lines)


def test_what_holds_of_one_table_alone_stands_below_it(runs: Path) -> None:
    """A table with pairs, one without: neither is given the other's ground."""
    entries = [Entry(record, folder) for record, folder in read_records(runs)]
    without = [Entry(dataclasses.replace(entry.record, classifier="resnet152")) for entry in entries]
    printed = markdown_table([*entries, *without], ["lpips", "diversity"])
    blocks = {block.split("**")[1]: block for block in re.split(r"(?=^\*\*)", printed, flags=re.MULTILINE) if block}
    with_pairs, alone = blocks["robust_resnet152"], blocks["resnet152"]
    assert "Certainly: by paired differences, p &lt; 0.05" in with_pairs
    assert "Certainly: by 95 % intervals that do not touch (not paired)." in alone
    shared = "diversity: no rank: no direction is better in itself."
    assert printed.count(shared) == 1
    last = max(with_pairs, alone, key=printed.index)
    assert shared in last
    for ground in ("paired differences", "do not touch"):
        assert (ground in with_pairs) != (ground in alone)
    one = markdown_table(entries, ["lpips", "diversity"]).splitlines()[-1]
    assert one.startswith("In parentheses: the rank;")
    assert one.endswith(shared)


def test_several_seeds_are_one_line_and_a_note(records: list[Record]) -> None:
    found = grouped(seeded(records[0], 1.0, 0, 1), seeded(records[0], 1.4, 0, 2))
    cells = [one for row in found.entries for one in row.cells]
    table = terminal_table([Entry(one.record) for one in cells])
    assert "1.20(20)" in table
    assert "biggan-logit: Mean of 2 trainings (1 and 2). sd of 2 trainings: lpips 0.28." in table
    assert "| sd of 2 trainings |  |  |  | 0.28 |" in markdown_table([Entry(one.record) for one in cells], ["lpips"])
