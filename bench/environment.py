"""The machine and the code behind a result: what a record says about them, and which device is used."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bench.errors import UsageError

if TYPE_CHECKING:
    import torch

DISTRIBUTION = "logit-inversion-bench"
PACKAGES = ("torch", "torchvision", "torch-fidelity", "lpips", "scikit-image", "numpy", "scipy", "pillow", "pyarrow")
SOURCE = Path(__file__).resolve().parent.parent
DEVICES = Path("/dev")


def describe(device: torch.device | str) -> dict[str, Any]:
    """What a record's ``environment`` holds.

    Args:
        device: where the inverter ran.

    Returns:
        ``bench`` (version), ``revision`` (commit of the checkout, or null), ``dirty`` (whether the checkout has
        uncommitted changes, or null), ``python``, ``packages`` (versions by distribution, null where missing),
        ``platform``, ``processor``, ``gpu`` (null on the CPU) and ``threads``.
    """
    import torch

    place = torch.device(device)
    commit, dirty = revision()
    return {
        "bench": installed(DISTRIBUTION),
        "revision": commit,
        "dirty": dirty,
        "python": platform.python_version(),
        "packages": {name: installed(name) for name in PACKAGES},
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": processor(),
        "gpu": torch.cuda.get_device_name(place) if place.type == "cuda" else None,
        "threads": torch.get_num_threads(),
    }


def installed(distribution: str) -> str | None:
    """The version of an installed distribution, from its metadata: nothing is imported."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def revision(source: Path = SOURCE) -> tuple[str | None, bool | None]:
    """The commit that ``source`` is a checkout of, and whether it has changes; nulls where it is none.

    A package installed somewhere below another project's checkout does not count as that project's revision.
    """
    top = _git(source, "rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != source.resolve():
        return None, None
    commit = _git(source, "rev-parse", "HEAD")
    changes = _git(source, "status", "--porcelain")
    return commit, None if changes is None else bool(changes)


def _git(folder: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(folder), "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def processor() -> str:
    """The processor's model name where the system tells it, else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names and names[0] else platform.processor() or platform.machine()


def default_preset(device: str) -> Literal["fast", "paper"]:
    """``fast`` on the CPU, ``paper`` on a GPU."""
    return "fast" if device == "cpu" else "paper"


def resolve_device(device: str) -> torch.device:
    """``auto`` (CUDA where there is one), ``cpu`` or ``cuda`` as a torch device.

    Raises:
        UsageError: another word, or ``cuda`` where torch sees no GPU.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise UsageError(f"--device is 'auto', 'cpu' or 'cuda', got {device!r}.")
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        built = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "a build without CUDA"
        raise UsageError(
            f"--device cuda needs a GPU that torch can use, and torch {torch.__version__} ({built}) finds none. "
            "Type --device cpu, or look at: bench doctor"
        )
    return torch.device("cuda" if device != "cpu" and torch.cuda.is_available() else "cpu")


def device_kind(device: Literal["auto", "cpu", "cuda"]) -> Literal["cpu", "cuda"]:
    """``auto`` as ``resolve_device`` decides, but without loading torch where nothing hints at a GPU."""
    if device != "auto":
        return device
    if "torch" not in sys.modules and _no_gpu():
        return "cpu"
    return "cuda" if resolve_device(device).type == "cuda" else "cpu"


def _no_gpu() -> bool:
    """Whether torch can find none: there is neither the device of one nor the library that CUDA is reached through."""
    if sys.platform != "linux":
        return sys.platform == "darwin"
    kinds = ("nvidia*", "nvhost*", "nvgpu*", "nvmap", "kfd", "dxg")  # of NVIDIA, its boards, AMD, and of WSL
    if any(found for kind in kinds for found in DEVICES.glob(kind)):
        return False
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return True
    return False


def reset_peak_memory(device: torch.device | str) -> None:
    """Start ``peak_memory_mb`` anew, so that a cell is not charged with the one before it (CPU: Linux only)."""
    import torch

    if torch.device(device).type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_memory_mb(device: torch.device | str) -> float | None:
    """Peak in MiB: of the resident memory of the process (CPU), or of the memory allocated on the GPU."""
    import torch

    if torch.device(device).type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    return _peak_resident_mb()


def _peak_resident_mb() -> float | None:
    """The kernel's high-water mark, which can be reset, or else the one since the start of the process."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        lines = []
    marks = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    if marks:
        return int(marks[0]) / 2**10
    if sys.platform == "win32":
        return None
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def cpu_count() -> int:
    """Processor cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux alone has it
    return len(affinity(0)) if affinity else os.cpu_count() or 1
