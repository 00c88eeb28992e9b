from __future__ import annotations

import dataclasses
import re

from bench.record import Level, Record, Score
from reports.words.bibliography import CLASSIFIERS, ENTRIES, METHODS, METRICS, bibtex


def keys(text: str) -> set[str]:
    return set(re.findall(r"^@\w+\{(\w+),$", text, re.M))


def test_entries_carry_their_key_and_are_balanced() -> None:
    for key, entry in ENTRIES.items():
        assert keys(entry) == {key}
        assert entry.count("{") == entry.count("}")
        for field in ("title", "author", "year"):
            assert len(re.findall(rf"^  {field}\s*= ", entry, re.M)) == 1
    named = {paper for table in (METHODS, METRICS, CLASSIFIERS) for papers in table.values() for paper in papers}
    assert named == set(ENTRIES)


def test_only_what_the_records_show_is_cited(records: list[Record]) -> None:
    one = dataclasses.replace(records[0], method="mahendran-vedaldi", metrics={"psnr": Score(20.0)})
    assert keys(bibtex([one])) == {"mahendran2015understanding"}
    null = dataclasses.replace(one, metrics={"lpips": Score(None, note="failed")})
    assert keys(bibtex([null])) == {"mahendran2015understanding"}
    scored = dataclasses.replace(one, metrics={"fd_judge": Score(3.0), "lpips": Score(0.3)})
    assert keys(bibtex([scored])) == {"mahendran2015understanding", "heusel2017gans", "zhang2018unreasonable"}
    probe = dataclasses.replace(one, metrics={}, levels=(Level("x", None, {"ssim": Score(0.3)}),))
    assert keys(bibtex([probe])) == {"mahendran2015understanding", "wang2004image"}


def test_a_stranger_needs_no_entry(records: list[Record]) -> None:
    assert bibtex([dataclasses.replace(records[0], method="mine", metrics={})]) == ""


def test_every_shown_method_is_cited_once(records: list[Record]) -> None:
    text = bibtex([*records, *records])
    assert {"teterwak2021understanding", "brock2019large", "engstrom2019adversarial"} <= keys(text)
    assert len(re.findall(r"^@", text, re.M)) == len(keys(text))
