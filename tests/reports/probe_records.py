"""Invented probe records of every kind, with pictures, as ``bench probe`` would leave them."""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.cli.listing import PROBES
from bench.datasets.cifar10 import CLASS_NAMES, shipped_test
from bench.describe import known_probe
from bench.probes import noise, transform
from bench.probes.access import Access
from bench.probes.base import Probe
from bench.probes.interpolate import TIMES
from bench.probes.iterate import ROUNDS
from bench.probes.manipulate import Perturb, Scale, Shift
from bench.registry import load, registered
from bench.store.files import write_atomically
from bench.store.record import Level, Record, Score
from reports.analysis.groups import Entry
from reports.analysis.probe_groups import Together, together
from reports.page import render
from reports.page.probes.pages import ProbePage
from tests.reports.html_page import Page, Tag

KINDS = tuple(sorted(registered(PROBES), key=lambda kind: known_probe(kind).place))
CLASSES: dict[str, type[Probe]] = {kind: load(PROBES, "probe", kind) for kind in KINDS}
LOOKS = {kind: known_probe(kind).looks for kind in KINDS}
CLASSIFIERS = ("robust_resnet152", "resnet152", "inception_v3", "efficientnet_lite0")
METHODS = ("biggan-logit", "dosovitskiy-brox-2016a")
NOISE = ("original", *(f"draw {k}" for k in range(1, noise.DRAWS + 1)))
PROTOCOL = {"fingerprint": "05974f737d3a9428"}
Named = list[tuple[str, float | None]]


def levels_of(kind: str) -> Named:
    """Names and values of a probe's levels."""
    manipulations = {cls.name: cls for cls in (Shift, Scale, Perturb)}
    if isinstance(probe := CLASSES[kind](), Access):
        returned = probe.returned(np.arange(10, dtype=np.float32)[None], np.zeros(10))
        named = [(name, value) for name, (value, _) in returned.items()]
        return named if probe.alone in returned else [(probe.alone, None), *named]
    if kind in manipulations:
        return [(f"{kind} {value:g}", value) for value in manipulations[kind].values]
    others: dict[str, Named] = {
        "noise": [(f"draw {k}", float(k)) for k in range(1, noise.DRAWS + 1)],
        "interpolate": [(f"{path} {t:g}", t) for path in ("linear", "spherical") for t in TIMES],
        "misclassified": [("misclassified", None), ("correct", None), ("difference", None)],
        "adversarial": [("clean", 0.0), ("attacked", 8 / 255)],
        "ood": [("cifar10", None), ("photographs", None), ("fashion-mnist", None)],
        "transform": [("none", 0.0), *((change.name, change.value) for change in transform.CHANGES)],
        "iterate": [(f"round {k}", float(k)) for k in range(1, ROUNDS + 1)],
        "information": [(name, None) for name in ("logits", "class", "shuffled", "none", "seed 1", "seed 2")],
    }
    return others[kind]


def score(rng: np.random.Generator, n: int, **others: Any) -> Score:
    """A share with an interval around it."""
    value = float(rng.uniform(0.1, 0.9))
    return Score(value, (value - float(rng.uniform(0, 0.1)), value + float(rng.uniform(0, 0.1))), n, **others)


def make_record(kind: str, classifier: str = "robust_resnet152", method: str = "biggan-logit", **others: Any) -> Record:
    """A complete record with every measure that the probe declares; others overwrite its fields."""
    rng = np.random.default_rng(zlib.crc32(f"{kind} {classifier} {method}".encode()))
    probe = CLASSES[kind]
    n = others.get("num_images", 250)
    levels = tuple(
        Level(name, value, {key: score(rng, n) for key in probe.measures}) for name, value in levels_of(kind)
    )
    record = Record(
        method=method,
        classifier=classifier,
        dataset="cifar10",
        num_images=n,
        seed=0,
        key=f"{kind}-{zlib.crc32(repr((classifier, method, others)).encode()):08x}",
        protocol=PROTOCOL,
        metrics={key: score(rng, n) for key in probe.overall},
        probe=kind,
        levels=levels,
    )
    return dataclasses.replace(record, **others)


def entry(kind: str, classifier: str = "robust_resnet152", method: str = "biggan-logit", **others: Any) -> Entry:
    """The same without a folder."""
    return Entry(make_record(kind, classifier, method, **others))


def with_pictures(
    folder: Path, record: Record, rows: Sequence[str], columns: Sequence[str], judged: bool = True, side: int = 32
) -> tuple[Entry, NDArray[np.uint8]]:
    """The record in a folder of its own, with pictures of the dataset and captions; and the pictures."""
    cell = folder / record.dataset / record.classifier / record.method / record.key
    cell.mkdir(parents=True)
    rng = np.random.default_rng(zlib.crc32(str(cell.relative_to(folder)).encode()))
    chosen = rng.choice(500, (len(rows), len(columns)))
    pixels = shipped_test()[0][chosen].repeat(max(1, side // 32), axis=2).repeat(max(1, side // 32), axis=3)
    classes = [[str(name) for name in rng.choice(CLASS_NAMES, len(columns))] for _ in rows] if judged else None
    np.save(cell / "pictures.npy", pixels)
    captions: Mapping[str, Any] = {"rows": list(rows), "columns": list(columns), "judged": classes}
    write_atomically(cell / "captions.json", json.dumps(captions).encode())
    write_atomically(cell / "record.json", record.to_json().encode())
    return Entry(record, cell), pixels


def rendered(pages: Sequence[ProbePage]) -> Page:
    """The probe pages alone, read back."""
    template = render._environment().from_string("{% from '_probes.html' import probe_pages %}{{ probe_pages(pages) }}")
    return Page(template.render(pages=pages))


def grouped(*entries: Entry) -> Together:
    (only,) = together(entries)
    return only


def everybody(kind: str) -> Together:
    return grouped(*(entry(kind, classifier, method) for classifier in CLASSIFIERS for method in METHODS))


def held(record: Record, level: str | None, key: str) -> Score:
    if level is None:
        return record.metrics[key]
    (found,) = [one for one in record.levels if one.name == level]
    return found.metrics[key]


def cells(table: Tag) -> list[list[tuple[str, str]]]:
    """(value, interval) of every cell, row by row, without the rows that name a measure."""
    rows = [row for row in table.all("tr") if row.all("td")]
    return [
        [
            (cell.first("span", class_="probe-value").text, "".join(s.text for s in cell.all("small")))
            for cell in row.all("td")
        ]
        for row in rows
    ]
