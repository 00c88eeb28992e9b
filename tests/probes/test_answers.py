"""What the probes say to their questions: every measure and level of a sentence is one that the probe has."""

from __future__ import annotations

import re

import pytest

from bench.probes.answers import ANSWERS
from bench.probes.base import Probe
from bench.probes.measures import known
from bench.registry import load, registered

PROBES = "bench.probes"


def test_every_probe_of_this_package_answers_its_question() -> None:
    assert set(ANSWERS) == set(registered(PROBES))
    assert all(ANSWERS.values())


@pytest.mark.parametrize("name", ANSWERS)
def test_a_sentence_has_a_place_for_each_value_and_asks_for_what_is_measured(name: str) -> None:
    probe: type[Probe] = load(PROBES, "probe", name)
    for one in ANSWERS[name]:
        blanks = set(re.findall(r"\{(\w+)\}", one.words))
        assert blanks == {str(k) for k in range(len(one.values))} | ({"is"} if one.sides else set())
        assert len(one.sides) in (0, 3)
        for key, level in one.values:
            assert key in (probe.measures if level else probe.overall)
            assert key in known() or key in {card.key for card in probe.cards}
        assert not set(known()) & set(re.findall(r"\w*_\w*", one.words))
