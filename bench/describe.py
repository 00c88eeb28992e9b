"""The cards of all that a record names: written by every run, and supplied for records that were written without.

No plugin is imported to read a record: of a method that is installed the facts are read from its source. What nobody
knows any more has a bare card.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.cards import Cards, ClassifierCard, DatasetCard, MethodCard, MetricCard, ProbeCard, unknown
from bench.classifiers.providers.zoo import ZOO, ZooProvider
from bench.probes.answers import ANSWERS
from bench.registry import CONTROLS, DATASETS, INVERTERS, load, points
from bench.store.neutral import dataset_name

if TYPE_CHECKING:
    from bench.datasets.base import Dataset
    from bench.identify import Method
    from bench.inverters.base import Inverter
    from bench.probes.base import Probe
    from bench.store.record import Record

TOLD = ("question", "role", "citation")  # what a method's class says for people
SHIPPED = "zoo:"
OURS = "bench."  # probes and datasets of this package import nothing heavy


def cards(method: Method, classifier: ClassifierCard, dataset: DatasetCard) -> Cards:
    """Of a cell before anything is computed."""
    return Cards(method_card(method, method.name, method.kind), classifier, dataset)


def completed(known: Cards, record: Record) -> Cards:
    """With a card for every score of the record and of its levels, and with what the scores say of the classifier.

    Cards that are there stand; one that was written before cards held a formula takes the words of today.
    """
    held = (record.metrics, *(level.metrics for level in record.levels))
    keys = dict.fromkeys(key for scores in held for key in scores)
    found = {key: _worded(known.metrics[key]) if key in known.metrics else metric_card(key) for key in keys}
    ordered = dict(sorted(found.items(), key=lambda pair: (pair[1].place, pair[0])))
    chance = next((held[0][key].chance for key in held[0] if "target-class" in found[key].roles), None)
    if chance and not known.classifier.num_logits:
        known = replace(known, classifier=replace(known.classifier, num_logits=round(1 / chance)))
    if known.probe is not None and not known.probe.answers:  # written before cards held any
        known = replace(known, probe=replace(known.probe, answers=known_probe(known.probe.name).answers))
    return replace(known, metrics=ordered)


def cards_of(record: Record) -> Cards:
    """All that a record should have: its own, and what they lack."""
    return completed(record.cards, record) if record.cards is not None else supplied(record)


def labelled(record: Record) -> DatasetCard:
    """The card of a record's dataset under the name of its kind, by which classifiers know the classes."""
    kind = record.protocol.get("dataset") or record.dataset.partition(":")[0]
    return replace(cards_of(record).dataset, name=str(kind))


def supplied(record: Record) -> Cards:
    """Those of a record that was written without, by the names that it holds."""
    told = {}
    with suppress(ImportError, SyntaxError, OSError, ValueError):  # a plugin that is damaged, or gone
        target = _target(record.kind, record.method)
        found = declared(target) if target else {}
        told = {name: found[name] for name in TOLD if found.get(name, ...) is not ...}
    method = MethodCard(record.method, record.kind, record.access, record.training, record.stochastic, **told)
    classifier = known_classifier(record.classifier, record.weights.get(record.classifier, ""))
    dataset = known_dataset(record.dataset, str(record.protocol.get("order", "")))
    probe = None if record.probe is None else known_probe(record.probe)
    return completed(Cards(method, classifier, dataset, probe=probe), record)


def method_card(cls: Method | type[Inverter], name: str, kind: str) -> MethodCard:
    """By the class, or what it declares; ``name`` as in records."""
    told = str(cls.question), cls.role, tuple(map(str, cls.citation))
    return MethodCard(name, kind, cls.access, cls.training, cls.stochastic, cls.version, *told)


@cache
def _target(kind: str, name: str) -> str | None:
    """``module:Class`` of a method that is installed."""
    group = CONTROLS if kind == "control" else INVERTERS
    return next((point.value for point in points(group) if point.name == name), None)


def declared(target: str) -> dict[str, Any]:
    """Attributes of the class ``module:Class`` and of its bases, as they stand in the source; ``...`` is no literal.

    Raises:
        ImportError, OSError, SyntaxError, ValueError: there is no such source.
    """
    module, _, name = target.partition(":")
    body = _parsed(source_of_module(module)[1])
    origins = {
        alias.asname or alias.name: f"{node.module}:{alias.name}"
        for node in body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    found: dict[str, Any] = {}
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            for base in node.bases:
                if isinstance(base, ast.Name):
                    found = declared(origins.get(base.id, f"{module}:{base.id}")) | found
            for one in node.body:
                if isinstance(one, ast.Assign | ast.AnnAssign) and one.value is not None:
                    attribute = one.target if isinstance(one, ast.AnnAssign) else one.targets[0]
                    found[ast.unparse(attribute)] = _literal(one.value)
    return found


def _literal(value: ast.expr) -> Any:
    try:
        return ast.literal_eval(value)
    except ValueError:
        return ...


def source_of_module(name: str) -> tuple[Path | None, bytes]:
    """The file that an import would run, and its text; None where it is no Python source. Packages alone are imported.

    Raises:
        ImportError, OSError, ValueError: there is no such module.
    """
    spec = find_spec(name)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None, b""
    return Path(spec.origin), Path(spec.origin).read_bytes()


@lru_cache(maxsize=64)
def _parsed(text: bytes) -> list[ast.stmt]:
    return ast.parse(text).body


def known_classifier(name: str, identity: str) -> ClassifierCard:
    """By the name alone, of those that ship; others have a bare card."""
    short = name.removeprefix(SHIPPED)
    if short not in ZOO:
        return ClassifierCard(name, name, identity, 0)
    return replace(ZooProvider().card(short), name=name, identity=identity)


@cache
def known_dataset(name: str, identity: str) -> DatasetCard:
    """By the name alone, of those that come with bench; others have a bare card."""
    entry = name.partition(":")[0]
    if not any(point.name == entry and point.value.startswith(OURS) for point in points(DATASETS)):
        return DatasetCard(dataset_name(name), identity, 0, ())
    dataset: type[Dataset] = load(DATASETS, "dataset", entry)
    return dataset.known(name, identity, dataset.side(name) or 0)


def probe_card(cls: type[Probe]) -> ProbeCard:
    """By the class."""
    ours = cls.__module__.startswith(OURS)
    told = ANSWERS.get(cls.name, ()) if ours else tuple(getattr(cls, "answers", ()))
    return ProbeCard(cls.name, cls.question, cls.levels, cls.place, cls.looks, cls.sheet, told)


@cache
def known_probe(name: str) -> ProbeCard:
    """Of a probe of this package; others are not imported."""
    ours = any(point.name == name and point.value.startswith(OURS) for point in points("bench.probes"))
    return probe_card(load("bench.probes", "probe", name)) if ours else ProbeCard(name)


def metric_card(key: str) -> MetricCard:
    """Of a metric that is registered, or of a probe's measure."""
    from bench.probes.measures import known

    return known().get(key) or unknown(key)


def _worded(card: MetricCard) -> MetricCard:
    """With the title, formula and meaning of the same version of the metric, where the card has no such words yet."""
    here = metric_card(card.key)
    if card.formula or card.good or here.version != card.version or not (here.formula or here.good):
        return card
    return replace(card, title=here.title, formula=here.formula, good=here.good)


def references(needed: Iterable[str]) -> list[str]:
    """BibTeX of these citations, each once: entries of ``references.bib`` in its order, then those given whole."""
    wanted = set(needed)
    listed = Path(__file__).with_name("references.bib").read_text(encoding="utf-8").strip().split("\n\n")
    known = {entry.partition("{")[2].partition(",")[0]: entry for entry in listed}
    return [
        *(entry for key, entry in known.items() if key in wanted),
        *sorted(one for one in wanted if one.startswith("@")),
    ]
