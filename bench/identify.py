"""What the names of a method and a classifier stand for, and what their code and weights are known by."""

from __future__ import annotations

import hashlib
import inspect
from pathlib import Path
from typing import Any

from bench.classifiers import JUDGE, TARGETS, open_classifier
from bench.control import Control
from bench.errors import PluginError, UnknownNameError, UsageError
from bench.inverter import Inverter
from bench.local import local_file, local_name, source_of
from bench.registry import CONTROLS, INVERTERS, load, registered
from bench.weights import entry

NOT_LOADED = "not loaded"  # in a key, in the place of a digest
DECLARED: dict[str, tuple[Any, ...]] = {
    "access": ("logits", "features", "white-box"),
    "training": ("none", "pairs"),
    "stochastic": (False, True),
}


def identify_classifier(name: str) -> tuple[str, str, PluginError | None]:
    """A target's name, its identity, without building a shipped network, and why it cannot be opened."""
    if ".py:" in name:
        try:
            local = open_classifier(name)
        except PluginError as error:
            return local_name(name), NOT_LOADED, error
        return local.name, local.sha256, None
    if name == JUDGE:
        raise UsageError("The judge scores reconstructions and is never a target. " + f"Targets: {', '.join(TARGETS)}.")
    if name not in TARGETS:
        raise UnknownNameError("classifier", name, TARGETS)
    return name, entry(name).sha256, None


def identify_method(name: str) -> tuple[str, type[Inverter] | type[Control], str, PluginError | None]:
    """A method's name in records, its class, the SHA-256 of its code, and why it cannot be loaded."""
    try:
        cls = method_class(name)
        return cls.name if ".py:" in name else name, cls, _source(cls, name), None
    except PluginError as error:
        stand_in = Control if name in registered(CONTROLS) else Inverter
        return local_name(name) if ".py:" in name else name, stand_in, NOT_LOADED, error


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
    return cls


def _not_as_asked(name: str, reason: str) -> PluginError:
    return PluginError(f"{local_name(name) if '.py:' in name else name} cannot be used", reason)


def _source(method: type[Any], name: str) -> str:
    """SHA-256 of the method's code: the files of its package, or its file and the files that ``source_of`` finds."""
    if ".py:" in name:
        return hashlib.sha256(source_of(local_file(name))).hexdigest()
    path = Path(inspect.getfile(method))
    if not getattr(inspect.getmodule(method), "__package__", ""):
        return hashlib.sha256(source_of(path)).hexdigest()
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(path.parent.glob("*.py")))).hexdigest()
