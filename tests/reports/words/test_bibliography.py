from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from bench import describe
from bench.classifiers.provider import ALIASES
from bench.describe import declared, known_classifier, metric_card, references, supplied
from bench.probes.measures import known
from bench.registry import CONTROLS, DATASETS, INVERTERS, load, registered
from bench.store.record import Level, Record, Score
from reports.analysis.groups import Entry
from reports.words.bibliography import bench, bibtex


def keys(text: str) -> set[str]:
    return set(re.findall(r"^@\w+\{(\w+),$", text, re.M))


def of(*records: Record) -> str:
    """What is cited beside this software."""
    own, _, others = bibtex([Entry(record) for record in records]).partition("\n}\n\n")
    assert own.startswith("@misc{bench,\n  title ")
    assert own.count("{") == own.count("}") + 1
    return others


def test_every_citation_of_a_card_is_listed_and_no_other_is() -> None:
    """By the cards of all that is registered; a key that is not listed would be left out in silence."""
    targets = [point.value for group in (INVERTERS, CONTROLS) for point in registered(group).values()]
    named = {paper for target in targets for paper in declared(target)["citation"]}
    named |= {paper for key in known() for paper in metric_card(key).citation}
    named |= {paper for name in ALIASES for paper in known_classifier(name, "").citation}
    named |= {paper for name in registered(DATASETS) for paper in load(DATASETS, "dataset", name).citation}
    named |= {"torchvision2016library", "wightman2019timm", "wolf2020transformers"}  # of networks that are fetched
    named |= {"xie2019feature", "croce2021robustbench", "engstrom2019robustness", "salman2020adversarially"}
    entries = references(named)
    assert set().union(*map(keys, entries)) == named
    listed = Path(describe.__file__).with_name("references.bib").read_text(encoding="utf-8")
    assert keys(listed) == named
    for entry in entries:
        assert entry.count("{") == entry.count("}")
        for field in ("title", "author", "year"):
            assert len(re.findall(rf"^  {field}\s*= ", entry, re.M)) == 1


def test_this_software_is_cited_with_the_newest_record_s_year_and_revision(records: list[Record]) -> None:
    old = dataclasses.replace(records[0], created="2024-01-01", environment={"revision": "a" * 40})
    new = dataclasses.replace(records[0], created="2025-06-01", environment={"revision": "b" * 40})
    told = bench([Entry(new), Entry(old)])
    assert "  year    = {2025},\n" in told
    assert told.endswith(f"revision {'b' * 12}}}\n}}")
    assert "year" not in bench([])
    for odd in (None, 5, "x}{"):
        assert "revision" not in bench([Entry(dataclasses.replace(new, environment={"revision": odd}))])


def test_an_entry_may_stand_in_a_card_as_a_whole(records: list[Record]) -> None:
    whole = "@misc{mine,\n  title = {Mine}\n}"
    bare = dataclasses.replace(records[0], classifier="mine", dataset="theirs", metrics={})
    cards = supplied(bare)
    cited = dataclasses.replace(cards, method=dataclasses.replace(cards.method, citation=(whole,)))
    assert of(dataclasses.replace(bare, cards=cited)) == f"{whole}\n\n"


def test_only_what_the_records_show_is_cited(records: list[Record]) -> None:
    one = dataclasses.replace(
        records[0], method="mahendran-vedaldi", classifier="mine", dataset="theirs", metrics={"psnr": Score(20.0)}
    )
    assert keys(of(one)) == {"mahendran2015understanding"}
    null = dataclasses.replace(one, metrics={"lpips": Score(None, note="failed")})
    assert keys(of(null)) == {"mahendran2015understanding"}
    scored = dataclasses.replace(one, metrics={"fd_judge": Score(3.0), "lpips": Score(0.3)})
    assert keys(of(scored)) == {"mahendran2015understanding", "heusel2017gans", "zhang2018unreasonable"}
    probe = dataclasses.replace(one, metrics={}, levels=(Level("x", None, {"ssim": Score(0.3)}),))
    assert keys(of(probe)) == {"mahendran2015understanding", "wang2004image"}


def test_a_stranger_needs_no_entry(records: list[Record]) -> None:
    assert of(dataclasses.replace(records[0], method="mine", classifier="mine", dataset="theirs", metrics={})) == ""


def test_every_shown_method_is_cited_once(records: list[Record]) -> None:
    text = of(*records, *records)
    assert {"teterwak2021understanding", "brock2019large", "engstrom2019adversarial"} <= keys(text)
    assert len(re.findall(r"^@", text, re.M)) == len(keys(text))
