from __future__ import annotations

import re

import pytest

from reports.analysis.probe_groups import SIGNS
from reports.figures import plotting
from reports.page.render import TEMPLATES
from tests.reports.html_page import Page, Tag


def drawn(label: str = "a", title: str = "t", name: str = "") -> str:
    with plotting.figure(300, 200) as fig:
        axes = fig.subplots()
        axes.plot([0, 1], [1, 3], marker="o", color=plotting.SERIES[1], label=label)
        axes.plot([0.5], [2], "o", mfc=plotting.PAPER, mec=plotting.MUTED)
        axes.legend()
        return plotting.svg(fig, title=title, description="what it shows", name=name)


def parsed(drawing: str) -> Tag:
    return Page(drawing).root.first("svg")


def test_a_drawing_is_named_sized_and_described() -> None:
    found = parsed(drawn(title='<b> & "quotes"'))
    assert found.attributes["role"] == "img"
    assert found.attributes["viewbox"] == "0 0 300 200"
    texts = {tag.attributes["id"]: tag.text for tag in (found.first("title"), found.first("desc"))}
    assert texts[found.attributes["aria-labelledby"]] == '<b> & "quotes"'
    assert texts[found.attributes["aria-describedby"]] == "what it shows"


def test_every_colour_follows_the_theme() -> None:
    drawing = drawn()
    assert not re.search(r"#[0-9a-fA-F]{6}", drawing)
    for variable in ("--ink", "--muted", "--grid", "--paper", "--series-2"):
        assert f"var({variable})" in drawing
    assert "DejaVu" not in drawing


def test_the_placeholders_are_the_colours_of_the_light_page() -> None:
    sheet = (TEMPLATES / "style.css").read_text()
    light = dict(re.findall(r"(--[\w-]+): light-dark\((#\w+),", sheet))
    assert len(set(plotting.VARIABLES.values())) == len(plotting.VARIABLES) == 12
    for colour, variable in plotting.VARIABLES.items():
        assert light[variable.removeprefix("var(").removesuffix(")")] == colour


def test_names_stay_names() -> None:
    label = 'a<script>$x$ style="stroke: #1b2025" id="q" href="#y" 中'
    found = parsed(drawn(label))
    assert any(tag.text == label for tag in found.all("text"))
    assert not found.all("script")


def test_ids_are_the_figures_own_and_all_are_used() -> None:
    one, other, twin = drawn(), drawn("b"), drawn(name="elsewhere")
    ids = [re.findall(r' id="([^"]+)"', drawing) for drawing in (one, other, twin)]
    assert len({name for found in ids for name in found}) == sum(map(len, ids))
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', one)) | set(
        re.findall(r'="(fig-\w+-(?:title|desc))"', one)
    ) == set(ids[0])


def test_the_same_drawing_gives_the_same_bytes_and_leaves_no_traces() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    assert drawn() == drawn()
    assert dict(matplotlib.rcParams) == before
    assert not re.search(r"<style|<metadata|<!--|\d{4}-\d\d-\d\d", drawn())


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1) of #rrggbb."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
def test_text_and_series_stand_out_in_both_themes(theme: int) -> None:
    sheet = (TEMPLATES / "style.css").read_text()
    colours = {name: pair[theme] for name, *pair in re.findall(r"(--[\w-]+): light-dark\((#\w+), (#\w+)\)", sheet)}
    for text in ("--ink", "--muted", "--accent", "--warn", "--bad", "--good"):
        for ground in ("--paper", "--raised"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    assert contrast(colours["--accent"], colours["--accent-soft"]) >= 4.5
    assert contrast(colours["--warn"], colours["--warn-soft"]) >= 4.5
    for number in range(1, 9):
        assert contrast(colours[f"--series-{number}"], colours["--paper"]) >= 3


def test_there_are_as_many_colours_and_markers_as_records_are_given() -> None:
    assert len(plotting.SERIES) == len(plotting.MARKERS) == SIGNS
