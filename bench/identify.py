"""What the names of a method and a classifier stand for, and what their code and weights are known by."""

from __future__ import annotations

import hashlib
import inspect
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from bench.cards import ClassifierCard
from bench.classifiers import classifier_card
from bench.classifiers.provider import ALIASES, targets
from bench.describe import declared, source_of_module
from bench.errors import BenchError, PluginError, UsageError, WeightsError
from bench.inverters.base import Access, Inverter, Training
from bench.inverters.control import Control
from bench.local import local_file, local_name, source_of
from bench.registry import CONTROLS, INVERTERS, TRAINERS, load, points, registered

NOT_LOADED = "not loaded"  # in a key, in the place of a digest
DECLARED: dict[str, tuple[Any, ...]] = {
    "access": ("logits", "features", "white-box"),
    "training": ("none", "pairs"),
    "stochastic": (False, True),
}
PRECISIONS = {"float32", "bf16"}
FACTS = (*DECLARED, "version", "precisions", "question", "role", "citation", "trained_as")
OURS = ("baselines.", "methods.")  # whose classes tests compare with what is read of them
VERSION = r"[A-Za-z0-9._+-]{1,50}"


@dataclass(frozen=True)
class Method:
    """What a method's name stands for, known without its class where that can be read.

    Attributes:
        typed: its name as on the command line.
        name: in records.
        kind: ``inverter`` or ``control``.
        source: SHA-256 of its code (see ``_source``).
        trained_as: the method whose weights it takes; empty where it is its own.
        broken: why it cannot be loaded.
        loaded: its class where it has been.

    The others are those of ``bench.Inverter``.
    """

    typed: str
    name: str
    kind: Literal["inverter", "control"]
    source: str | None
    access: Access
    training: Training
    stochastic: bool
    version: str
    precisions: tuple[str, ...]
    question: str
    role: str | None
    citation: tuple[str, ...]
    trained_as: str
    broken: PluginError | None = None
    loaded: type[Inverter] | type[Control] | None = None

    @classmethod
    def of(cls, method: type[Any], typed: str, name: str, source: str | None) -> Method:
        """By its class."""
        kind: Literal["inverter", "control"] = "control" if issubclass(method, Control) else "inverter"
        return cls(typed, name, kind, source, **_facts(method), loaded=method)

    def load(self) -> type[Inverter] | type[Control]:
        """Its class.

        Raises:
            PluginError: it cannot be loaded, or is not what was read.
        """
        if self.broken is not None:
            raise self.broken
        if self.loaded is not None:
            return self.loaded
        found: type[Inverter] | type[Control] = method_class(self.typed)
        for fact, value in _facts(found).items():
            if value != (read := getattr(self, fact)):
                reason = f"its {fact} is {value!r} and reads as {read!r}: give the class a literal"
                raise PluginError(f"{self.name} cannot be used", reason)
        return found


def _facts(method: type[Any]) -> dict[str, Any]:
    return {fact: getattr(method, fact, "") for fact in FACTS}  # only what is trained can be trained as another


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


def identify_method(name: str) -> Method:
    """What a method's name stands for. One of this package is read, and imported where it has been or cannot be read.

    Raises:
        UnknownNameError: there is no such method.
    """
    try:
        if found := _read(name):
            return found
        cls = method_class(name)
        return Method.of(cls, name, cls.name if ".py:" in name else name, _source(cls, name))
    except PluginError as error:
        stand_in = Control if name in registered(CONTROLS) else Inverter
        short = local_name(name) if ".py:" in name else name
        return replace(Method.of(stand_in, name, short, NOT_LOADED), broken=error)


def _read(name: str) -> Method | None:
    """A method of this package as its source has it; None of others, and where that does not say everything."""
    group = CONTROLS if name in registered(CONTROLS) else INVERTERS
    target, *others = [point.value for point in points(group) if point.name == name] or [""]
    module = target.partition(":")[0]
    if others or not target.startswith(OURS) or module in sys.modules:
        return None
    try:
        told, (path, text) = {"trained_as": ""} | declared(target), source_of_module(module)
    except (ImportError, OSError, SyntaxError, ValueError):  # the import will say so
        return None
    facts = {fact: told.get(fact, ...) for fact in FACTS}
    if path is None or ... in facts.values():
        return None
    source = None if _comes_installed(path) else hashlib.sha256(text).hexdigest()
    return Method(name, name, "control" if group == CONTROLS else "inverter", source, **facts)


def trained_as(name: str, method: Method | type[Any]) -> str:
    """The name of the training whose weights a method takes, as ``bench.trainers`` has it: its own, if no other."""
    return getattr(method, "trained_as", "") or (method.name if ".py:" in name else name)


def seeds_of_training(name: str, asked: Sequence[int] | None) -> tuple[int | None, ...]:
    """Those of the trainings that a method is to be run with: None alone where none is asked for, or it has none."""
    if not asked:
        return (None,)
    method = identify_method(name)
    control = method.kind == "control" and trained_as(name, method) not in registered(TRAINERS)
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
    if _comes_installed(path):
        return None
    alone = ".py:" not in name and bool(getattr(inspect.getmodule(method), "__package__", ""))
    return hashlib.sha256(path.read_bytes() if alone else source_of(path)).hexdigest()


def _comes_installed(path: Path) -> bool:
    return bool({"site-packages", "dist-packages"} & set(path.parts))
