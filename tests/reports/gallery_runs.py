"""Invented runs for the tests of the gallery: known mistakes, known logits."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from numpy.typing import NDArray

from bench.datasets.cifar10 import shipped_test
from bench.store.record import read_records
from reports.analysis.groups import Entry, Group, group
from reports.page.gallery.gallery import Gallery, gallery
from reports.page.render import TEMPLATES
from tests.reports.synthetic import CONTROLS, INVERTERS, fake, fake_record, per_image, write_cell

NUM_IMAGES = 120
METHODS = ("biggan-logit", "dosovitskiy-brox-2016a", "engstrom-features", "oracle")
WRONG = {"robust_resnet152": range(0, NUM_IMAGES, 5), "resnet152": range(0, NUM_IMAGES, 7)}


def build(
    root: Path, classifier: str, n: int = NUM_IMAGES, methods: Sequence[str] = METHODS, num_logits: int = 10
) -> Path:
    """Cells of one classifier; it errs on the rows of ``WRONG``, and one with 1,000 logits knows other classes."""
    originals, labels = (part[:n] for part in shipped_test())
    rng = np.random.default_rng(n + len(classifier))
    folder = root / "cifar10" / classifier
    folder.mkdir(parents=True)
    np.save(root / "cifar10" / "originals.npy", shipped_test()[0][:NUM_IMAGES])
    z = rng.normal(0, 3, (n, num_logits)).astype(np.float32)
    ids = np.array([f"test-{row:05d}" for row in range(n)])
    np.savez(folder / "logits.npz", ids=ids, logits=z, made_by=np.array(f"{'9f' * 32} cpu"))
    for method in methods:
        look = (INVERTERS | CONTROLS).get(method) or INVERTERS["biggan-logit"]
        pixels = fake(originals, look[0], look[1], rng)
        columns = per_image(originals, pixels, labels, look, rng)
        answers = labels.astype(np.int64)
        wrong = [row for row in WRONG.get(classifier, ()) if row < n]
        answers[wrong] = (answers[wrong] + 3) % 10
        columns["prediction_target_original"] = z.argmax(1) if num_logits > 10 else answers
        kind = "control" if method in CONTROLS else "inverter"
        record = fake_record(method, kind, look, columns, n, classifier, rng)
        cell = write_cell(root, record, columns, pixels)
        if method == "biggan-logit":
            np.save(cell / "reconstruction_logits.npy", z + np.float32(0.25))
    return root


def opened(runs: Path) -> list[Group]:
    return group(Entry(record, directory) for record, directory in read_records(runs))


def shown(one: Group, groups: Sequence[Group] = ()) -> Gallery:
    found = gallery(one, groups)
    assert found is not None
    return found


def rendered(galleries: Iterable[Gallery]) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    source = '{% from "_gallery.html" import pictures %}{% for one in all %}{{ pictures(one, "C") }}{% endfor %}'
    return environment.from_string(source).render(all=list(galleries))


def row_of(image_id: str) -> int:
    return int(image_id.removeprefix("test-"))


def column(entry: Entry, key: str) -> NDArray[Any]:
    assert entry.directory is not None
    values: NDArray[Any] = pq.read_table(entry.directory / "per_image.parquet")[key].to_numpy()
    return values


def three_classifiers(factory: pytest.TempPathFactory) -> list[Group]:
    """Two that name CIFAR-10's classes and one that knows a thousand others, built once a session."""
    return _three_classifiers(factory.getbasetemp() / "gallery")


@cache
def _three_classifiers(root: Path) -> list[Group]:
    for classifier in WRONG:
        build(root, classifier)
    return opened(build(root, "efficientnet_lite0", num_logits=1000))


def islands(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """What the script reads of each gallery."""
    return [json.loads(shown(one, groups).data) for one in groups]
