"""Shared fixtures: nothing in the tests touches the user's cache, the real zoo or the network."""

import hashlib
import json
import signal
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from bench import local
from bench.classifiers import LoadedClassifier
from bench.datasets import cifar10
from bench.datasets.base import ArrayDataset
from bench.metrics import registry
from bench.weights import files as weights

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # pytest in the background of a shell
    signal.signal(signal.SIGINT, signal.default_int_handler)

AddWeights = Callable[..., Path]
AddPlugin = Callable[[str, str, str, str], Path]


@pytest.fixture
def bench_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder in place of the user's."""
    folder = tmp_path / "home"
    monkeypatch.setenv("BENCH_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def contents_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known of the files of folders stays among the tests."""
    place = tmp_path_factory.getbasetemp() / "contents"
    monkeypatch.setattr("bench.datasets.contents.home", lambda: place)


@pytest.fixture(autouse=True)
def no_folder_of_another_test() -> Iterator[None]:
    """The folders of users' files, which a process keeps in reach, are out of reach of the next test."""
    yield
    sys.path[:] = [entry for entry in sys.path if entry not in local._folders]
    local._folders.clear()


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AddWeights]:
    """An empty zoo; call it with a name, the file's bytes and facts to add a weight file."""
    folder = tmp_path / "zoo"
    folder.mkdir()
    (folder / "manifest.json").write_text("{}")
    monkeypatch.setattr(weights, "ZOO", folder)

    def add(name: str, data: bytes, sha256: str = "", **facts: object) -> Path:
        path = folder / f"{name}.safetensors"
        path.write_bytes(data)
        entries = json.loads((folder / "manifest.json").read_text())
        entries[name] = {"file": path.name, "sha256": sha256 or hashlib.sha256(data).hexdigest(), **facts}
        (folder / "manifest.json").write_text(json.dumps(entries))
        weights.manifest.cache_clear()
        return path

    weights.manifest.cache_clear()
    yield add
    weights.manifest.cache_clear()


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AddPlugin:
    """Installs a distribution with one module and one entry point: (distribution, group, "name = mod:Class", code)."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(distribution: str, group: str, point: str, code: str) -> Path:
        info = tmp_path / f"{distribution}-1.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.5\n")
        (info / "entry_points.txt").write_text(f"[{group}]\n{point}\n")
        module = tmp_path / f"{point.partition('=')[2].strip().partition(':')[0]}.py"
        module.write_text(code)
        return module

    return install


@pytest.fixture
def tiny_cifar(monkeypatch: pytest.MonkeyPatch, bench_home: Path) -> LoadedClassifier:
    """40 + 20 images and a linear classifier."""
    pixels, labels = cifar10.shipped_test()

    def load(split: str = "test") -> ArrayDataset:
        rows = slice(0, 40) if split == "train" else slice(40, 60)
        ids = [f"{split}-{k}" for k in range(len(labels[rows]))]
        return ArrayDataset("cifar10", ids, labels[rows], cifar10.CLASS_NAMES, pixels[rows])

    monkeypatch.setattr(cifar10, "load", load)
    torch.manual_seed(3)
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 5)).eval().requires_grad_(False)
    return LoadedClassifier("linear", network, "ab" * 32, 32)


@pytest.fixture
def outsider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package of ``tests/outsider``, as if pip had installed it; where pip has, nothing changes."""
    source = Path(__file__).parent / "outsider"
    project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
    info = tmp_path / f"outsider-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: outsider\nVersion: {project['version']}\n")
    groups = project["entry-points"].items()
    lines = [line for group, points in groups for line in (f"[{group}]", *(f"{k} = {v}" for k, v in points.items()))]
    (info / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(source))
    registry.forget()
    yield source
    for name in [name for name in sys.modules if name.partition(".")[0] == "outsider"]:
        del sys.modules[name]
    registry.forget()
