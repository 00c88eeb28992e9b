"""The configuration of a run: frozen and typed; the command line and the Python API build the same one."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from operator import index
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Literal

from bench.errors import UsageError

Device = Literal["auto", "cpu", "cuda"]
Preset = Literal["fast", "paper"]
Precision = Literal["float32", "bf16"]
EXAMPLE = "bench run --method biggan-logit --classifier robust_resnet152"  # what to type first
DEFAULT_DATASET = "cifar10"
LARGEST_SEED = 2**63
OURS = ("methods", "baselines")  # whose classes go by their registered names


@dataclass(frozen=True)
class RunConfig:
    """One cell of the benchmark.

    Attributes:
        method: a registered inverter, a control, ``path/to/file.py:Class``, or the class.
        classifier: ``PROVIDER:NAME``, a short name that the dataset gives, ``path/to/file.py:function``, or the
            function itself.
        dataset: a registered one, or ``folder:PATH[@SIZE]``; without a size the classifier's input size is taken.
        num_images: N, a prefix of the published order; null takes the dataset's default or the whole if it is smaller.
        seed: of the run.
        device: ``auto`` takes CUDA where there is one.
        preset: ``fast`` or ``paper``, for methods that know both; null takes ``fast`` on the CPU, else ``paper``.
        inception_weights: file with torch-fidelity's Inception weights, for ``fid``.
        controls: whether ``bench.run`` adds the controls of this (dataset, classifier).
        force: run again although the cell is complete.
        out: the folder of all runs.
        classifier_weights: a file in place of the classifier's published weights.
        precision: in which trained inverters multiply; methods that do not know it compute in ``float32``.
        metrics: keys of those to compute now, the others are filled by a later run; null takes all that are always
            computed.
        judge: the classifier that scores as judge, any but the target; null takes the one that the dataset names.
        training_seed: of the training whose weights a trained method takes; null takes those that come first
            (``bench.weights.lookup``), whatever their seed.
    """

    method: str
    classifier: str
    dataset: str = DEFAULT_DATASET
    num_images: int | None = None
    seed: int = 0
    device: Device = "auto"
    preset: Preset | None = None
    inception_weights: Path | None = None
    controls: bool = True
    force: bool = False
    out: Path = Path("runs")
    precision: Precision = "float32"
    classifier_weights: Path | None = None
    metrics: tuple[str, ...] | None = None
    judge: str | None = None
    training_seed: int | None = None

    def __post_init__(self) -> None:
        """Convert what means the same (text for paths, NumPy's integers), and refuse what no run can honour."""
        for name in ("method", "classifier", "dataset"):
            self._set(name, _name(name, getattr(self, name)))
        for name in ("num_images", "seed", "training_seed"):
            self._set(name, _whole(name, getattr(self, name)))
        for name in ("inception_weights", "out", "classifier_weights"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, (str, PathLike)):
                raise UsageError(f"--{name.replace('_', '-')} is a path, got {value!r}.")
            self._set(name, value if value is None else Path(value))
        asked: Any = self.metrics
        if asked is not None:
            keys = (asked,) if isinstance(asked, str) else tuple(asked) if isinstance(asked, Iterable) else (asked,)
            if not all(isinstance(key, str) for key in keys):
                raise UsageError(f"--metric is a key of a metric, or several; got {asked!r}.")
            self._set("metrics", keys)
        self._check()

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _check(self) -> None:
        if self.seed is None:
            raise UsageError("--seed is a whole number, got None.")
        if self.num_images is not None and self.num_images < 1:
            raise UsageError(f"--num-images must be at least 1, got {self.num_images}.")
        for option, seed in (("--seed", self.seed), ("--training-seed", self.training_seed)):
            if seed is not None and not -LARGEST_SEED <= seed <= LARGEST_SEED:
                raise UsageError(f"{option} lies between -2^63 and 2^63, got {seed}.")
        if self.preset not in (None, "fast", "paper"):
            raise UsageError(f"--preset is 'fast' or 'paper', got {self.preset!r}.")
        if self.precision not in ("float32", "bf16"):
            raise UsageError(f"--precision is 'float32' or 'bf16', got {self.precision!r}.")
        if self.device not in ("auto", "cpu", "cuda"):
            raise UsageError(f"--device is 'auto', 'cpu' or 'cuda', got {self.device!r}.")


def _name(field: str, value: Any) -> str:
    """A name as it stands; of a class or function of a file, what the command line would say."""
    if isinstance(value, str):
        return value
    if isinstance(value, PathLike):
        return str(fspath(value))
    if not callable(value) or not hasattr(value, "__qualname__"):
        raise UsageError(f"{field} is a name, a class or a function, got {type(value).__name__}.")
    name = getattr(value, "name", None)
    if isinstance(name, str) and value.__module__.partition(".")[0] in OURS:
        return name
    place = getattr(sys.modules.get(value.__module__), "__file__", None)
    if place is None or value.__qualname__ != value.__name__:
        raise UsageError(
            f"{value.__qualname__} stands in no file, or inside of something there, and {field} is known by its file. "
            f"Write it into one, at the top level, and give that: {field}='path/to/file.py:{value.__name__}'"
        )
    return f"{place}:{value.__name__}"


def _whole(field: str, value: Any) -> int | None:
    try:
        return value if value is None else index(value)
    except TypeError:
        shown = f"--{field.replace('_', '-')}"
        raise UsageError(f"{shown} is a whole number, got {value!r}.") from None
