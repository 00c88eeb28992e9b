from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from bench.metrics.registry import metrics
from bench.store.record import Record, Score
from reports.analysis.controls import match, strongest
from reports.analysis.groups import Entry, Group, group
from reports.words.controls import against
from tests.reports.synthetic import MAIN_METRICS, write_cell

N = 200


def made(record: Record, name: str, kind: str, values: dict[str, float], **others: object) -> Entry:
    """A record alone: half widths of 0.1, none for scores of whole sets."""
    scores = {
        key: Score(
            value,
            (value - 0.1, value + 0.1) if metrics()[key].card.level == "image" else None,
            N,
            0.1 if key == "reid_class_target" else None,
            metrics()[key].card.higher_is_better,
        )
        for key, value in values.items()
    }
    changes = {"method": name, "kind": kind, "metrics": scores, "access": "logits", **others}
    return Entry(dataclasses.replace(record, **changes))  # type: ignore[arg-type]


def only(*entries: Entry) -> Group:
    (one,) = group(entries)
    return one


SCORES = {"lpips": 0.5, "psnr": 12.0, "fd_judge": 3.0, "reid_gap": 0.1, "reid_class_target": 0.5}


def test_won_open_and_lost_are_told_from_single_numbers(records: list[Record]) -> None:
    inverter = made(records[0], "m", "inverter", SCORES)
    control = made(records[0], "c", "control", {"lpips": 0.9, "psnr": 12.1, "fd_judge": 1.0, "reid_class_target": 0.9})
    found = match(inverter, control, MAIN_METRICS)
    assert (found.won, found.open, found.lost) == (("lpips",), ("psnr",), ("reid_class_target",))
    assert (found.ahead, found.behind, found.paired) == ((), ("fd_judge",), (False, False, False))
    assert "(by 95 % intervals that do not touch (not paired))" in against(only(inverter, control), [inverter])[0]


def test_holm_over_the_metrics_of_a_match_decides(records: list[Record], tmp_path: Path) -> None:
    """Two p-values of 0.03 hold alone, together neither; a third of 0 does."""
    noise = np.random.default_rng(0).normal(0, 1, N)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    close = noise + 2.1701 / np.sqrt(N)  # of two sides: p = 0.03
    values = {"lpips": close, "psnr": close, "ssim": close + 9}

    def side(name: str, kind: str, scale: float) -> Entry:
        scores = {
            key: Score(scale * float(one.mean()), None, N, None, metrics()[key].card.higher_is_better)
            for key, one in values.items()
        }
        record = dataclasses.replace(made(records[0], name, kind, {}).record, num_images=N, metrics=scores)
        columns = {"image_id": [str(i) for i in range(N)]} | {key: scale * one for key, one in values.items()}
        return Entry(record, write_cell(tmp_path, record, columns, np.zeros((N, 1, 1, 3), np.uint8)))

    inverter, control = side("m", "inverter", 0.0), side("train-nearest", "control", 1.0)
    alone = match(inverter, control, ["lpips"])
    assert (alone.won, alone.open) == (("lpips",), ())
    found = match(inverter, control, list(values))
    assert (found.won, found.open, found.lost) == ((), ("lpips", "psnr"), ("ssim",))
    one = only(inverter, control)
    told = against(one, one.contenders)[0]
    assert "Of 3 main metrics m loses 1 (SSIM) and is level in 2 (LPIPS and PSNR) against " in told
    assert "paired differences after Holm's correction over these metrics)" in told


def test_a_single_number_favours_nobody_by_less_than_its_resolution(records: list[Record]) -> None:
    inverter = made(records[0], "m", "inverter", {"fd_judge": 3.0})
    for value, behind in ((2.999, ()), (2.9, ("fd_judge",))):
        found = match(inverter, made(records[0], "c", "control", {"fd_judge": value}), ["fd_judge"])
        assert (found.ahead, found.behind) == ((), behind)


def test_the_strongest_control_wins_most_and_sees_no_original(records: list[Record]) -> None:
    inverter = made(records[0], "m", "inverter", SCORES)
    weak = made(records[0], "ridge", "control", {"lpips": 0.1, "psnr": 1.0, "reid_class_target": 0.1})
    strong = made(records[0], "train-nearest", "control", {"lpips": 0.1, "psnr": 19.0, "reid_class_target": 0.1})
    ceiling = made(records[0], "oracle", "control", {"lpips": 0.0, "psnr": 99.0}, access="original")
    found = strongest(only(inverter, weak, strong, ceiling), inverter)
    assert found is not None
    assert found.control.record.method == "train-nearest"
    assert strongest(only(inverter, ceiling), inverter) is None
