from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest
from scipy.stats import ttest_rel

from bench.metrics.base import MIN_SET_IMAGES
from bench.store.record import Record, Score, read_records
from reports.analysis.controls import leading
from reports.analysis.groups import Entry
from reports.analysis.ranks import standings
from reports.words.controls import against
from studies.reports.tables import Sources, strongest_control
from tests.reports.analysis.test_controls import SCORES, N, made, only
from tests.reports.synthetic import MAIN_METRICS

CEILING = (
    "no more than equality can be expected of a faithful draw from p(x | z); an averaging decoder may pass it in PSNR "
    "and SSIM"
)
NEAREST_LOGITS = "the logits of train-nearest are nearest by construction"


def test_single_numbers_favour_in_words_of_their_number(records: list[Record]) -> None:
    scores = {"lpips": 0.5, "fd_judge": 3.0, "fd_efficientnet_lite0": 3.0}
    for other, words in ((4.0, "FD judge, one number, favours m"), (2.0, "one number each, favour ridge")):
        control = made(records[0], "ridge", "control", scores | {"fd_judge": other, "fd_efficientnet_lite0": 2.0})
        one = only(made(records[0], "m", "inverter", scores), control)
        assert words in against(one, one.contenders)[0]


def test_all_that_nothing_separates_in_lpips_stand_against_the_control(records: list[Record]) -> None:
    entries = [made(records[0], name, "inverter", {"lpips": v}) for name, v in (("a", 0.5), ("b", 0.55), ("c", 0.9))]
    control = made(records[0], "train-nearest", "control", {"lpips": 0.1})
    one = only(*entries, control)
    first = leading(one, standings(one))
    assert [entry.label for entry in first] == ["a", "b"]
    assert [sentence.split(" against")[0] for sentence in against(one, first)[:2]] == [
        "Of 1 main metric a loses 1 (LPIPS)",
        "Of 1 main metric b loses 1 (LPIPS)",
    ]


@pytest.mark.parametrize(
    ("chance", "expected"),
    [
        (0.1, f"For a sampler, at 10 logits, {CEILING}; {NEAREST_LOGITS}."),
        (0.001, f"At 1,000 logits it is no ceiling, and beating it means something; {NEAREST_LOGITS}."),
        (
            None,
            f"For a sampler, with few logits, {CEILING}; where logits are many, beating it means something; "
            f"{NEAREST_LOGITS}.",
        ),
    ],
)
def test_what_equality_means_follows_from_the_number_of_logits(
    records: list[Record], chance: float | None, expected: str
) -> None:
    scores = {"lpips": Score(0.5, (0.4, 0.6), N, None, False), "reid_class_target": Score(0.5, (0.4, 0.6), N, chance)}
    scores |= dict.fromkeys(("psnr", "ssim"), Score(None, note="no value"))
    pair = [
        Entry(dataclasses.replace(made(records[0], name, kind, {}).record, classifier="mine", metrics=scores))
        for name, kind in (("m", "inverter"), ("train-nearest", "control"))
    ]
    one = only(*pair)
    assert one.cards.classifier.num_logits == (round(1 / chance) if chance else 0)
    assert against(one, one.contenders)[0].endswith(expected)


def test_a_skipped_train_nearest_says_what_stays_open_and_what_to_type(records: list[Record]) -> None:
    inverter = made(records[0], "m", "inverter", SCORES)
    lost = {"status": "skipped", "reason": "No images here. Type: bench data fetch cifar10"}
    last = against(only(inverter, made(records[0], "train-nearest", "control", {}, **lost)), [inverter])[-1]
    assert last.startswith("train-nearest, elsewhere the strongest control, was skipped: whether ")
    assert last.endswith("stays open. Type: bench data fetch cifar10")
    broken = made(records[0], "train-nearest", "control", {}, status="failed", reason="out of memory")
    assert against(only(inverter, broken), [inverter])[-1].endswith("stays open. The table says why.")
    done = only(inverter, made(records[0], "train-nearest", "control", {"lpips": 0.1}))
    assert against(done, [inverter])[-1] == ""


def test_the_readme_says_that_train_nearest_wins_50_of_60() -> None:
    """Counted anew from the committed values, by SciPy: paired t-tests with Holm's correction over a classifier's."""
    cells: dict[tuple[str, str], dict[str, Entry]] = {}
    for record, folder in read_records(Sources().results):
        if record.probe is None and record.num_images >= MIN_SET_IMAGES:
            cells.setdefault((record.dataset, record.classifier), {})[record.method] = Entry(record, folder)
    count: Counter[str] = Counter()
    for cell in cells.values():
        mine, theirs = cell["biggan-logit"], cell["train-nearest"]
        found: list[tuple[float, bool]] = []
        for key in MAIN_METRICS:
            a, b = mine.record.metrics[key], theirs.record.metrics[key]
            if a.value is None or b.value is None or a.higher_is_better is None:
                continue
            better = (a.value > b.value) == a.higher_is_better
            if key in mine.per_image:
                x, y = (one.per_image[key].astype(float) for one in (mine, theirs))
            elif a.subsets is not None and b.subsets is not None:
                x, y = np.array(a.subsets), np.array(b.subsets)
            else:
                count["ahead" if better else "behind"] += 1
                continue
            found.append((float(ttest_rel(x, y, nan_policy="omit").pvalue), better))
        for place, (p, better) in enumerate(sorted(found)):
            clear = p * (len(found) - place) < 0.05
            count["open" if not clear else "won" if better else "lost"] += 1
    assert dict(count) == {"won": 8, "open": 2, "lost": 40, "behind": 10}
    told = strongest_control(Sources()).splitlines()[0]
    assert told.startswith("`train-nearest`, the strongest control, beats `biggan-logit` in 40 of the 50 main metrics")
    assert "is beaten in 8 and not separated in 2" in told
    assert told.endswith("10 are in its favour: 50 of 60 in all.")
