"""Images and logits that many cells share: stored once, never fewer, checked before they are computed from."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from bench.classifiers import LoadedClassifier
from bench.datasets.base import ArrayDataset
from bench.errors import DataError
from bench.store import shared
from tests.training.small import small_dataset

CPU = torch.device("cpu")


class Counting(nn.Module):
    """Linear, and counts the images that it sees."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.head, self.seen = nn.Linear(3072, 3), 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.seen += len(images)
        return self.head(images.flatten(1))  # type: ignore[no-any-return]


def counting(seed: int) -> LoadedClassifier:
    return LoadedClassifier("linear", Counting(seed).eval(), f"{seed:064d}", 32)


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if another process had written what is there."""
    monkeypatch.setattr("bench.store.shared._made", {})
    monkeypatch.setattr("bench.store.sealed._made", {})


def test_the_larger_number_of_images_stays(tmp_path: Path) -> None:
    dataset = small_dataset(600)
    for count, stored in ((10, 10), (300, 300), (10, 300), (600, 600), (250, 600)):
        found = shared.originals(tmp_path, dataset, count)
        assert np.array_equal(found, dataset.pixels(slice(0, count)))
        assert len(np.load(tmp_path / "originals.npy", mmap_mode="r")) == stored


def test_growing_copies_what_is_there(tmp_path: Path) -> None:
    shared.originals(tmp_path, small_dataset(600), 300)

    class Rest(ArrayDataset):
        def pixels(self, rows: object) -> np.ndarray:
            assert isinstance(rows, slice)
            assert rows.stop <= 1 or rows.start >= 250
            return super().pixels(rows)

    whole = small_dataset(600)
    rest = Rest("cifar10", whole.ids, whole.labels, whole.class_names, whole.pixels(slice(0, 600)))
    assert len(shared.originals(tmp_path, rest, 600)) == 600


@pytest.mark.parametrize("damage", ["pixel", "cut", "text", "empty"])
def test_damaged_originals_are_named_and_made_anew_by_force(tmp_path: Path, damage: str) -> None:
    dataset, path = small_dataset(300), tmp_path / "originals.npy"
    shared.originals(tmp_path, dataset, 300)
    data = bytearray(path.read_bytes())
    data[5_000] ^= 1
    path.write_bytes({"pixel": bytes(data), "cut": bytes(data[:4_000]), "text": b"no array", "empty": b""}[damage])
    with pytest.raises(DataError, match=r"originals\.npy is damaged.*--force"):
        shared.originals(tmp_path, dataset, 20)
    found = shared.originals(tmp_path, dataset, 20, anew=True)
    assert np.array_equal(found, dataset.pixels(slice(0, 20)))
    assert np.array_equal(shared.originals(tmp_path, dataset, 300), dataset.pixels(slice(0, 300)))


def test_force_believes_no_originals_but_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = small_dataset(300)
    stale = ArrayDataset(
        "cifar10", dataset.ids, dataset.labels, dataset.class_names, 255 - dataset.pixels(slice(0, 300))
    )
    shared.originals(tmp_path, stale, 300)  # whole and sealed, and other images
    forget(monkeypatch)
    assert np.array_equal(shared.originals(tmp_path, dataset, 10, anew=True), dataset.pixels(slice(0, 10)))
    assert len(np.load(tmp_path / "originals.npy", mmap_mode="r")) == 300  # and none fewer
    stamp = (tmp_path / "originals.npy").stat().st_mtime_ns
    shared.originals(tmp_path, dataset, 300, anew=True)  # made by this process: once is enough
    assert (tmp_path / "originals.npy").stat().st_mtime_ns == stamp


def test_originals_beyond_a_shorter_copy_of_the_dataset_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = small_dataset(500)
    shared.originals(tmp_path, whole, 500)
    forget(monkeypatch)
    part = ArrayDataset(
        "cifar10",
        whole.ids[:250],
        whole.labels[:250],
        whole.class_names,
        whole.pixels(slice(0, 250)),
        whole.fingerprint,
    )
    shared.originals(tmp_path, part, 250, anew=True)
    assert np.array_equal(np.load(tmp_path / "originals.npy"), whole.pixels(slice(0, 500)))


def test_originals_of_an_earlier_bench_are_written_again(tmp_path: Path) -> None:
    dataset = small_dataset(20)
    np.save(tmp_path / "originals.npy", dataset.pixels(slice(0, 20)))
    assert np.array_equal(shared.originals(tmp_path, dataset, 10), dataset.pixels(slice(0, 10)))
    assert (tmp_path / "originals.json").exists()


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".originals.npy.host.1.ab.tmp").touch()
    shared.originals(tmp_path, small_dataset(20), 10)
    assert sorted(os.listdir(tmp_path)) == [".originals.lock", "originals.json", "originals.npy"]


@pytest.mark.processes
def test_processes_of_different_n_at_once_leave_the_largest(tmp_path: Path) -> None:
    """As `bench run` does in a fresh folder: whoever comes last must not put fewer images in the place of more."""
    code = (
        "import sys; from pathlib import Path\n"
        "from bench.store import shared; from tests.training.small import small_dataset\n"
        "dataset = small_dataset(900)\n"
        "print('ready', flush=True); sys.stdin.read()\n"
        "shared.originals(Path(sys.argv[1]), dataset, int(sys.argv[2]))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    started = [
        subprocess.Popen([*command, count], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for count in ("900", "30", "500")
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    for process in started:
        process.communicate()
        assert process.returncode == 0
    assert np.array_equal(np.load(tmp_path / "originals.npy"), small_dataset(900).pixels(slice(0, 900)))
    assert not list(tmp_path.glob("**/*.tmp"))


@pytest.mark.processes
def test_logits_of_different_n_at_once_leave_the_largest(tmp_path: Path) -> None:
    dataset, classifier = small_dataset(900), counting(1)
    with ThreadPoolExecutor(4) as pool:
        parts = pool.map(lambda n: shared.logits(tmp_path, classifier, dataset, n, CPU), (30, 900, 500, 260))
    z = np.load(tmp_path / "logits.npz")["logits"]
    assert len(z) == 900
    assert all((part == z[: len(part)]).all() for part in parts)
    assert (
        classifier.network.seen == 900 + 3 * 4
    )  # nothing was computed twice, and four images are looked at by the rest


def test_logits_are_stored_once_and_belong_to_images_and_weights(tmp_path: Path) -> None:
    dataset, first = small_dataset(300), counting(1)
    z = shared.logits(tmp_path, first, dataset, 10, CPU)
    stamp = (tmp_path / "logits.npz").stat().st_mtime_ns
    assert (shared.logits(tmp_path, first, dataset, 250, CPU)[:10] == z).all()
    assert (tmp_path / "logits.npz").stat().st_mtime_ns == stamp  # whole blocks of 250 were computed
    assert len(shared.logits(tmp_path, first, dataset, 300, CPU)) == 300
    assert first.network.seen == 300 + 2 * 4  # the first 250 were copied, and four of them looked at each time
    assert not np.allclose(shared.logits(tmp_path, counting(2), dataset, 10, CPU), z)
    others = ArrayDataset(
        "cifar10", [f"other-{k}" for k in range(10)], np.zeros(10), ["a"], 255 - dataset.pixels(slice(0, 10))
    )
    assert not np.allclose(shared.logits(tmp_path, counting(2), others, 10, CPU), z)


@pytest.mark.parametrize("damage", ["value", "cut", "empty"])
def test_damaged_logits_are_named_and_made_anew_by_force(tmp_path: Path, damage: str) -> None:
    dataset, path = small_dataset(300), tmp_path / "logits.npz"
    z = shared.logits(tmp_path, counting(1), dataset, 300, CPU)
    raw = dict(np.load(path))
    np.savez(path, **(raw | {"logits": raw["logits"] + 0.01}))
    if damage != "value":
        path.write_bytes(path.read_bytes()[:500] if damage == "cut" else b"")
    with pytest.raises(DataError, match=r"logits\.npz is damaged.*--force"):
        shared.logits(tmp_path, counting(1), dataset, 20, CPU)
    assert (shared.logits(tmp_path, counting(1), dataset, 20, CPU, anew=True) == z[:20]).all()
    assert (shared.logits(tmp_path, counting(1), dataset, 300, CPU) == z).all()


def test_force_believes_no_logits_but_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, classifier = small_dataset(300), counting(1)
    stale = LoadedClassifier("linear", Counting(2).eval(), classifier.sha256, 32)  # what it computes has changed
    shared.logits(tmp_path, stale, dataset, 300, CPU)
    forget(monkeypatch)
    z = shared.logits(tmp_path, classifier, dataset, 10, CPU, anew=True)
    assert np.allclose(z, shared.logits(tmp_path / "fresh", counting(1), dataset, 10, CPU))
    assert len(np.load(tmp_path / "logits.npz")["ids"]) == 300  # and none fewer
    before: Any = classifier.network.seen
    shared.logits(tmp_path, classifier, dataset, 300, CPU, anew=True)
    assert classifier.network.seen == before + 4  # made by this process: once is enough


def test_logits_of_an_earlier_bench_are_computed_again(tmp_path: Path) -> None:
    dataset = small_dataset(20)
    wrong = np.zeros((20, 3), np.float32)
    np.savez(tmp_path / "logits.npz", ids=np.array(dataset.ids), logits=wrong, made_by=np.array(f"{1:064d} cpu"))
    assert shared.logits(tmp_path, counting(1), dataset, 10, CPU).any()


def test_arrays_of_an_earlier_bench_are_made_anew_and_as_many(tmp_path: Path) -> None:
    """They have neither digests nor a seal: not one is believed, and no record beside them loses its images."""
    dataset, classifier = small_dataset(400), counting(1)
    shared.originals(tmp_path, dataset, 400)
    (tmp_path / "originals.json").unlink()
    wrong = np.zeros((400, 3), np.float32)
    np.savez(tmp_path / "logits.npz", ids=np.array(dataset.ids), logits=wrong, made_by=np.array("anyone"))
    shared.originals(tmp_path, dataset, 10)
    shared.logits(tmp_path, classifier, dataset, 10, CPU)
    assert (np.load(tmp_path / "originals.npy") == dataset.pixels(slice(None))).all()
    assert len(np.load(tmp_path / "originals.npy")) == 400
    assert len(np.load(tmp_path / "logits.npz")["ids"]) == 400
    assert (np.load(tmp_path / "logits.npz")["logits"] != 0).any(axis=1).all()


def test_kept_logits_that_the_network_does_not_give_any_more_are_refused(tmp_path: Path) -> None:
    last = nn.Linear(3072, 3)
    network = nn.Sequential(nn.Flatten(), last).eval()
    dataset, classifier = small_dataset(20), LoadedClassifier("linear", network, "ab" * 32, 32)
    first = shared.logits(tmp_path, classifier, dataset, 20, CPU)
    assert (shared.logits(tmp_path, classifier, dataset, 20, CPU) == first).all()
    with torch.no_grad():
        last.bias.add_(1e-4)
        shared.logits(tmp_path, classifier, dataset, 20, CPU)
        last.bias.add_(1)
    with pytest.raises(DataError, match=r"other logits than linear gives now: they differ by up to 1\..*--force"):
        shared.logits(tmp_path, classifier, dataset, 20, CPU)
    anew = shared.logits(tmp_path, classifier, dataset, 20, CPU, anew=True)
    assert np.allclose(anew, first + 1, atol=1e-3)
    assert (shared.logits(tmp_path, classifier, dataset, 20, CPU) == anew).all()
