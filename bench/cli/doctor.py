"""``bench doctor``: what is here, what is missing, and what to type next."""

from __future__ import annotations

import platform
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import TYPE_CHECKING

from bench.environment import DISTRIBUTION, cpu_count, installed, processor
from bench.errors import UsageError, WeightsError
from bench.paths import expanded

if TYPE_CHECKING:
    from bench.classifiers.files import PublishedFile

MINIMUM_PYTHON = (3, 11)


@dataclass(frozen=True)
class Check:
    """One line of the report.

    Attributes:
        title: what was looked at.
        ok: True; False where something that every run needs is broken; None where something optional is missing.
        detail: what was found.
        hint: what to type next, empty where there is nothing to do.
    """

    title: str
    ok: bool | None
    detail: str
    hint: str = ""


def report(runs: Path = Path("runs")) -> list[Check]:
    """Every check in order; takes the seconds that importing torch takes.

    Args:
        runs: the folder that runs would be written to.
    """
    return list(checks(runs))


def checks(runs: Path = Path("runs")) -> Iterator[Check]:
    """The same one at a time, quick ones first, so that they can be printed as they come."""
    yield python()
    yield from packages()
    yield from weights()
    yield from kept(runs)
    yield device()
    yield from networks()
    yield from plugins()
    yield from optional()


def kept(runs: Path) -> Iterator[Check]:
    """What lies in the folders that bench writes to, and whether it can write to them."""
    from bench.paths import home

    remedy = "set the environment variable BENCH_HOME to a folder of yours"
    try:
        cache = home()
    except UsageError as error:  # a user whom the system does not know
        yield writable("runs folder", runs, "give another one with --out")
        yield Check("cache", False, str(error), remedy)
        return
    yield from datasets()
    yield inception()
    yield writable("runs folder", runs, "give another one with --out")
    yield writable("cache", cache, remedy)


def python() -> Check:
    """The interpreter against the oldest that is supported."""
    wanted = ".".join(map(str, MINIMUM_PYTHON))
    found = platform.python_version()
    if sys.version_info[:2] >= MINIMUM_PYTHON:
        return Check("python", True, found)
    return Check("python", False, f"{found}, older than {wanted}", f"install bench under Python {wanted} or later")


def packages() -> Iterator[Check]:
    """Installed versions against the minimums that bench's own metadata names."""
    for name, minimum in requirements().items():
        found = installed(name)
        if found is None:
            yield Check(name, False, "not installed", f"pip install '{name}>={minimum}'")
        elif numbers(found) < numbers(minimum):
            yield Check(name, False, f"{found}, older than {minimum}", f"pip install -U '{name}>={minimum}'")
        else:
            yield Check(name, True, found)


def requirements() -> dict[str, str]:
    """The smallest supported version of each required distribution; empty where bench itself is not installed."""
    try:
        lines = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return {}
    found = (re.match(r"([A-Za-z0-9._-]+)\s*>=\s*([0-9.]+)", line) for line in lines if "extra ==" not in line)
    return {match[1]: match[2] for match in found if match}


def numbers(version: str) -> tuple[int, ...]:
    """The release numbers of a version, comparable; ``2.11.0+cpu`` gives (2, 11, 0)."""
    match = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, match[0].split("."))) if match else ()


def device() -> Check:
    """Whether torch and torchvision load together, and what they compute on."""
    cores = f"{processor()}, {cpu_count()} cores"
    try:
        import torch
        import torchvision  # noqa: F401
    except Exception as error:  # a broken build raises anything, for instance RuntimeError for missing operators
        hint = "install both anew, from one index: pip install --force-reinstall torch torchvision"
        return Check("device", False, f"torch and torchvision do not load ({_one_line(error)}); {cores}", hint)
    if torch.cuda.is_available():
        return Check("device", True, f"{torch.cuda.get_device_name()}; {cores}, {torch.get_num_threads()} threads")
    return Check("device", True, f"no GPU that torch can use; {cores}, {torch.get_num_threads()} threads")


def weights() -> Iterator[Check]:
    """Every entry of the zoo's manifest: there, and byte for byte what the manifest says."""
    from bench.weights.files import manifest, sha256_of

    again = "install bench again: pip install --force-reinstall --no-deps " + DISTRIBUTION
    try:
        entries = manifest()
    except (OSError, ValueError, KeyError) as error:
        yield Check("weights", False, f"the zoo's manifest cannot be read ({_one_line(error)})", again)
        return
    for name, item in entries.items():
        title = f"weights {name}"
        try:
            right = sha256_of(item.path) == item.sha256
        except WeightsError as error:
            yield Check(title, False, str(error), again)
            continue
        if right:
            yield Check(title, True, f"{item.path.stat().st_size / 2**20:.1f} MiB, SHA-256 right")
        else:
            yield Check(title, False, f"damaged or replaced, its SHA-256 is not the manifest's: {item.path}", again)


def datasets() -> Iterator[Check]:
    """What of the registered datasets is here."""
    from bench.errors import PluginError
    from bench.registry import DATASETS, load, registered

    for name, point in registered(DATASETS).items():
        try:
            state = load(DATASETS, "dataset", name).state()
        except PluginError as error:
            owner = point.dist.name if point.dist else "its distribution"
            yield Check(f"dataset {name}", False, _one_line(error), f"repair or remove it: pip uninstall {owner}")
            continue
        if state is not None:
            yield Check(f"dataset {name}", state.ok, state.detail, state.hint)


def networks() -> Iterator[Check]:
    """Whether the weights are here of networks that a dataset's short names stand for and that do not ship."""
    from bench.classifiers.library import LibraryProvider
    from bench.classifiers.provider import provider_of
    from bench.errors import BenchError
    from bench.registry import DATASETS, load, registered

    meant: dict[tuple[str, str], list[str]] = {}  # datasets by full id and short name
    for dataset in registered(DATASETS):
        try:
            names = load(DATASETS, "dataset", dataset).short_names()
        except BenchError:  # said above
            continue
        for short, full in names.items():
            meant.setdefault((full, short), []).append(dataset)
    for (full, short), found in meant.items():
        try:
            provider, name = provider_of(full)
            file = provider.describe(name).file if isinstance(provider, LibraryProvider) else None
        except BenchError as error:
            yield Check(f"weights {full}", None, _one_line(error), f"bench check {full}")
            continue
        if file is not None:
            yield _network(full, f"{short} of {' and '.join(found)}", file)


def _network(full: str, use: str, file: PublishedFile) -> Check:
    if file.place.is_file():
        return Check(f"weights {full}", True, f"{use}, here: {file.place}")
    fetched = bool(file.sha256 or file.pointer)
    hint = f"bench check {full}   (fetches it)" if fetched else f"fetch {file.url} and put it at {file.place}"
    return Check(f"weights {full}", None, f"{use}, not here", hint)


def inception() -> Check:
    """Whether the Inception weights of ``fid`` are here."""
    from bench.datasets.fetch_inception import inception_path

    path = inception_path()
    if path is not None:
        return Check("weights inception", True, f"fetched: {path}")
    return Check("weights inception", None, "not here: fid stays null", "bench data fetch inception   (91 MiB)")


def writable(title: str, folder: Path, remedy: str) -> Check:
    """Whether a file can be made in a folder, or in the nearest one above that exists; nothing is left behind."""
    place = expanded(folder).absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        return Check(title, False, f"{folder} cannot be written ({_one_line(error)})", remedy)
    free = _free_gib(place)
    return Check(title, True, f"{folder} is writable{'' if free is None else f', {free:.1f} GiB free'}")


def _free_gib(folder: Path) -> float | None:
    import shutil

    try:
        return shutil.disk_usage(folder).free / 2**30
    except OSError:
        return None


def plugins() -> Iterator[Check]:
    """Import every registered inverter, control, probe and provider; those that fail are named, the rest counted."""
    from bench.cli.listing import PROBES
    from bench.errors import PluginError
    from bench.registry import CLASSIFIERS, CONTROLS, INVERTERS, load, registered

    groups = (
        ("inverters", INVERTERS),
        ("controls", CONTROLS),
        ("probes", PROBES),
        ("providers of classifiers", CLASSIFIERS),
    )
    for title, group in groups:
        whole = []
        for name, point in registered(group).items():
            try:
                load(group, title.removesuffix("s"), name)
                whole.append(name)
            except PluginError as error:
                owner = point.dist.name if point.dist else "its distribution"
                yield Check(f"plugin {name}", False, _one_line(error), f"repair or remove it: pip uninstall {owner}")
        if whole or title == "probes":
            yield Check(title, True, ", ".join(whole) or "none registered")
        else:
            yield Check(
                title, False, "none usable", f"install bench again: pip install --force-reinstall {DISTRIBUTION}"
            )


def optional() -> Iterator[Check]:
    """What some providers of classifiers need beyond bench's own requirements."""
    from bench.classifiers.provider import provider_class
    from bench.errors import PluginError
    from bench.registry import CLASSIFIERS, registered

    for prefix in registered(CLASSIFIERS):
        try:
            needs = provider_class(prefix).needs
        except PluginError:  # said above
            continue
        for name in needs:
            found = installed(name)
            hint = "" if found else f"pip install {name}   (for --classifier {prefix}:NAME)"
            yield Check(name, True if found else None, found or "not installed", hint)


def _one_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
