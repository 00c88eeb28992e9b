"""``bench list``: rows of plain values, read from metadata and files; neither a plugin nor torch is imported."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.classifiers.provider import ClassifierProvider

Value = str | int | float | None
Row = dict[str, Value]

KINDS = ("methods", "classifiers", "datasets", "extractors", "metrics", "probes", "trainers", "executors", "runs")
PROBES = "bench.probes"
EXECUTORS = "bench.executors"


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
        "extractors": extractors,
        "metrics": metrics,
        "probes": probes,
        "trainers": trainers,
        "executors": executors,
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


def executors() -> list[Row]:
    """What runs sweeps: ``name``, ``kind``, ``distribution``, ``version``, ``object``."""
    return _points(EXECUTORS, "executor")


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
    """What the providers have: ``name``, ``id``, ``role``, ``logits``, ``weights``, ``summary`` and known accuracies.

    A provider that has too many to list has one row, with the form of its names.
    """
    from bench.classifiers.provider import FILE, provider_class
    from bench.errors import PluginError
    from bench.registry import CLASSIFIERS, registered

    table: list[tuple[Row, Mapping[str, float]]] = []
    for prefix in sorted(registered(CLASSIFIERS), key=lambda name: (name != "zoo", name == FILE, name)):
        start = "" if prefix == FILE else f"{prefix}:"
        try:
            provider = provider_class(prefix)()
            names = list(provider.names())
        except PluginError as error:
            table.append((_classifier(f"{prefix}:...", summary=f"cannot be used: {error.reason}"), {}))
            continue
        table += [_listed(provider, prefix, name) for name in names]
        if provider.form:
            table.append((_classifier(f"{start}{provider.form}", summary=provider.summary), {}))
    columns = list(dict.fromkeys(column for _, scores in table for column in scores))
    return [{**head, **{column: scores.get(column) for column in columns}} for head, scores in table]


def _listed(provider: ClassifierProvider, prefix: str, name: str) -> tuple[Row, Mapping[str, float]]:
    """One network's row and its accuracies; the short name where there is one."""
    from bench.classifiers.provider import ALIASES
    from bench.errors import BenchError, error_text

    full = f"{prefix}:{name}"
    short = next((alias for alias, one in ALIASES.items() if one == full), full)
    try:
        card = provider.card(name)
    except BenchError as error:
        return _classifier(short, full, weights="missing", summary=str(error)), {}
    except Exception as error:  # a plugin may fail in any way
        return _classifier(short, full, summary=f"cannot be used: {error_text(error)}"), {}
    role = "target" if card.target else "judge"
    return _classifier(short, full, role, card.num_logits, "here", card.summary), card.accuracy


def _classifier(
    name: str,
    full: str | None = None,
    role: str | None = None,
    logits: int | None = None,
    weights: str | None = None,
    summary: str = "",
) -> Row:
    return {"name": name, "id": full, "role": role, "logits": logits, "weights": weights, "summary": summary}


def datasets() -> list[Row]:
    """What ``--dataset`` accepts: ``name``, ``about``, ``test``, ``train``, ``val`` (images that are here).

    That stands in the classes, which are imported for it; one that cannot be imported says so in its place.
    """
    from bench.errors import PluginError
    from bench.registry import DATASETS, load, registered

    table: list[Row] = []
    for name in registered(DATASETS):
        counts: dict[str, int] = {}
        try:
            cls = load(DATASETS, "dataset", name)
            shown, about, counts = f"{name}{cls.takes}", cls.summary, cls.here()
        except PluginError as error:
            shown, about = name, f"cannot be used: {error.reason}"
        table.append(
            {"name": shown, "about": about, **{split: counts.get(split) for split in ("test", "train", "val")}}
        )
    return table


def metrics() -> list[Row]:
    """``key``, ``title``, ``level``, ``better`` (higher, lower or null), ``computed``, ``definition``."""
    from bench.metrics import registry

    better = {True: "higher", False: "lower", None: None}
    groups = (("always", registry.metrics()), ("when asked for", registry.asked_for()))
    return [
        {
            "key": key,
            "title": metric.card.title,
            "level": metric.card.level,
            "better": better[metric.card.higher_is_better],
            "computed": when,
            "definition": metric.card.definition,
        }
        for when, group in groups
        for key, metric in group.items()
    ]


def extractors() -> list[Row]:
    """The networks that metrics look through: ``name``, ``features``, ``weights``, ``resizing``, ``about``."""
    from bench.metrics.base import JUDGE
    from bench.metrics.extractors import extractors, identity

    unknown = {JUDGE: "of whom the dataset or --judge names"}
    return [
        {
            "name": name,
            "features": one.dimension or None,
            "weights": "here" if identity(one) else unknown.get(name, "missing"),
            "resizing": one.resizing or None,
            "about": one.about or None,
        }
        for name, one in extractors().items()
    ]


def runs(folder: Path = Path("runs")) -> list[Row]:
    """Records below a folder: ``dataset``, ``classifier``, ``method``, ``probe``, ``num_images``, ... ``key``.

    What cannot be read is named on stderr.
    """
    from bench.cli.printing import print_faults
    from bench.store.faults import Faults
    from bench.store.record import read_records

    faults = Faults()
    found: list[Row] = [
        {
            "dataset": record.dataset,
            "classifier": record.classifier,
            "method": record.method,
            "probe": record.probe,
            "num_images": record.num_images,
            "seed": record.seed,
            "training_seed": record.training_seed,
            "status": record.status,
            "created": record.created,
            "key": record.key or path.name,
            "reason": record.reason,
        }
        for record, path in read_records(folder, faults)
    ]
    print_faults(faults)
    return found
