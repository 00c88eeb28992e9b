from __future__ import annotations

import dataclasses

from bench.record import Record, Score
from reports.analysis.groups import Entry, group
from reports.analysis.ranks import standings
from reports.page.scores import Whisker, _whisker, main_table


def test_whiskers_stand_where_their_numbers_say(records: list[Record]) -> None:
    scores = {
        "m1": Score(0.2, (0.1, 0.3), 40, 0.5, False),
        "m2": Score(0.6, (0.4, 0.9), 40, 0.5, False),
        "m3": Score(0.7, None, 40, None, False),
        "m4": Score(None, note="not measured"),
    }
    (only,) = group(
        Entry(dataclasses.replace(records[0], method=method, metrics={"lpips": score}))
        for method, score in scores.items()
    )  # from 0.1 to 0.9
    found = [_whisker(score, "lpips", only) for score in scores.values()]
    assert found == [
        Whisker("12.50%", "0.00%", "25.00%", "50.00%"),
        Whisker("62.50%", "37.50%", "100.00%", "50.00%"),
        Whisker("75.00%", None, None, None),
        None,
    ]


def test_a_rank_says_of_how_many_methods(records: list[Record]) -> None:
    """Two seeds of a method are one of two, not two of three."""
    score = {"lpips": Score(0.5, (0.4, 0.6), 60, None, False)}
    cells = [
        Entry(dataclasses.replace(records[0], kind="inverter", method=method, seed=seed, metrics=score))
        for method, seed in (("a", 0), ("a", 1), ("b", 0))
    ]
    (only,) = group(cells)
    (band,) = main_table(only, standings(only)).bands
    words = {cell.rank_words for row in band.rows for cell in row.cells if cell.rank is not None}
    assert words == {"rank 1-2 of 2, by 95 % intervals that do not touch (not paired)"}
