"""``bench list``: rows of plain values, read from metadata and files; neither a plugin nor torch is imported."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

Value = str | int | float | None
Row = dict[str, Value]

KINDS = ("methods", "classifiers", "datasets", "metrics", "probes", "trainers", "runs")
PROBES = "bench.probes"


def rows(kind: str, runs_folder: Path = Path("runs")) -> list[Row]:
    """The table of one kind: every row has the same keys.

    Args:
        kind: one of ``KINDS``.
        runs_folder: where ``runs`` looks for records.

    Raises:
        UnknownNameError: no such kind.
    """
    tables = {
        "methods": methods,
        "classifiers": classifiers,
        "datasets": datasets,
        "metrics": metrics,
        "probes": probes,
        "trainers": trainers,
    }
    if kind == "runs":
        return runs(runs_folder)
    if kind not in tables:
        from bench.errors import UnknownNameError

        raise UnknownNameError("list", kind, KINDS)
    return tables[kind]()


def methods() -> list[Row]:
    """Inverters, then controls: ``name``, ``kind``, ``distribution``, ``version``, ``object``."""
    from bench.registry import CONTROLS, INVERTERS

    return [*_points(INVERTERS, "inverter"), *_points(CONTROLS, "control")]


def trainers() -> list[Row]:
    """What is trained, by the name of the method: ``name``, ``kind``, ``distribution``, ``version``, ``object``."""
    from bench.registry import TRAINERS

    return _points(TRAINERS, "trainer")


def probes() -> list[Row]:
    """The paper's analyses: ``name``, ``question``, ``distribution``, ``version``, ``object``.

    The question stands in the class, which is imported for it; one that cannot be imported says so in its place.
    """
    from bench.registry import points

    rows: list[Row] = []
    for point in points(PROBES):
        row = _point(point, "probe")
        del row["kind"]
        rows.append({"name": row.pop("name"), "question": _question(point.name), **row})
    return rows


def _question(name: str) -> str:
    from bench.errors import PluginError
    from bench.registry import load

    try:
        return str(getattr(load(PROBES, "probe", name), "question", "asks no question"))
    except PluginError as error:
        return f"cannot be used: {error.reason}"


def _points(group: str, kind: str) -> list[Row]:
    from bench.registry import points

    return [_point(point, kind) for point in points(group)]


def _point(point: EntryPoint, kind: str) -> Row:
    return {
        "name": point.name,
        "kind": kind,
        "distribution": point.dist.name if point.dist else None,
        "version": point.dist.version if point.dist else None,
        "object": point.value,
    }


def classifiers() -> list[Row]:
    """Shipped classifiers: ``name``, ``role``, ``logits``, ``weights``, ``summary`` and their measured scores."""
    from bench.classifiers.catalogue import CATALOGUE, JUDGE

    shipped = manifest()
    table: list[Row] = []
    scores: list[Row] = []
    for name, item in CATALOGUE.items():
        facts = shipped.get(name, {})
        role = "judge" if name == JUDGE else "target"
        weights = "here" if name in shipped else "missing"
        head: Row = {"name": name, "role": role, "logits": item.num_logits, "weights": weights, "summary": item.summary}
        table.append(head)
        scores.append(_numbers(facts.get("measured") or {}))
    columns = list(dict.fromkeys(column for row in scores for column in row))
    return [
        {**head, **{column: row.get(column) for column in columns}} for head, row in zip(table, scores, strict=True)
    ]


def manifest() -> dict[str, dict[str, Any]]:
    """The facts of every shipped weight file by name; empty where the package came without its zoo."""
    from bench import weights

    try:
        return {name: item.facts for name, item in weights.manifest().items()}
    except FileNotFoundError:
        return {}


def _numbers(mapping: Mapping[str, Any], prefix: str = "") -> Row:
    """The numbers of a nested mapping, flat, names joined with underscores."""
    flat: Row = {}
    for name, value in mapping.items():
        if isinstance(value, Mapping):
            flat.update(_numbers(value, f"{prefix}{name}_"))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            flat[f"{prefix}{name}"] = value
    return flat


def datasets() -> list[Row]:
    """What ``--dataset`` accepts: ``name``, ``about``, ``test``, ``train``, ``val`` (images that are here)."""
    from bench.datasets import DATASETS
    from bench.paths import home

    folder = home() / "cifar10"
    test, train = (folder / "test_images.npy").exists(), (folder / "train_images.npy").exists()
    here = {"cifar10": (10_000 if test else 2_500, 45_000 if train else 0, 5_000 if train else 0)}
    table: list[Row] = []
    for name, about in DATASETS.items():
        counts = here.get(name, (None, None, None))
        table.append({"name": name, "about": about, **dict(zip(("test", "train", "val"), counts, strict=True))})
    return table


def metrics() -> list[Row]:
    """The protocol's metrics: ``key``, ``title``, ``level``, ``better`` (higher, lower or null), ``definition``."""
    from bench.metrics.catalogue import METRICS

    better = {True: "higher", False: "lower", None: None}
    return [
        {
            "key": info.key,
            "title": info.title,
            "level": info.level,
            "better": better[info.higher_is_better],
            "definition": info.definition,
        }
        for info in METRICS.values()
    ]


def runs(folder: Path = Path("runs")) -> list[Row]:
    """Records below a folder: ``dataset``, ``classifier``, ``method``, ``probe``, ``num_images``, ... ``key``.

    What cannot be read is named on stderr.
    """
    from bench.faults import Faults
    from bench.printing import print_faults
    from bench.record import read_records

    faults = Faults()
    found: list[Row] = [
        {
            "dataset": record.dataset,
            "classifier": record.classifier,
            "method": record.method,
            "probe": record.probe,
            "num_images": record.num_images,
            "seed": record.seed,
            "status": record.status,
            "created": record.created,
            "key": record.key or path.name,
            "reason": record.reason,
        }
        for record, path in read_records(folder, faults)
    ]
    print_faults(faults)
    return found
