"""``reference/classifiers.md``: the networks that ship as model cards, then the providers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.classifiers.provider import FILE, ClassifierProvider
from bench.classifiers.providers.zoo import CIFAR10, ZOO, ZooEntry
from bench.registry import CLASSIFIERS
from studies.docs import ours, shipped
from studies.docs.bibliography import cited
from studies.docs.docstrings import parsed
from studies.docs.markdown import bullets, code, duration, facts, joined, number, prose, sentence, table

INTRO = (
    "A classifier takes images in [0, 1] and gives raw logits; resizing and normalising lie inside it. Those below "
    "ship with bench, and `--classifier NAME` takes them by their short names. All others come from providers."
)
MEASURES = {
    "train_accuracy": "accuracy, training images of CIFAR-10",
    "val_accuracy": "accuracy, held-out training images of CIFAR-10",
    "test_accuracy": "accuracy, test images of CIFAR-10",
    "test_pgd20": "accuracy, test images of CIFAR-10 under PGD-20",
    "train_margin": "mean margin of the logits, training images of CIFAR-10",
    "val_margin": "mean margin of the logits, held-out training images of CIFAR-10",
    "test_margin": "mean margin of the logits, test images of CIFAR-10",
    "imagenet_val_accuracy": "accuracy, ImageNet's validation images, as published",
    "tiny_imagenet_test_accuracy": "accuracy, all 10,000 test images of Tiny ImageNet (64 px enlarged to 128)",
    "tiny_imagenet_test_top5": "the same, among the first five",
}
MARGIN = "The margin is the largest logit less the second largest."
PROVIDED = (
    "`--classifier PREFIX:NAME` is a network of the provider that is registered as PREFIX. Published weights are "
    "fetched once and checked by their hash; where a house publishes none, the file is put into place by hand, and the "
    "error says where. `--classifier-weights FILE` takes other weights, and the record says that they are not verified."
)


def page() -> str:
    """The whole page."""
    return joined(
        [
            "# Classifiers",
            INTRO,
            _overview(ZOO),
            MARGIN,
            "## Networks that ship",
            *(_card(name, one, shipped.manifest()[name]) for name, one in ZOO.items()),
            "## Providers",
            PROVIDED,
            *(_provider(name, cls) for name, cls in ours.plugins(CLASSIFIERS).items() if name != "zoo"),
        ]
    )


def _overview(networks: Mapping[str, ZooEntry]) -> str:
    rows = [
        (f"[{code(name)}](#{name})", "target" if one.target else "judge", f"{one.num_logits:,}", f"{one.input_size} px",
         _share(_scores(one, shipped.manifest()[name]).get("test_accuracy")), one.robust or "")
        for name, one in networks.items()
    ]  # fmt: skip
    head = ("name", "role", "logits", "input", "test accuracy", "robust against")
    return table(head, rows, ("logits", "test accuracy"))


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _card(name: str, one: ZooEntry, entry: shipped.Facts) -> str:
    rows = [
        (MEASURES.get(key, code(key)), number(value, 3) if key.endswith("_margin") else _share(value))
        for key, value in _scores(one, entry).items()
    ]
    measured = table(("measured", "value"), rows, ("value",)) if rows else ""
    return joined([f"### {code(name)}", _about(one), _known(one, entry), measured, _recipe(entry)])


def _about(one: ZooEntry) -> str:
    warning = f"It is {prose(one.caveat)}" if one.caveat else ""
    return joined([sentence(prose(one.summary)), warning])


def _scores(one: ZooEntry, entry: shipped.Facts) -> dict[str, float]:
    return dict(one.accuracy) | {k: v for k, v in (entry.get("measured") or {}).items() if type(v) in (int, float)}


def _known(one: ZooEntry, entry: shipped.Facts) -> str:
    return facts(
        [
            ("Role", "target" if one.target else "judge, never a target"),
            ("Logits", f"{one.num_logits:,}, of the classes of {one.classes}"),
            ("Input", f"{one.input_size} px; {_preprocessing(one)}"),
            ("Robust against", one.robust or ""),
            ("Parameters", f"{entry['parameters']:,}" if "parameters" in entry else ""),
            ("Weights", prose(entry.get("what", ""))),
            ("Weights from", prose(entry.get("source", ""))),
            ("Licence", entry.get("licence", "")),
            ("Made by", code(entry["command"]) if "command" in entry else ""),
            ("Time of training", _time(entry)),
            ("SHA-256", code(entry["sha256"]) if "sha256" in entry else ""),
            ("Source", cited(one.citation)),
        ]
    )


def _time(entry: shipped.Facts) -> str:
    return f"{duration(entry['train_seconds'])} on {prose(entry['machine'])}" if "train_seconds" in entry else ""


def _preprocessing(one: ZooEntry) -> str:
    known: Mapping[str, Any] = one.preprocessing or CIFAR10
    mean, std = (", ".join(f"{value:g}" for value in known[name]) for name in ("mean", "std"))
    return f"{known['resize']}; mean {mean}; standard deviation {std}"


def _recipe(entry: shipped.Facts) -> str:
    settings = {name: value for name, value in entry.get("recipe", {}).items() if name not in ("name", "hash")}
    told = ", ".join(f"{name.replace('_', ' ')} {_setting(value)}" for name, value in settings.items())
    return f"Recipe {code(entry['recipe']['hash'])}: {told}." if told else ""


def _setting(value: Any) -> str:
    return number(value, 4) if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _provider(prefix: str, cls: type[ClassifierProvider]) -> str:
    forms = [cls.form] if prefix == FILE else [f"{prefix}:{one}" for one in cls.form.split(" or ")]
    needs = bullets([f"Beside bench: {', '.join(f'`pip install {one}`' for one in cls.needs)}"]) if cls.needs else ""
    title = code(f"{prefix}:")
    return joined(
        [f"### {title}", " or ".join(map(code, forms)), sentence(prose(cls.summary)), parsed(cls).described(), needs]
    )
