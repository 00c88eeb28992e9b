"""The cards: of classes and of catalogues, of records with them and without, without importing anybody's code."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields, replace
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from bench.cards import LAST, ROLES, Answer, Cards, MetricCard
from bench.cli.listing import PROBES
from bench.config import RunConfig
from bench.describe import TOLD, cards_of, declared, known_probe, method_card, metric_card, probe_card, supplied
from bench.inverters.base import Inverter
from bench.line import run_cell
from bench.metrics.registry import metrics
from bench.probes.measures import known
from bench.registry import CONTROLS, INVERTERS, load, registered
from bench.store.record import Level, Record, Score, read_records

ROOT = Path(__file__).resolve().parents[1]
METHODS = [(group, name) for group in (INVERTERS, CONTROLS) for name in registered(group)]


@pytest.fixture
def record() -> Record:
    return Record("ridge", "resnet152", "cifar10", 500, 0, kind="control", metrics={"psnr": Score(14.0)})


@pytest.mark.parametrize(("group", "name"), METHODS, ids=lambda one: one.rpartition(".")[2])
def test_the_source_of_a_method_says_what_its_class_says(group: str, name: str) -> None:
    cls, told = load(group, "method", name), declared(registered(group)[name].value)
    assert {key: told[key] for key in TOLD} == {key: getattr(cls, key) for key in TOLD}
    if group == CONTROLS:
        assert cls.role in ROLES
        assert cls.question


def test_every_role_of_a_control_has_one(record: Record) -> None:
    roles = [declared(point.value)["role"] for point in registered(CONTROLS).values()]
    assert sorted(roles) == sorted(ROLES)


def test_a_card_without_a_formula_takes_the_words_of_today(record: Record) -> None:
    """Of the same version alone; facts stand, and so do words of one's own."""
    known, today = supplied(record), metric_card("psnr")
    for changes, title in (
        ({"formula": "", "good": ""}, today.title),
        ({"formula": "", "good": "", "version": "0"}, "old"),
        ({}, "old"),
    ):
        old = replace(today, title="old", digits=7, **changes)  # type: ignore[arg-type]
        found = cards_of(replace(record, cards=replace(known, metrics={"psnr": old}))).metrics["psnr"]
        assert (found.title, found.digits) == (title, 7)


def test_a_source_is_read_as_python_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bases first, also from other modules; what is no literal is left out; nothing is run."""
    (tmp_path / "base_of_mine.py").write_text(
        "raise RuntimeError('imported')\nclass Base:\n    question: str = 'Old?'\n    role = 'linear'\n"
    )
    (tmp_path / "mine_of_mine.py").write_text(
        "from base_of_mine import Base as B\n"
        "class Mine(B, object):\n    question = 'New?'\n    citation = tuple('ab')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert declared("mine_of_mine:Mine") == {"question": "New?", "role": "linear", "citation": ...}
    assert declared("mine_of_mine:Other") == {}


def test_a_record_without_cards_gets_those_of_its_names(record: Record) -> None:
    cards = cards_of(record)
    assert (cards.method.role, cards.method.kind) == ("linear", "control")
    assert (cards.classifier.classes, cards.classifier.num_logits, cards.classifier.robust) == ("cifar10", 10, None)
    assert cards.dataset.class_names[0] == "airplane"
    assert list(cards.metrics) == ["psnr"]
    assert cards.probe is None
    robust = cards_of(replace(record, classifier="robust_resnet152")).classifier
    assert robust.robust == "Linf 8/255"
    assert "thin" in robust.caveat


def test_what_nobody_knows_has_a_bare_card(record: Record) -> None:
    scores = {"odd": Score(1.0), "reid_class_target": Score(0.5, chance=0.05)}
    strange = replace(record, method="m", classifier="c", dataset="folder:photos", probe="p", metrics=scores)
    cards = cards_of(strange)
    assert (cards.method.question, cards.method.role) == ("", None)
    assert (cards.classifier.classes, cards.classifier.place, cards.classifier.caveat) == ("", None, "")
    assert cards.classifier.num_logits == 20  # as the chance says
    assert not cards.dataset.names_classes
    assert cards.probe is not None
    assert (cards.probe.looks, cards.probe.place) == ((), LAST)
    odd = cards.metrics["odd"]
    assert (odd.title, odd.family, odd.headline, odd.place) == ("odd", "Other", None, LAST)


def test_a_folder_has_no_place_in_its_card(record: Record) -> None:
    assert cards_of(replace(record, dataset="folder:/home/ann/photos@32")).dataset.name == "folder:photos@32"


def test_cards_that_are_there_stand_and_new_scores_get_theirs(record: Record) -> None:
    own = replace(metric_card("psnr"), title="my own")
    cards = replace(supplied(record), metrics={"psnr": own})
    level = Level("one", None, {"lpips_step": Score(0.1)})
    later = cards_of(replace(record, cards=cards, metrics={"ssim": Score(0.1), "psnr": Score(1.0)}, levels=(level,)))
    assert list(later.metrics) == ["psnr", "ssim", "lpips_step"]
    assert later.metrics["psnr"] == own
    assert later.method == cards.method


def test_every_metric_and_measure_is_described() -> None:
    for key in known():
        card = metric_card(key)
        assert card.key == key
        assert card.definition
        assert card.digits in (2, 3, 4)
        assert card.sees
    assert [key for key in metrics() if metric_card(key).family == "Other"] == []
    places = [place for key in metrics() if (place := metric_card(key).headline) is not None]
    assert sorted(places) == list(range(15))
    assert metric_card("logit_move").reads_distance
    assert not metric_card("logit_move_cosine").reads_distance


def test_every_probe_says_how_it_is_drawn() -> None:
    cards = {name: known_probe(name) for name in registered(PROBES)}
    assert sorted(card.place for card in cards.values()) == list(range(len(cards)))
    for name, card in cards.items():
        cls = load(PROBES, "probe", name)
        drawn = {key for look in card.looks for key in look.keys}
        assert drawn
        assert drawn <= {*cls.measures, *cls.overall}


def test_a_probe_from_outside_brings_its_answers_and_an_old_record_gets_those_of_today(record: Record) -> None:
    told = (Answer("It wobbles.", ()),)
    ours = known_probe("noise")
    assert ours.answers
    theirs = type("Theirs", (load(PROBES, "probe", "noise"),), {"answers": told, "__module__": "theirs"})
    assert probe_card(theirs).answers == told
    old = replace(supplied(record), probe=replace(ours, answers=()))
    assert cards_of(replace(record, cards=old)).probe == ours


def test_somebody_elses_probe_is_not_imported_to_read_its_record(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("theirs", "not_there:Probe", PROBES)
    monkeypatch.setattr("bench.describe.points", lambda group: [point])
    assert known_probe("theirs").looks == ()


def test_a_damaged_plugin_leaves_a_record_readable(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_of_mine.py").write_text("class Mine(:\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("bench.describe._target", lambda kind, name: "broken_of_mine:Mine")
    assert cards_of(record).method.question == ""
    monkeypatch.setattr("bench.describe._target", lambda kind, name: "not.there_of_mine:Mine")
    assert cards_of(record).method.question == ""


def test_a_class_may_say_anything_for_people() -> None:
    class Mine(Inverter):
        name = "mine"
        question = "Does it work?"
        citation = ("@misc{mine,\n  title = {Mine}\n}",)

    card = method_card(Mine, "mine", "inverter")
    assert (card.question, card.citation, card.role) == (Mine.question, Mine.citation, None)


@pytest.mark.networks
def test_a_run_writes_its_cards(tmp_path: Path) -> None:
    plugin = f"{Path(__file__).parent / 'plugins.py'}:Noisy"
    record = run_cell(RunConfig(plugin, "robust_resnet152", num_images=8, out=tmp_path, controls=False, device="cpu"))
    raw = json.loads(next(tmp_path.glob("*/*/*/*/record.json")).read_text())["cards"]
    assert set(raw) == {field.name for field in fields(Cards)}
    assert list(raw["metrics"]) == list(record.metrics)
    assert set(raw["metrics"]["psnr"]) == {field.name for field in fields(MetricCard)}
    assert record.cards == cards_of(record)
    assert (raw["method"]["name"], raw["method"]["stochastic"]) == ("noisy", True)
    assert (raw["dataset"]["identity"], raw["dataset"]["image_size"]) == (record.protocol["order"], 32)
    assert raw["classifier"]["identity"] == record.weights["robust_resnet152"]


def test_reading_all_committed_records_imports_no_torch() -> None:
    code = (
        "import sys; from pathlib import Path; from bench.store.record import read_records; "
        "from bench.store.reader import Left; "
        "cards = [Left(*one).cards for one in read_records(Path('reports/results'))]; "
        "assert len(cards) > 100; assert 'torch' not in sys.modules, 'torch'"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]


def test_committed_records_are_of_known_things() -> None:
    own = {card.key for name in registered(PROBES) for card in load(PROBES, "probe", name).cards}
    for record, _ in read_records(ROOT / "reports" / "results"):
        cards = cards_of(record)
        assert cards.method.question or cards.method.citation
        assert cards.classifier.place is not None
        assert all(card.place < LAST or card.key in own for card in cards.metrics.values())
