"""A CIFAR-10 of 60 images in every public layout, with the hashes patched to match."""

import hashlib
import json
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from bench.datasets import cifar10

Arrays = dict[str, NDArray[np.uint8]]


def make(monkeypatch: pytest.MonkeyPatch) -> Arrays:
    """Random arrays that are, from now on, the official ones."""
    rng = np.random.default_rng(0)
    arrays: Arrays = {}
    for part, n in (("train", 50), ("test", 10)):
        arrays[f"{part}_images"] = rng.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)
        arrays[f"{part}_labels"] = rng.integers(0, 10, n, dtype=np.uint8)
    known = {name: (array.shape, hashlib.sha256(array.tobytes()).hexdigest()) for name, array in arrays.items()}
    monkeypatch.setattr(cifar10, "ARRAYS", known)
    return arrays


def write_sheets(arrays: Arrays, folder: Path) -> Path:
    """The npm package's layout."""
    folder.mkdir(parents=True)
    names = [f"data_batch_{k}" for k in range(1, 6)] + ["test_batch"]
    images = [*np.split(arrays["train_images"], 5), arrays["test_images"]]
    for name, batch in zip(names, images, strict=True):
        Image.fromarray(batch.reshape(len(batch), 1024, 3)).save(folder / f"{name}.png")
    for part in ("train", "test"):
        (folder / f"{part}_lables.json").write_text(json.dumps(arrays[f"{part}_labels"].tolist()))
    return folder


def write_batches(arrays: Arrays, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The official Python layout; torchvision's MD5 sums are patched to match."""
    from torchvision.datasets import CIFAR10

    folder.mkdir(parents=True)
    md5 = {}
    flat = [*np.split(arrays["train_images"], 5), arrays["test_images"]]
    labels = [*np.split(arrays["train_labels"], 5), arrays["test_labels"]]
    names = [f"data_batch_{k}" for k in range(1, 6)] + ["test_batch"]
    contents: dict[str, object] = {"batches.meta": {"label_names": list(cifar10.CLASS_NAMES)}}
    for name, batch, of in zip(names, flat, labels, strict=True):
        contents[name] = {"data": batch.transpose(0, 3, 1, 2).reshape(len(batch), 3072), "labels": of.tolist()}
    for name, content in contents.items():
        (folder / name).write_bytes(pickle.dumps(content))
        md5[name] = hashlib.md5((folder / name).read_bytes()).hexdigest()
    monkeypatch.setattr(CIFAR10, "train_list", [[name, md5[name]] for name in names[:5]])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", md5["test_batch"]]])
    monkeypatch.setattr(CIFAR10, "meta", CIFAR10.meta | {"md5": md5["batches.meta"]})
    return folder


def pack(folder: Path, archive: Path, name: str) -> Path:
    """A folder as a tar archive under another name."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(folder, name)
    return archive
