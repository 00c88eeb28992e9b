"""Known answers: the metrics give them, and a metric that is broken is found out."""

from __future__ import annotations

import numpy as np
import pytest

from bench import selftest
from bench.cli.commands import prove
from bench.datasets import cifar10
from bench.selftest import CASES, JPEGS, RULES, Rule, holds
from bench.store.record import Score

SCORES = {
    ("a", "m"): Score(0.5, (0.4, 0.6), 100, 0.45),
    ("b", "m"): Score(0.7, (0.6, 0.8), 100, 0.1),
    ("none", "m"): Score(None, note="why"),
    ("bare", "m"): Score(0.5),
}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule("a", "m", "is", 0.5), True), (Rule("a", "m", "is", 0.51), False), (Rule("a", "m", "below", "b"), True),
        (Rule("a", "m", "above", "b"), False), (Rule("b", "m", "above", "a"), True),
        (Rule("a", "m", "above", 0.1), True), (Rule("a", "m", "at chance"), True),
        (Rule("b", "m", "at chance"), False), (Rule("bare", "m", "at chance"), False),
        (Rule("none", "m", "is", 0), False), (Rule("none", "m", "below", "b"), False),
        (Rule("a", "m", "is", "none"), False),
    ],
)  # fmt: skip
def test_a_rule_holds_or_not(rule: Rule, expected: bool) -> None:
    assert holds(rule, SCORES) is expected


def test_rules_read_as_sentences() -> None:
    assert str(Rule("a", "m", "is", 0)) == "0"
    assert str(Rule("a", "m", "below", "b")) == "below that of b"
    assert str(Rule("a", "m", "at chance")) == "at chance"


def test_what_is_done_to_the_images_is_what_its_name_says() -> None:
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 256, (30, 8, 8, 3), dtype=np.uint8), np.arange(30) % 3
    made = {name: change(pixels, labels) for name, change in CASES.items()}
    assert all(images.shape == pixels.shape and images.dtype == np.uint8 for images in made.values())
    assert np.array_equal(made["copies"], pixels)
    errors = [np.abs(made[name].astype(int) - pixels).mean() for name in JPEGS]
    assert 0 < errors[0] < errors[1] < errors[2]
    assert (made["one image"] == pixels[0]).all()
    for name in ("strangers", "classmates"):
        rows = [int(np.flatnonzero((pixels == image).all((1, 2, 3)))[0]) for image in made[name]]
        assert sorted(rows) == list(range(30))
        if name == "classmates":
            assert (labels[rows] == labels).all()
            assert (np.array(rows) != np.arange(30)).all()


def test_every_rule_is_of_a_case_and_a_metric_that_is_computed() -> None:
    assert {rule.case for rule in RULES} == set(CASES)
    assert {rule.key for rule in RULES} == {*selftest.IMAGES, *selftest.SETS}
    order = list(CASES)
    assert all(order.index(rule.other) <= order.index(rule.case) for rule in RULES if isinstance(rule.other, str))


@pytest.fixture(scope="module")
def measured() -> dict[str, dict[str, Score]]:
    """Every score of every case, computed once."""
    pixels, labels = cifar10.shipped_test()
    return {name: selftest._scores(pixels, change, labels) for name, change in CASES.items()}


@pytest.fixture
def replayed(measured: dict[str, dict[str, Score]], monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Score]]:
    """What a test changes of them is what the command sees."""
    scores = {name: dict(found) for name, found in measured.items()}
    by_change = {change: name for name, change in CASES.items()}
    monkeypatch.setattr(selftest, "_scores", lambda pixels, change, labels: scores[by_change[change]])
    return scores


@pytest.mark.slow
@pytest.mark.networks
def test_all_rules_hold_here(replayed: dict[str, dict[str, Score]], capsys: pytest.CaptureFixture[str]) -> None:
    assert prove() == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(RULES) + 2
    assert all(line.startswith("ok  ") for line in lines[1:-1])
    assert lines[-1] == f"{len(RULES)} of {len(RULES)} hold."


@pytest.mark.slow
@pytest.mark.networks
def test_a_broken_metric_is_found_out(
    replayed: dict[str, dict[str, Score]], capsys: pytest.CaptureFixture[str]
) -> None:
    """An LPIPS that says 0 of everything is wrong of JPEG, and of strangers."""
    for found in replayed.values():
        found["lpips"] = Score(0.0, (0.0, 0.0), 250)
    assert prove() == 1
    out = capsys.readouterr().out
    assert out.count("\nNO  ") == 4
    assert "Do not trust" in out
