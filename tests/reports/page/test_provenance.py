"""Where numbers come from and what they cost, as printed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from bench.store.record import Level, Record, Score
from reports.analysis.groups import Entry, group
from reports.page.provenance import costs, facts, provenance
from reports.page.render import write_report
from tests.reports.html_page import Page
from tests.reports.synthetic import write_cell


def test_probes_have_their_provenance_and_cost(records: list[Record], tmp_path: Path) -> None:
    levels = (Level("draws", 3.0, {"lpips": Score(0.25, (0.2, 0.3), 40)}),)
    probe = dataclasses.replace(
        next(record for record in records if record.recipe), probe="noise", key="noise-abc", metrics={}, levels=levels
    )
    failed = dataclasses.replace(probe, key="noise-def", method="gone", status="failed", reason="no luck", levels=())
    write_cell(tmp_path, probe, None, None)
    write_cell(tmp_path, failed, None, None)
    page = Page(write_report(tmp_path, tmp_path / "report.html").read_text())
    assert "#provenance" in [link.attributes["href"] for link in page.root.first("nav").all("a")]
    (details,) = page.root.all("details", class_="probe-sources")
    assert "noise: weights, recipe, environment and cost of 2 records" in details.first("summary").text
    whole, lost = (
        {pair.first("dt").text: pair.first("dd").text for pair in source.all("div") if pair.attributes == {}}
        for source in sorted(details.all("div", class_="source"), key=lambda one: "gone" in one.first("h4").text)
    )
    assert probe.recipe is not None
    assert (whole["key"], lost["key"]) == ("noise-abc", "noise-def")
    assert whole["protocol"] == probe.fingerprint
    assert whole[probe.classifier] == probe.weights[probe.classifier]
    assert whole["hash"] == probe.recipe["hash"]
    assert whole["torch"] == probe.environment["torch"]
    assert (whole["time per image"], whole["peak memory"]) == ("3.1 ms", "812 MiB")
    assert lost["status"] == "failed"
    assert "time per image" not in lost


def test_nested_facts_are_flat_pairs_with_values_as_they_would_be_typed() -> None:
    found = facts({"a": "text", "b": {"c": 1, "d": {"e": [1, "é"], "f": None}}, "g": True})
    assert found == (("a", "text"), ("b.c", "1"), ("b.d.e", '[1, "é"]'), ("b.d.f", "null"), ("g", "true"))
    assert facts({}) == ()


def test_a_row_of_costs_for_each_complete_cell(records: list[Record]) -> None:
    failed = dataclasses.replace(records[0], method="gone", status="failed", metrics={})
    (one,) = group([Entry(record) for record in (*records, failed)])
    rows = {row.label: row for row in costs(one)}
    assert rows.keys() == {record.method for record in records}
    learned, plain = rows["biggan-logit"], rows["mahendran-vedaldi"]
    assert (learned.per_image, learned.total, learned.memory) == ("3.1 ms", "186 ms", "812 MiB")
    assert (learned.parameters, learned.training) == ("4,301,223", "2.5 h")
    assert (plain.parameters, plain.training) == ("—", "—")


def test_a_protocol_stands_once_and_beside_those_that_have_another(records: list[Record]) -> None:
    made_alike = {
        key: dataclasses.replace(one, fingerprint=records[0].fingerprint) for key, one in records[1].metrics.items()
    }
    changed = records[1].protocol | {"fingerprint": "another"}
    other = dataclasses.replace(records[1], protocol=changed, metrics=made_alike)
    (one,) = group([Entry(records[0]), Entry(other)])
    found = provenance(one)
    assert dict(found.protocol)["metrics.lpips"] == "v0.1 alex"
    assert "fingerprint" not in dict(found.protocol)
    sources = {source.label: dict(source.facts) for source in found.sources}
    assert "protocol" not in sources[records[0].method]
    assert sources[records[1].method]["protocol"] == "another"
