"""From records to values: whose record speaks, and what is said where none does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reports.analysis.claims.evidence import Evidence, ObstacleError, command, needed, told
from reports.analysis.claims.language import Condition, Values
from reports.analysis.claims.verdicts import find
from reports.analysis.groups import Entry
from tests.reports.analysis.claims.world import GAN, N, R, World, run_cell

RUN = Values(GAN, R, "lpips")
PROBE = Values(GAN, R, "contrast", "shift", ("shift -2", "shift 2"))
LPIPS = Condition(RUN, 0.0, "below")


def test_of_several_records_the_largest_then_seed_0_then_the_newest_speaks(tmp_path: Path) -> None:
    def lpips(**fields: object) -> float:
        cell = run_cell(GAN, R, int(str(fields.pop("n", N))))
        cell.record = replace(cell.record, key=f"k{len(entries)}", **fields)  # type: ignore[arg-type]
        cell.add("lpips", 0.01 * len(entries))
        entries.append(cell.entry(tmp_path))
        measure = find(LPIPS, Evidence(entries)).measure
        assert measure is not None
        return round(measure.values, 2)

    entries: list[Entry] = []
    assert lpips(seed=2) == 0.30
    assert lpips(seed=1) == 0.31
    assert lpips(seed=5) == 0.31
    assert lpips(seed=0) == 0.33
    assert lpips(seed=0, created="2027-01-01T00:00:00+00:00") == 0.34
    assert lpips(seed=0) == 0.34
    assert lpips(seed=7, n=900) == 0.36
    assert lpips(dataset="folder:photos", n=990) == 0.36
    assert lpips(status="failed", n=990) == 0.36


def test_a_damaged_table_is_as_none_and_is_named(tmp_path: Path) -> None:
    world = World()
    entry = world[GAN, R, ""].entry(tmp_path)
    assert entry.directory is not None
    (entry.directory / "per_image.parquet").write_bytes(b"nonsense")
    found = find(LPIPS, Evidence([entry]))
    assert found.outcome == "missing"
    assert "No per-image values lie beside the record" in found.obstacles[0][0]
    assert [fault.path.name for fault in entry.faults] == ["per_image.parquet"]


def test_a_cell_has_its_words_and_the_command_that_makes_it() -> None:
    assert (told(RUN), told(PROBE)) == (
        "biggan-logit on robust_resnet152",
        "probe shift of biggan-logit on robust_resnet152",
    )
    cell = "--method biggan-logit --classifier robust_resnet152"
    assert command(RUN) == f"bench run {cell}"
    assert command(RUN, 2_500) == f"bench run {cell} --num-images 2500"
    assert command(PROBE) == f"bench probe shift {cell} --num-images 500"
    assert command(PROBE, 900) == f"bench probe shift {cell} --num-images 900"


def test_only_the_columns_that_are_read_are_needed() -> None:
    assert needed(RUN) == ("image_id", "lpips")
    assert needed(PROBE) == ("level", "image_id", "contrast")
    assert needed(replace(RUN, images="missed")) == ("image_id", "label", "prediction_target_original", "lpips")
    assert needed(replace(RUN, column="kid_efficientnet_lite0", subsets=True)) == ()


def test_several_levels_are_an_images_mean_or_its_range(tmp_path: Path) -> None:
    """Both in single precision, as committed columns are."""
    world = World()
    cell = world[GAN, R, "shift"]
    evidence = Evidence([cell.entry(tmp_path)])
    level = np.array(cell.columns["level"])
    low, high = (cell.columns["contrast"][level == name].astype(np.float32).astype(float) for name in PROBE.levels)
    np.testing.assert_array_equal(evidence.series(PROBE).values, np.mean([low, high], axis=0))
    np.testing.assert_array_equal(evidence.series(replace(PROBE, across="range")).values, np.abs(high - low))


def test_where_only_misses_speak_the_others_have_no_value(tmp_path: Path) -> None:
    cell = World()[GAN, R, ""]
    found = Evidence([cell.entry(tmp_path)]).series(replace(RUN, images="missed")).values
    missed = cell.columns["label"] != cell.columns["prediction_target_original"]
    assert np.array_equal(np.isfinite(found), missed)
    assert 0 < missed.sum() < N


@pytest.mark.parametrize(
    ("values", "words", "absent"),
    [
        (replace(RUN, method="nobody"), "There is no record of nobody on robust_resnet152.", True),
        (replace(RUN, column="unheard"), "The record of biggan-logit on robust_resnet152 holds no unheard.", False),
        (
            replace(PROBE, levels=("shift 9",)),
            "The record of probe shift of biggan-logit on robust_resnet152, level shift 9 holds no contrast.",
            False,
        ),
    ],
)
def test_what_stands_in_the_way_is_told_apart_from_what_nobody_ran(
    values: Values, words: str, absent: bool, tmp_path: Path
) -> None:
    world = World()
    evidence = Evidence([world[GAN, R, probe].entry(tmp_path) for probe in ("", "shift")])
    with pytest.raises(ObstacleError) as raised:
        evidence.series(values)
    assert (raised.value.reason, raised.value.absent) == (words, absent)
    assert raised.value.command.startswith(("bench run", "bench probe shift"))
