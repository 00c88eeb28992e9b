"""What is said of several seeds: how many, how far apart, and how that compares with the interval over images."""

from __future__ import annotations

from bench.store.record import Record
from reports.analysis.seeds import Apart
from reports.words import seeds
from tests.reports.analysis.test_seeds import KEY, grouped, row, seeded


def test_the_spread_of_trainings_in_halves_of_the_interval(records: list[Record]) -> None:
    one = records[0]
    found = grouped(seeded(one, 1.0, 0, 1), seeded(one, 1.2, 0, 2), seeded(one, 1.4, 0, 3))
    (entry,) = found.entries
    assert seeds.sentence(found, entry, [KEY]) == (
        "The standard deviation between 3 trainings of biggan-logit is 1.00 times half of the interval over images in "
        "LPIPS."
    )
    assert seeds.note(entry, [KEY]) == [
        "biggan-logit: Mean of 3 trainings (1, 2 and 3). sd of 3 trainings: lpips 0.20."
    ]
    assert seeds.pictures(found) == ["Pictures of biggan-logit are those of training seed 1, seed 0."]


def test_without_trainings_the_runs_are_told(records: list[Record]) -> None:
    found = grouped(seeded(records[0], 1.0, 0), seeded(records[0], 1.0, 4))
    (entry,) = found.entries
    assert seeds.mean_of(entry) == "Mean of 2 seeds (0 and 4)."
    assert "between 2 runs with other seeds of biggan-logit is 0.00 times" in seeds.sentence(found, entry, [KEY])
    assert seeds.rows(entry, [KEY, "psnr"]) == [("sd of 2 seeds", ["0", ""])]


def test_one_cell_has_nothing_to_say(records: list[Record]) -> None:
    entry = row(records[0])
    assert (seeds.mean_of(entry), seeds.note(entry, [KEY]), seeds.rows(entry, [KEY])) == ("", [], [])


def test_two_significant_digits() -> None:
    assert [seeds.deviation(Apart(2, value, 0.0)) for value in (0.01234, 12.3, 0.0)] == ["0.012", "12", "0"]


def test_runs_that_are_missing_are_counted(records: list[Record]) -> None:
    one = records[0]
    found = grouped(seeded(one, 1.0, 0, 1), seeded(one, 1.2, 1, 1), seeded(one, 1.4, 0, 2))
    (entry,) = found.entries
    assert seeds.mean_of(entry) == "Mean of 2 trainings (1 and 2), 2 seeds (0 and 1), of whose 4 runs 3 are here."
