from __future__ import annotations

import dataclasses
import re
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from bench.cards import Look, MetricCard, ProbeCard
from bench.describe import supplied
from bench.store.record import Level, Score
from reports.analysis.groups import Entry
from reports.page.probes.pages import probe_pages
from tests.reports.probe_records import (
    CLASSES,
    CLASSIFIERS,
    KINDS,
    METHODS,
    NOISE,
    cells,
    entry,
    levels_of,
    make_record,
    rendered,
    with_pictures,
)

EVIL = "<script>alert('x')</script>"


def test_pages_come_in_the_order_of_the_probes_with_plugins_last() -> None:
    lost = make_record("shift", status="failed", levels=(), metrics={})
    names = [*reversed(KINDS), "zebra", "aardvark", None]
    entries = [Entry(dataclasses.replace(lost, probe=name)) for name in names]
    pages = probe_pages(entries)
    assert [page.name for page in pages] == [*KINDS, "aardvark", "zebra"]
    assert len({page.anchor for page in pages}) == len(KINDS) + 2
    for page in pages[:10]:
        probe = CLASSES[page.name]
        assert (page.question, page.levels) == (probe.question, probe.levels)


def test_other_numbers_of_images_protocols_and_datasets_never_share_a_figure() -> None:
    entries = [
        entry("shift"),
        entry("shift", "resnet152"),
        entry("shift", "inception_v3", num_images=100),
        entry("shift", "efficientnet_lite0", protocol={"fingerprint": "another"}),
        entry("shift", "resnet152", dataset="folder:x"),
    ]
    (page,) = probe_pages(entries)
    assert page.several
    assert [group.subtitle for group in page.groups] == [
        "cifar10 · 250 images · seed 0 · protocol 05974f737d3a",
        "efficientnet_lite0 · biggan-logit · cifar10 · 250 images · seed 0 · protocol another",
        "inception_v3 · biggan-logit · cifar10 · 100 images · seed 0 · protocol 05974f737d3a",
        "resnet152 · biggan-logit · folder:x · 250 images · seed 0 · protocol 05974f737d3a",
    ]
    names = [
        {sign.label.partition(" ")[0] for figure in group.figures for sign in figure.legend} for group in page.groups
    ]
    assert names == [{"robust_resnet152", "resnet152"}, {"efficientnet_lite0"}, {"inception_v3"}, {"resnet152"}]
    for group, classifiers in zip(page.groups, names, strict=True):
        for plot in group.figures[0].plots:
            described = re.findall(r"(\w+) · biggan-logit: ", plot.svg)
            assert set(described) == classifiers
    assert "they stand in 4 groups" in rendered([page]).html
    assert "groups" not in rendered(probe_pages(entries[:2])).html


@pytest.mark.usefixtures("without_drawings")
def test_other_weights_of_a_classifier_never_share_a_figure() -> None:
    entries = [
        entry("shift", weights={"robust_resnet152": "aa" * 32}),
        entry("shift", "resnet152", weights={"resnet152": "bb" * 32}),
        entry("shift", "resnet152", weights={"resnet152": "cc" * 32}),
        entry("shift", "resnet152", num_images=100, weights={"resnet152": "dd" * 32}),
        entry("shift", "resnet152"),
    ]
    (page,) = probe_pages(entries)
    common = "cifar10 · 250 images · seed 0 · protocol 05974f737d3a"
    assert [group.subtitle for group in page.groups] == [
        f"robust_resnet152 · biggan-logit · {common}",
        f"resnet152 · biggan-logit · {common} · resnet152 weights bbbbbbbbbbbb",
        f"resnet152 · biggan-logit · {common} · resnet152 weights cccccccccccc",
        f"resnet152 · biggan-logit · {common} · resnet152 weights not recorded",
        "resnet152 · biggan-logit · cifar10 · 100 images · seed 0 · protocol 05974f737d3a",
    ]
    for group, one in zip(page.groups, (entries[0], *entries[1:3], entries[4], entries[3]), strict=True):
        assert [sign.label for sign in group.figures[0].legend] == [f"{one.record.classifier} · biggan-logit"]
    assert "a classifier's weights" in rendered([page]).html
    assert len(probe_pages(entries[:2])[0].groups) == 1  # each classifier with weights of its own


@pytest.mark.usefixtures("without_drawings")
def test_records_of_one_method_and_classifier_say_what_tells_them_apart() -> None:
    (page,) = probe_pages([entry("shift"), entry("shift", seed=1), entry("shift", "resnet152")])
    (group,) = page.groups
    assert [sign.label for sign in group.figures[0].legend] == [
        "robust_resnet152 · biggan-logit (seed 0)",
        "robust_resnet152 · biggan-logit (seed 1)",
        "resnet152 · biggan-logit",
    ]
    assert group.subtitle.startswith("cifar10 · 250 images · seed 0 and 1 ·")


@pytest.mark.usefixtures("without_drawings")
def test_failed_and_skipped_probes_stand_with_their_reason_and_notes_with_their_record() -> None:
    entries = [
        entry("shift", note="s = 1.3"),
        entry("shift", "resnet152", note="s = 2.1"),
        entry("shift", "inception_v3", status="skipped", reason="no logits", levels=(), metrics={}),
        entry("shift", "efficientnet_lite0", status="failed", reason=None, levels=(), metrics={}),
    ]
    (page,) = probe_pages(entries)
    assert [(one.status, one.reason) for one in page.outcomes] == [
        ("skipped", "no logits"),
        ("failed", "No reason was recorded."),
    ]
    html = rendered([page])
    (listed,) = html.root.all("ul", class_="probe-outcomes")
    assert "inception_v3 · biggan-logit · 250 images, skipped: no logits" in " ".join(listed.text.split())
    (notes,) = html.root.all("ul", class_="probe-notes")
    assert [" ".join(item.text.split()) for item in notes.all("li")] == [
        "robust_resnet152 · biggan-logit: s = 1.3",
        "resnet152 · biggan-logit: s = 2.1",
    ]
    only_lost = probe_pages(entries[2:])
    assert only_lost[0].groups == ()
    assert rendered(only_lost).root.all("ul", class_="probe-outcomes")


@pytest.mark.usefixtures("without_drawings")
def test_a_plugin_is_shown_without_being_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(point: EntryPoint) -> None:
        raise AssertionError(f"{point} was imported")

    monkeypatch.setattr(EntryPoint, "load", refuse)
    score = Score(0.25, (0.2, 0.3), 10)
    numbered = tuple(Level(f"strength {k}", float(k), {"wobble": score}) for k in range(3))
    named = tuple(Level(name, None, {"wobble": score}) for name in ("left", "right"))
    pages = probe_pages(
        [
            Entry(make_record("shift", probe="wobbling", levels=numbered, metrics={"total_wobble": score})),
            Entry(make_record("shift", probe="wobbling-sets", levels=named, metrics={})),
        ]
    )
    assert [[plot.title for figure in page.groups[0].figures for plot in figure.plots] for page in pages] == [
        ["wobble", "total_wobble"],
        ["wobble"],
    ]
    assert {page.levels for page in pages} == {""}
    html = rendered(pages)
    assert [len(cells(table)) for table in html.root.all("table", class_="probe-table")] == [4, 2]
    assert "outside this package" in html.html


@pytest.mark.usefixtures("without_drawings")
def test_a_plugin_is_drawn_by_its_own_card() -> None:
    score = Score(0.25, (0.2, 0.3), 10, higher_is_better=True)
    levels = tuple(Level(f"strength {k}", float(k), {"wobble": score, "other": score}) for k in range(3))
    looks = (Look("lines", ("wobble",), "How it wobbles.", axis="strength", neutral=1.0),)
    card = ProbeCard("wobbling", "Does it wobble?", "strengths", place=-1, looks=looks)
    wobble = MetricCard("wobble", "wobbling", "how much it wobbles", True, "image", digits=1, share=True)
    bare = make_record("shift", probe="wobbling", levels=levels, metrics={})
    cards = supplied(bare)
    cards = dataclasses.replace(cards, probe=card, metrics=cards.metrics | {"wobble": wobble})
    first, second = probe_pages([entry("noise"), Entry(dataclasses.replace(bare, cards=cards))])
    assert (first.name, first.question, first.levels) == ("wobbling", "Does it wobble?", "strengths")
    assert second.name == "noise"
    (figure,) = first.groups[0].figures
    assert [plot.title for plot in figure.plots] == ["wobbling"]
    assert figure.caption.startswith("How it wobbles.")
    table = first.groups[0].table
    assert table is not None
    (block,) = (block for block in table.blocks if block.key == "wobble")
    assert (block.definition, block.arrow) == ("how much it wobbles", "↑")


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_of_another_version_has_its_numbers_and_leaves_out_the_figures(kind: str) -> None:
    old = entry(kind, levels=(Level("something else", None, {"unheard": Score(1.5, None, 3)}),), metrics={})
    pages = probe_pages([old])
    assert pages[0].groups[0].figures == ()
    (table,) = rendered(pages).root.all("table", class_="probe-table")
    assert cells(table) == [[("1.500", "")]]
    assert table.first("tbody").first("strong").text == "unheard"


@pytest.mark.usefixtures("without_drawings")
def test_names_reasons_and_captions_show_as_text(tmp_path: Path) -> None:
    score = Score(0.5, None, 3, note=EVIL)
    record = make_record(
        "shift", method="evil", classifier="evil", probe=EVIL, note=EVIL, levels=(Level(EVIL, 1.0, {EVIL: score}),),
    )  # fmt: skip
    shown, _ = with_pictures(tmp_path, record, [EVIL], [EVIL, EVIL])
    named = dataclasses.replace(record, method=EVIL, classifier=EVIL, dataset=EVIL)
    failed = dataclasses.replace(record, status="failed", reason=EVIL, key="other")
    html = rendered(probe_pages([Entry(named, shown.directory), Entry(failed)]))
    assert not html.root.all("script")
    assert "<script" not in html.html
    assert html.root.all("h3")[0].first("small").text == EVIL
    (image,) = html.root.all("img")
    assert image.attributes["alt"].startswith(f"{EVIL}, {EVIL} · {EVIL}: {EVIL} (judged ")
    assert html.html.count("&lt;script") > 10


def test_a_probe_of_eight_cells_stays_below_half_a_megabyte(tmp_path: Path) -> None:
    rows, entries = [f"test-{k}" for k in range(8)], []
    for classifier in CLASSIFIERS:
        for method in METHODS:
            for kind in KINDS:
                columns = {
                    "noise": NOISE,
                    "misclassified": ("original", "reconstruction"),
                    "ood": tuple(f"image {k}" for k in range(1, 9)),
                    "interpolate": ("first original", *(f"t = {k / 8:g}" for k in range(9)), "second original"),
                    "transform": tuple(name for name, _ in levels_of("transform")),
                }.get(kind, ("original", *(name for name, _ in levels_of(kind))))
                used = rows[:6] if kind == "ood" else rows
                entries.append(with_pictures(tmp_path, make_record(kind, classifier, method), used, columns)[0])
    pages = probe_pages(entries)
    html = rendered(pages)
    assert len(html.html.encode()) < 500_000 * len(KINDS)
    ids = re.findall(r'\sid="([^"]+)"', html.html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', html.html)) <= set(ids)
    assert all(image.attributes["alt"] for image in html.root.all("img"))
