"""Everything that the page prints, from records: sections that are told apart, stations, definitions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bench.metrics.registry import metrics
from bench.store.record import Level, Record, Score
from reports.analysis.groups import Entry
from reports.page.summary import page
from tests.reports.synthetic import CONTROLS, INVERTERS


def entries(*records: Record) -> list[Entry]:
    return [Entry(record) for record in records]


def test_the_line_says_what_this_report_has_at_each_station(records: list[Record]) -> None:
    stations = dict(page(entries(*records)).stations)
    assert list(stations) == ["dataset", "classifier", "logits", "inverter", "reconstruction", "metrics"]
    assert (stations["dataset"], stations["classifier"]) == ("cifar10", "robust_resnet152")
    assert stations["inverter"] == f"{len(INVERTERS)} methods, {len(CONTROLS)} controls"
    assert stations["reconstruction"] == "60 images each, rounded to 8 bits"
    assert stations["metrics"] == f"{len(metrics())}, with intervals over images"


def test_probes_alone_have_measures_of_their_own_and_no_sections(records: list[Record]) -> None:
    level = Level("draw 1", 1.0, {"lpips": Score(0.25, (0.2, 0.3), 40)})
    found = page(entries(replace(records[0], probe="noise", metrics={}, levels=(level,))))
    assert dict(found.stations)["metrics"] == "those of the probes"
    assert (found.sections, [one.name for one in found.probes]) == ((), ["noise"])


def test_a_section_is_called_by_as_much_as_tells_it_from_its_twins(records: list[Record]) -> None:
    one = records[0]

    def shorts(**changes: Any) -> list[str]:
        return sorted(section.short for section in page(entries(one, replace(one, **changes))).sections)

    assert [section.short for section in page(entries(one)).sections] == ["robust_resnet152"]
    assert shorts(classifier="resnet152") == ["resnet152", "robust_resnet152"]
    assert shorts(num_images=7) == ["robust_resnet152 · 60 images", "robust_resnet152 · 7 images"]
    other = {one.classifier: "00" * 32}
    assert shorts(weights=other) == ["robust_resnet152 · 000000", "robust_resnet152 · 9f9f9f"]
    nothing = shorts(protocol={}, weights={})
    assert nothing[1] == "robust_resnet152 · no protocol"  # enough to tell it apart, though its weights differ, too
    tiny = {"dataset": "tiny", "protocol": {"fingerprint": "ab" * 8}}
    assert shorts(**tiny) == ["robust_resnet152 · cifar10", "robust_resnet152 · tiny"]


def test_sections_are_anchored_in_their_order_and_say_what_they_are_of(records: list[Record]) -> None:
    found = page(entries(records[0], replace(records[0], num_images=7, seed=3)))
    assert found.several
    assert [section.anchor for section in found.sections] == ["group-1", "group-2"]
    first, second = (section.subtitle for section in found.sections)
    assert first == f"60 images · seed 0 · protocol {records[0].fingerprint[:12]} · classifier weights {'9f' * 6}"
    assert second.startswith("7 images · seed 3 ·")


def test_metrics_are_defined_by_family_and_only_those_that_are_shown(records: list[Record]) -> None:
    two = {key: records[0].metrics[key] for key in ("lpips", "logit_error")}
    definitions = dict(page(entries(replace(records[0], metrics=two))).definitions)
    shown = [one for family in definitions.values() for one in family]
    assert {one.key for one in shown} == set(two)
    assert {one.direction for one in shown} == {"lower is better"}
    assert list(definitions) == [metrics()[key].card.family for key in two]


def test_a_failed_cell_that_stands_in_two_sections_counts_once(records: list[Record]) -> None:
    other = replace(records[0], weights={records[0].classifier: "00" * 32})
    failed = replace(records[0], method="gone", status="failed", metrics={}, weights={})
    found = page(entries(records[0], other, failed))
    assert len(found.sections) == 2
    assert sum("1 cell failed" in line for line in found.holdings) == 1
