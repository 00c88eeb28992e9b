"""What each metric means: the words of its card, and what it is worth by guessing, by the class alone, at best."""

from __future__ import annotations

from dataclasses import replace

from bench.metrics.registry import metrics
from bench.store.record import Record
from reports.analysis.groups import Entry, group
from reports.page.front.about import About, abouts
from reports.words import text
from tests.reports.html_page import Page


def told(entries: list[Entry]) -> dict[str, About]:
    groups = group(entries)
    return {one.key: one for one in abouts(groups, {n: f"place {n}" for n, _ in enumerate(groups)})}


def test_words_are_those_of_the_cards_and_values_those_of_the_controls(records: list[Record]) -> None:
    found = told([Entry(record) for record in records])
    assert set(found) == {key for record in records for key in record.metrics}
    for key, one in found.items():
        card = metrics()[key].card
        assert (one.title, one.definition, one.formula, one.good) == (
            card.title, card.definition, card.formula, card.good,
        )  # fmt: skip
    by_method = {record.method: record for record in records}
    (line,) = found["lpips"].lines
    floor, ceiling = (by_method[name].metrics["lpips"].value for name in ("same-class-random", "oracle"))
    assert floor is not None
    assert (line.where, line.chance) == ("place 0", text.DASH)
    assert float(line.floor) == round(floor, len(line.floor.partition(".")[2]))
    assert float(line.ceiling) == ceiling
    assert found["reid_class_judge"].lines[0].chance == "0.100"


def test_every_metric_of_the_main_table_says_what_is_good() -> None:
    for one in metrics().values():
        if one.card.headline is not None:
            assert one.card.good or one.card.fetched, one.card.key


def test_without_controls_and_chance_there_is_no_line(records: list[Record]) -> None:
    inverter = next(one for one in records if one.kind == "inverter")
    alone = replace(inverter, metrics={"lpips": inverter.metrics["lpips"]})
    assert told([Entry(alone)])["lpips"].lines == ()


def test_every_question_mark_opens_a_popover_of_the_page(page: Page) -> None:
    buttons = page.root.all("button", class_="about")
    ids = {one.attributes["id"] for one in page.root.all("div", class_="about-metric")}
    assert {one.attributes["popovertarget"] for one in buttons} == ids
    assert all(one.attributes["aria-label"].startswith("What is ") for one in buttons)
