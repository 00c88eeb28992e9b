"""What the names of a method and a classifier stand for, and what their code and weights are known by."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.cards import ClassifierCard
from bench.classifiers import classifier_card
from bench.classifiers.provider import ALIASES, targets
from bench.errors import BenchError, PluginError, UsageError, WeightsError
from bench.inverters.base import Inverter
from bench.inverters.control import Control
from bench.local import local_file, local_name, source_of
from bench.registry import CONTROLS, INVERTERS, TRAINERS, load, registered

NOT_LOADED = "not loaded"  # in a key, in the place of a digest
DECLARED: dict[str, tuple[Any, ...]] = {
    "access": ("logits", "features", "white-box"),
    "training": ("none", "pairs"),
    "stochastic": (False, True),
}
PRECISIONS = {"float32", "bf16"}
VERSION = r"[A-Za-z0-9._+-]{1,50}"


def identify_classifier(
    name: str, weights: Path | None = None, aliases: Mapping[str, str] = ALIASES
) -> tuple[ClassifierCard, BenchError | None]:
    """A target's card, and why it cannot be opened: the card of such a one says little.

    Raises:
        UsageError: there is no such classifier, or it judges and is never a target.
    """
    try:
        card = classifier_card(name, weights=weights, aliases=aliases)
    except (PluginError, WeightsError) as error:
        short = local_name(name) if ".py:" in name else name
        return ClassifierCard(short, short, NOT_LOADED, 0), error
    if not card.target:
        raise UsageError(
            f"{name} scores reconstructions and is never a target. Targets: {', '.join(targets(aliases))}."
        )
    return card, None


def identify_method(name: str) -> tuple[str, type[Inverter] | type[Control], str | None, PluginError | None]:
    """A method's name in records, its class, the SHA-256 of its code (see ``_source``), why it cannot be loaded."""
    try:
        cls = method_class(name)
        return cls.name if ".py:" in name else name, cls, _source(cls, name), None
    except PluginError as error:
        stand_in = Control if name in registered(CONTROLS) else Inverter
        return local_name(name) if ".py:" in name else name, stand_in, NOT_LOADED, error


def trained_as(name: str, method: type[Any]) -> str:
    """The name of the training whose weights a method takes, as ``bench.trainers`` has it: its own, if no other."""
    return getattr(method, "trained_as", "") or (method.name if ".py:" in name else name)


def seeds_of_training(name: str, asked: Sequence[int] | None) -> tuple[int | None, ...]:
    """Those of the trainings that a method is to be run with: None alone where none is asked for, or it has none."""
    if not asked:
        return (None,)
    _, method, _, _ = identify_method(name)
    control = issubclass(method, Control) and trained_as(name, method) not in registered(TRAINERS)
    return tuple(dict.fromkeys(asked)) if method.training == "pairs" and not control else (None,)


def method_class(name: str) -> Any:
    """An inverter's or a control's class.

    Raises:
        UnknownNameError: there is no such method.
        PluginError: it cannot be loaded, or is not what the interface asks for.
    """
    if name in registered(CONTROLS):
        return load(CONTROLS, "control", name)
    cls = load(INVERTERS, "method", name)
    if not (inspect.isclass(cls) and issubclass(cls, Inverter)):
        raise _not_as_asked(name, f"it should be a subclass of bench.Inverter and is {cls!r}")
    if not isinstance(getattr(cls, "name", None), str):
        raise _not_as_asked(name, "it has no name. Add a line to the class: name = 'my-inverter'")
    for attribute, allowed in DECLARED.items():
        if (found := getattr(cls, attribute, None)) not in allowed:
            choices = ", ".join(map(repr, allowed))
            raise _not_as_asked(name, f"its {attribute} is {found!r}, and should be one of: {choices}")
    if not (isinstance(cls.precisions, tuple) and "float32" in cls.precisions and set(cls.precisions) <= PRECISIONS):
        raise _not_as_asked(name, f"its precisions are {cls.precisions!r}, and should be ('float32',) or with 'bf16'")
    if not (isinstance(cls.version, str) and re.fullmatch(VERSION, cls.version)):
        raise _not_as_asked(name, f"its version is {cls.version!r}, and should be a text like '1' or '2.0-beta'")
    return cls


def _not_as_asked(name: str, reason: str) -> PluginError:
    return PluginError(f"{local_name(name) if '.py:' in name else name} cannot be used", reason)


def _source(method: type[Any], name: str) -> str | None:
    """SHA-256 of the code that may change under the same ``version``; None of an installed package, which does not.

    Of a local file that is its text and those of the files that it imports, of a package that is being worked on the
    text of the module that defines the method.
    """
    path = local_file(name) if ".py:" in name else Path(inspect.getfile(method))
    if {"site-packages", "dist-packages"} & set(path.parts):
        return None
    alone = ".py:" not in name and bool(getattr(inspect.getmodule(method), "__package__", ""))
    return hashlib.sha256(path.read_bytes() if alone else source_of(path)).hexdigest()
