from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.metrics.bootstrap import mean_ci
from bench.store.record import Record, Score
from reports.analysis.groups import Entry, group
from reports.analysis.ranks import standings
from reports.words.findings import Finding, finding, holdings
from tests.reports.synthetic import write_cell

N = 300
RNG = np.random.default_rng(0)
BASE = RNG.random(N)


def entry(
    root: Path, record: Record, name: str, lpips: NDArray[np.float64], gap: float = 0.0, **others: object
) -> Entry:
    gaps = np.full(N, gap) + RNG.normal(0, 0.1, N)
    metrics = {}
    for key, values, higher in (("lpips", lpips, False), ("reid_gap", gaps, None)):
        mean, low, high = mean_ci(values)
        metrics[key] = Score(mean, (low, high), N, None, higher)
    changes = {"method": name, "kind": "inverter", "num_images": N, "metrics": metrics, **others}
    made = dataclasses.replace(record, **changes)  # type: ignore[arg-type]
    columns = {"image_id": [str(i) for i in range(N)], "lpips": lpips, "reid_gap": gaps}
    return Entry(made, write_cell(root, made, columns, np.zeros((N, 1, 1, 3), np.uint8)))


def told(entries: list[Entry]) -> Finding:
    (only,) = group(entries)
    found = finding(only, standings(only), "group-1")
    assert found is not None
    return found


def test_a_clear_lead_is_told_with_its_number_and_its_basis(records: list[Record], tmp_path: Path) -> None:
    entries = [entry(tmp_path, records[0], f"m{shift}", BASE + 0.01 * shift) for shift in range(3)]
    lead = told(entries).sentences[0]
    low, high = entries[0].record.metrics["lpips"].ci95 or (0, 0)
    assert lead == (
        f"By LPIPS m0 (LPIPS {BASE.mean():.3f} [{low:.3f}, {high:.3f}]) is closest to the originals, ahead of each of "
        "the 2 others ranked by paired differences."
    )


def test_a_lead_of_intervals_alone_is_told_as_such(records: list[Record], tmp_path: Path) -> None:
    entries = [entry(tmp_path, records[0], f"m{shift}", BASE + 0.2 * shift) for shift in range(2)]
    lead = told([Entry(one.record) for one in entries]).sentences[0]
    assert "is closest to the originals, ahead of the other ranked inverter by 95 % intervals that do not touch" in lead
    assert "paired differences" not in lead


def test_a_lead_names_both_grounds_where_a_rival_has_no_pairs(records: list[Record], tmp_path: Path) -> None:
    """The runner-up's interval touches the leader's: paired differences decided that pair, and the sentence says so."""
    entries = [entry(tmp_path, records[0], f"m{shift}", BASE + shift) for shift in (0.0, 0.01, 0.5)]
    lead = told([*entries[:2], Entry(entries[2].record)]).sentences[0]
    assert lead.endswith(
        "each of the 2 others ranked by paired differences after Holm's correction or, where pairs are missing, 95 % "
        "intervals that do not touch."
    )


def test_the_rows_of_a_rival_count_once_in_the_lead(records: list[Record], tmp_path: Path) -> None:
    rival = [entry(tmp_path / str(seed), records[0], "rival", BASE + 0.1, seed=seed) for seed in range(2)]
    lead = told([entry(tmp_path, records[0], "best", BASE), *rival]).sentences[0]
    assert "ahead of the other ranked inverter by" in lead


def test_a_lead_within_noise_is_not_told(records: list[Record], tmp_path: Path) -> None:
    entries = [entry(tmp_path, records[0], name, RNG.normal(0.5, 0.2, N)) for name in "ab"]
    first = told(entries).sentences[0]
    assert first.startswith("By LPIPS no single inverter is closest to the originals: nothing separates a (LPIPS 0.")


def test_what_cannot_be_compared_is_neither_lead_nor_tie(records: list[Record], tmp_path: Path) -> None:
    entries = [entry(tmp_path, records[0], name, BASE) for name in "ab"]
    bare = [
        Entry(dataclasses.replace(one.record, metrics={"lpips": Score(float(k), None, N, None, False)}))
        for k, one in enumerate(entries)
    ]
    first = told(bare).sentences[0]
    assert first == (
        "By LPIPS it cannot be said which inverter is closest to the originals: one number for all images: no paired "
        "values (LPIPS)."
    )


def test_other_measures_agree_or_name_their_own_leader(records: list[Record]) -> None:
    def one(name: str, *values: float) -> Entry:
        keys, signs = ("lpips", "psnr", "ssim", "logit_cosine"), (False, True, True, True)
        found = zip(keys, values, signs, strict=True)
        metrics = {key: Score(value, (value - 0.1, value + 0.1), N, None, up) for key, value, up in found}
        return Entry(dataclasses.replace(records[0], method=name, kind="inverter", metrics=metrics))

    lead, others, *_ = told([one("a", 0.3, 9, 0.9, 0.5), one("b", 0.6, 12, 0.2, 0.5)]).sentences
    assert lead.startswith("By LPIPS a (LPIPS 0.30 [0.20, 0.40]) is closest")
    assert others == "In PSNR b leads; SSIM agrees with LPIPS; in Logit cosine nothing separates a and b."
    _, others, *_ = told([one("a", 0.3, 19, 0.9, 0.5), one("b", 0.6, 12, 0.2, 0.5)]).sentences
    assert others.startswith("PSNR and SSIM agree with LPIPS;")


def test_who_keeps_the_class_is_told_before_the_control(records: list[Record]) -> None:
    def one(name: str, kind: str, value: float) -> Entry:
        found = (("lpips", False), ("reid_class_judge", True))
        metrics = {key: Score(value, (value - 0.01, value + 0.01), N, None, up) for key, up in found}
        return Entry(dataclasses.replace(records[0], method=name, kind=kind, metrics=metrics))  # type: ignore[arg-type]

    _, keeps, control, *_ = told(
        [one("a", "inverter", 0.2), one("b", "inverter", 0.4), one("c", "control", 0.3)]
    ).sentences
    assert keeps.startswith(
        "By the judge b (Class kept (judge) 0.400 [0.390, 0.410]) is best at keeping the originals' "
    )
    assert control.startswith(
        "Of 2 main metrics a wins 1 (LPIPS) and loses 1 (Class kept (judge)) against c, the strongest control (by"
    )
    _, tie, *_ = told([one("a", "inverter", 0.2), one("b", "inverter", 0.2)]).sentences
    assert tie.startswith("By the judge no single inverter is best at keeping the originals' class: nothing separates")


def test_the_class_alone_is_the_floor_in_all_three_ways(records: list[Record], tmp_path: Path) -> None:
    for shift, words in ((-0.1, "comes closer to the original than"), (0.1, "stays further from the original than")):
        method = entry(tmp_path / str(shift), records[0], "m", BASE + shift)
        floor = entry(tmp_path / str(shift), records[0], "same-class-random", BASE, kind="control")
        (sentence,) = (one for one in told([method, floor]).sentences if words in one)
        assert sentence.startswith(f"m {words} a random training image of the predicted class")
        assert f"{shift:+.3f}".replace("-", "−") in sentence
    noise = BASE + np.where(np.arange(N) % 2, 0.2, -0.2)
    method = entry(tmp_path / "even", records[0], "m", noise)
    floor = entry(tmp_path / "even", records[0], "same-class-random", BASE, kind="control")
    assert "no difference is shown" in " ".join(told([method, floor]).sentences)


def test_the_strongest_control_stands_in_every_headline(records: list[Record], tmp_path: Path) -> None:
    method = entry(tmp_path, records[0], "m", BASE)
    weak = entry(tmp_path, records[0], "ridge", BASE + 0.3, kind="control")
    nearest = entry(tmp_path, records[0], "train-nearest", BASE - 0.3, kind="control")
    every = " ".join(told([method, weak, nearest]).sentences)
    assert "Of 1 main metric m loses 1 (LPIPS) against train-nearest, the strongest control (by" in every
    without = " ".join(told([method, weak]).sentences)
    assert "Of 1 main metric m wins 1 (LPIPS) against ridge, the strongest control (by" in without
    assert "whose logits are nearest was not run: whether m does more than fetch" in without
    assert "Type: bench run --method m --classifier robust_resnet152 --num-images 300" in without


def test_a_gap_is_told_where_it_is_wider_than_that_of_natural_pictures(records: list[Record], tmp_path: Path) -> None:
    wide = entry(tmp_path, records[0], "wide", BASE, gap=0.5, access="white-box")
    also = entry(tmp_path, records[0], "also", BASE, gap=0.5)
    narrow = entry(tmp_path, records[0], "narrow", BASE + 0.01, gap=0.2)
    natural = entry(tmp_path, records[0], "same-class-random", BASE, gap=0.3, kind="control")
    last = told([wide, narrow, natural]).sentences[-1]
    assert last.startswith("Beyond what it convinces the judge of, wide (white-box) (Class gap 0.")
    assert ") convinces the classifier, and by more than natural pictures" in last
    assert "narrow" not in last
    both = told([wide, also, natural]).sentences[-1]
    assert both.startswith("Beyond what they convince the judge of, ")
    assert ") convince the classifier, and by more than natural pictures" in both
    assert not any("convinces" in sentence for sentence in told([narrow, natural]).sentences)
    assert not any("convinces" in sentence for sentence in told([wide]).sentences)


def test_what_is_given_features_is_not_ranked(records: list[Record], tmp_path: Path) -> None:
    only = entry(tmp_path, records[0], "apart", BASE, access="features")
    (one,) = group([only])
    assert finding(one, standings(one), "a") is None


def test_holdings_count_cells_failures_and_probes(records: list[Record]) -> None:
    failed = dataclasses.replace(records[0], status="failed", reason="r", metrics={})
    probe = dataclasses.replace(records[0], probe="noise")
    sentences = holdings([*records, failed, probe])
    assert "5 inverters (" in sentences[0]
    assert "7 controls on 1 classifier (robust_resnet152): 60 images of cifar10, run 2025-11-22." in sentences[0]
    assert sentences[1:] == ("1 cell failed; the tables say why.", "1 probe record asks further: noise.")
