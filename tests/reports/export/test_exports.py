from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from bench.store.record import Record, Score, read_records
from reports.analysis.groups import Entry, Group, group
from reports.analysis.ranks import Standings, standings
from reports.export.exports import markdown
from reports.words import glossary, text
from tests.reports.analysis.test_seeds import grouped, seeded
from tests.reports.synthetic import CONTROLS

EVIL = "a&b_%$#{}~^\\|<script>"


@pytest.fixture(scope="module")
def board(runs: Path) -> tuple[Group, Standings]:
    (only,) = group(Entry(record, directory) for record, directory in read_records(runs))
    return only, standings(only)


def markdown_rows(table: str) -> list[list[str]]:
    """Cells of each line of the table, the head and its rule among them."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def cell(record: Record, method: str, **others: Any) -> Entry:
    """A record with another name, of an inverter unless told otherwise."""
    return Entry(dataclasses.replace(record, method=method, **({"kind": "inverter"} | others)))


def test_who_leads_is_bold_and_ranks_stand_beside(board: tuple[Group, Standings]) -> None:
    only, found = board
    leads = [(key, entry) for key in ("lpips", "psnr", "ssim") for entry in found[key].leaders]
    assert leads
    for key, entry in leads:
        score = entry.record.metrics[key]
        assert score.value is not None
        value, half = text.number(entry.metric(key), score.value, score.ci95), text.half_width(score.ci95)
        assert f"**{value}**±{half} (1)" in markdown(only, found)
    nobody = {key: dataclasses.replace(one, ranks={}) for key, one in found.items()}
    assert "**" not in markdown(only, nobody)


def test_the_caption_tells_what_has_no_rank_and_why(board: tuple[Group, Standings], records: list[Record]) -> None:
    for table in (markdown(*board),):
        assert "Certainly: by paired differences, p" in table
        assert "diversity: no rank: no direction is better in itself." in table
    bare = [Entry(record) for record in records]
    (only,) = group(bare)
    for table in (markdown(only, standings(only)),):
        assert "intervals that do not touch (not paired)" in table
        assert "paired differences" not in table


def test_names_are_escaped(records: list[Record]) -> None:
    score = Score(0.5, (0.4, 0.6), 40, None, False)
    record = dataclasses.replace(records[0], method=EVIL, kind="inverter", metrics={"lpips": score})
    failed = dataclasses.replace(record, method="gone", status="failed", reason=f"{EVIL}\n{EVIL}", metrics={})
    (only,) = group([Entry(record), Entry(failed)])
    pipes = {
        len(re.findall(r"(?<!\\)\|", line))
        for line in markdown(only, standings(only)).splitlines()
        if line.startswith("|")
    }
    assert pipes == {5}
    assert "<script>" not in re.sub(r"\\[<>]", "", markdown(only, standings(only)))


def test_the_caption_promises_intervals_only_where_there_are_some(records: list[Record]) -> None:
    mean, distance = Score(0.5, (0.4, 0.6), 40, None, False), Score(12.5, None, 2_500, None, False)
    told = {}
    for name, metrics in {"image": {"lpips": mean}, "set": {"fd_judge": distance, "fid": distance}}.items():
        (only,) = group([cell(records[0], "m", metrics=metrics)])
        told[name] = (markdown(only, standings(only)),)
    for tables, others in zip(told["image"], told["set"], strict=True):
        assert "means with half of their 95 % bootstrap interval" in tables
        assert "Distances" not in tables
        assert "means with half" not in others
        assert "Distances between sets of images (fid and fd_judge) are one number each" in others


def test_the_caption_calls_no_mean_over_subsets_one_number(records: list[Record]) -> None:
    distance = Score(12.5, None, 2_500, None, False)
    subsets = tuple(k / 100 for k in range(100))
    kernel = Score(0.495, None, 2_500, None, False, None, 0.1, subsets)
    metrics = {"fd_judge": distance, "kid_efficientnet_lite0": kernel}
    (only,) = group([cell(records[0], name, metrics=metrics, num_images=2_500) for name in "ab"])
    for table in (markdown(only, standings(only)),):
        assert "Distances between sets of images (fd_judge) are one number each" in table
        assert (
            "Kernel distances between sets of images (kid_efficientnet_lite0) are means over 100 shared subsets and "
            "have no such interval." in table
        )
        assert standings(only)["kid_efficientnet_lite0"].ranks


def test_what_is_not_ranked_and_the_controls_have_a_heading(board: tuple[Group, Standings]) -> None:
    features, controls = glossary.BANDS[1:]
    names = [entry.label for entry in board[0].contenders]
    headed = ["method", *names, features, "engstrom-features", controls, *CONTROLS, "chance"]
    lines = markdown_rows(markdown(*board))
    assert [line[0].strip("*") for line in lines if line[0] != "---"] == headed
    assert len({len(line) for line in lines}) == 1
    (alone,) = group(Entry(entry.record) for entry in board[0].contenders)
    assert not any(title in markdown(alone, standings(alone)) for title in glossary.BANDS)


def test_chance_stands_in_a_row_where_records_agree(records: list[Record]) -> None:
    def scores(agreed: float | None, other: float | None) -> dict[str, Score]:
        return {
            "lpips": Score(0.5),
            "reid_class_judge": Score(0.5, chance=agreed),
            "reid_within_class_judge_mrr": Score(0.5, chance=other),
        }

    (only,) = group([cell(records[0], f"m{k}", metrics=scores(0.1, 0.02 * (k + 1))) for k in range(2)])
    assert markdown_rows(markdown(only, standings(only)))[-1] == ["chance", "", "", "", "0.100", ""]
    (none,) = group([cell(records[0], "m", metrics=scores(None, None))])
    assert "chance" not in markdown(none, standings(none))


def test_without_any_score_the_status_and_reason_are_kept(records: list[Record]) -> None:
    lost = {"metrics": {}, "access": "logits", "training": "none"}
    (only,) = group(
        [
            cell(records[0], "broken", status="failed", reason="out of memory", **lost),
            cell(records[0], "left-out", status="skipped", reason=None, **lost),
        ]
    )
    assert markdown_rows(markdown(only, standings(only))) == [
        ["method", "access", "training", "status"],
        ["---"] * 4,
        ["broken", "logits", "none", "failed: out of memory"],
        ["left-out", "logits", "none", "skipped: no reason was recorded"],
    ]


def test_a_row_of_several_seeds_has_their_deviation_below(records: list[Record]) -> None:
    found = grouped(seeded(records[0], 1.0, 0, 1), seeded(records[0], 1.4, 0, 2))
    table = markdown(found, standings(found))
    lead, apart = markdown_rows(table)[2:]
    assert (lead[0], apart[0]) == ("biggan-logit", "sd of 2 trainings")
    assert [cell for cell in lead[3:] if cell != text.DASH] == ["1.20±0.20"]
    assert [cell for cell in apart[1:] if cell] == ["0.28"]
    assert "biggan-logit: Mean of 2 trainings (1 and 2)." in table
