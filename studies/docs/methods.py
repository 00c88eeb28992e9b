"""``reference/methods.md``: inverters and controls."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from bench.registry import CONTROLS, INVERTERS, TRAINERS
from bench.store.record import Record
from studies.docs import committed, ours, shipped
from studies.docs.bibliography import cited
from studies.docs.docstrings import parsed, summary
from studies.docs.markdown import code, duration, facts, joined, number, prose, table

INTRO = (
    "An *inverter* turns logits into images. A *control* stands beside the inverters as a floor or a ceiling: it may "
    "see more than an inverter, and no score means anything without it."
)
INVERTED = "`bench run --method NAME` runs one; `--method all` runs every inverter."
CONTROLLED = "Every run adds the controls that the weights and images at hand allow; `--no-controls` leaves them away."
ACCESS = {
    "logits": "the logits alone",
    "features": "the network, with gradients, and its penultimate features in place of the logits",
    "white-box": "the logits and the network, with gradients",
    "original": "the originals",
}
TRAINING = {"none": "none", "pairs": "on pairs of logits and image of the training split"}
ROLES = {
    "ceiling": "the ceiling of each metric",
    "set-floor": "the floor of the distances between sets",
    "memory": "how far memorising goes",
    "class-floor": "what the class alone is worth",
    "class-mean": "what the mean of the class is worth",
    "linear": "what is linearly there",
    "class-only": "what the arg-max alone is worth",
}
PAPERS = "What each package took from its papers, what they leave open, and what was chosen."
COST = (
    "Wall-clock time of the inversion alone, from the committed records: the cell of most images for each classifier "
    "and preset. Times of different machines do not compare."
)


def page() -> str:
    """The whole page."""
    inverters, controls = ours.plugins(INVERTERS), ours.plugins(CONTROLS)
    return joined(
        [
            "# Methods",
            INTRO,
            _overview(inverters, controls),
            "## Inverters",
            INVERTED,
            *(_method(name, cls) for name, cls in inverters.items()),
            "## Controls",
            CONTROLLED,
            *(_method(name, cls) for name, cls in controls.items()),
            "## From paper to code",
            PAPERS,
            *(joined([f"### {code(name)}", parsed(import_module(name)).described()]) for name in _packages(inverters)),
            "## Cost",
            COST,
            _costs([*inverters, *controls]),
        ]
    )


def _packages(inverters: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(map(_package, inverters.values())))


def _package(cls: Any) -> str:
    return str(cls.__module__).rpartition(".")[0]


def _overview(inverters: dict[str, Any], controls: dict[str, Any]) -> str:
    rows = [
        (f"[{code(name)}](#{name})", kind, cls.access, cls.training, "yes" if cls.stochastic else "no")
        for kind, group in (("inverter", inverters), ("control", controls))
        for name, cls in group.items()
    ]
    return table(("name", "kind", "sees", "training", "stochastic"), rows)


def _method(name: str, cls: Any) -> str:
    known = facts(
        [
            ("Sees", ACCESS[cls.access]),
            ("Training", _training(name, cls)),
            ("Stochastic", "yes, by the seed of each image" if cls.stochastic else "no"),
            ("Stands for", ROLES.get(cls.role or "", "")),
            ("Precision", ", ".join(code(one) for one in cls.precisions)),
            ("Seconds an image", _seconds(name)),
            ("Version", code(cls.version)),
            ("Source", cited(cls.citation)),
            ("What is ours", f"[{code(_package(cls))}](#{_package(cls).replace('.', '')})" if cls.citation else ""),
        ]
    )
    return joined([f"### {code(name)}", prose(cls.question or summary(cls)), known, _weights(name)])


def _training(name: str, cls: Any) -> str:
    trained = TRAINING[cls.training]
    return f"{trained}: `bench train inverter {name}`" if name in ours.plugins(TRAINERS) else trained


def _seconds(name: str) -> str:
    found = [one.cost.seconds_per_image for one in committed.largest(name)]
    times = sorted(one for one in found if one)
    if not times:
        return ""
    low, high = duration(times[0]), duration(times[-1])
    return f"{low if low == high else f'{low} to {high}'}; see [cost](#cost)"


def _weights(name: str) -> str:
    rows = [
        (
            code(facts["classifier"]),
            facts["dataset"],
            f"{facts['image_size']} px",
            _steps(facts),
            _seed(facts),
            _trained(facts),
        )
        for facts in shipped.of_method(name)
    ]
    head = ("weights that ship, by classifier", "dataset", "size", "steps", "seed", "time of training")
    return table(head, rows, ("steps", "seed")) if rows else ""


def _seed(entry: shipped.Facts) -> str:
    return str(entry.get("recipe", {}).get("seed", ""))


def _steps(entry: shipped.Facts) -> str:
    steps = entry.get("recipe", {}).get("steps")
    return "" if steps is None else f"{steps:,}"


def _trained(entry: shipped.Facts) -> str:
    seconds = entry.get("train_seconds")
    return "" if seconds is None else f"{duration(seconds)} on {prose(entry['machine'])}"


def _costs(names: list[str]) -> str:
    rows = [_cost(one) for name in names for one in committed.largest(name)]
    numbers = ("images", "time an image", "parameters")
    head = ("method", "classifier", "dataset", "preset", *numbers, "computed on")
    return table(head, rows, numbers)


def _cost(record: Record) -> tuple[str, ...]:
    seconds = record.cost.seconds_per_image
    return (
        f"[{code(record.method)}](#{record.method})",
        code(record.classifier),
        record.dataset,
        record.preset,
        f"{record.num_images:,}",
        "" if seconds is None else duration(seconds) if seconds >= 1e-6 else f"under {number(0.001)} ms",
        f"{record.cost.parameters:,}" if record.cost.parameters else "",
        prose(committed.computer(record)),
    )
