"""The configuration of a run: frozen and typed; the command line and the Python API build the same one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.errors import UsageError

Device = Literal["auto", "cpu", "cuda"]
Preset = Literal["fast", "paper"]
Precision = Literal["float32", "bf16"]
EXAMPLE = "bench run --method biggan-logit --classifier robust_resnet152"  # what to type first
DEFAULT_DATASET = "cifar10"
LARGEST_SEED = 2**63


@dataclass(frozen=True)
class RunConfig:
    """One cell of the benchmark.

    Attributes:
        method: a registered inverter, a control, or ``path/to/file.py:Class``.
        classifier: ``PROVIDER:NAME``, a short name that the dataset gives, or ``path/to/file.py:function``.
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

    def __post_init__(self) -> None:
        """Refuse what no run can honour."""
        if self.num_images is not None and self.num_images < 1:
            raise UsageError(f"--num-images must be at least 1, got {self.num_images}.")
        if not -LARGEST_SEED <= self.seed <= LARGEST_SEED:
            raise UsageError(f"--seed lies between -2^63 and 2^63, got {self.seed}.")
        if self.preset not in (None, "fast", "paper"):
            raise UsageError(f"--preset is 'fast' or 'paper', got {self.preset!r}.")
        if self.precision not in ("float32", "bf16"):
            raise UsageError(f"--precision is 'float32' or 'bf16', got {self.precision!r}.")
        if self.device not in ("auto", "cpu", "cuda"):
            raise UsageError(f"--device is 'auto', 'cpu' or 'cuda', got {self.device!r}.")
