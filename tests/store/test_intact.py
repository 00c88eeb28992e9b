"""Files that are what their record was written with."""

from pathlib import Path

import numpy as np

from bench.store.files import sha256_of_file
from bench.store.folder import save_array
from bench.store.intact import intact, own_changed
from bench.store.record import Cost, Record
from bench.store.shared import shared_digests


def record(digests: dict[str, str]) -> Record:
    return Record("m", "c", "cifar10", 3, 0, digests=digests, weights={"c": "aa"}, cost=Cost(device="cpu"))


def test_a_file_is_intact_by_the_digest_in_its_record(tmp_path: Path) -> None:
    path = tmp_path / "reconstructions.npy"
    save_array(path, np.zeros((3, 2, 2, 3), np.uint8))
    made = record({path.name: sha256_of_file(path)})
    assert intact(made, path) is None
    save_array(path, np.ones((3, 2, 2, 3), np.uint8))
    assert intact(made, path) == "reconstructions.npy is not what its record was written with"
    assert intact(record({}), path) is None  # of an earlier bench
    path.unlink()
    assert intact(made, path) == "reconstructions.npy is missing"


def test_shared_arrays_are_intact_by_the_rows_of_their_cell(tmp_path: Path) -> None:
    pixels, z = np.arange(60, dtype=np.uint8).reshape(5, 2, 2, 3), np.arange(10, dtype=np.float32).reshape(5, 2)
    originals, logits = tmp_path / "originals.npy", tmp_path / "logits.npz"
    made = record(shared_digests(pixels[:3], z[:3]))

    def write(pixels: np.ndarray, z: np.ndarray, made_by: str = "aa cpu") -> None:
        save_array(originals, pixels)
        np.savez(logits, logits=z, made_by=np.array(made_by))

    for rows in (3, 5):  # they grow
        write(pixels[:rows], z[:rows])
        assert (intact(made, originals), intact(made, logits)) == (None, None)
    write(pixels[:2], z[:2])
    assert intact(made, originals) == "originals.npy cannot be read (ValueError)"
    assert intact(made, logits) is None  # another's took their place, and then the own of a smaller N
    write(pixels + 1, z + 1)
    assert intact(made, originals) == "originals.npy is not what its record was written with"
    assert intact(made, logits) == "logits.npz is not what its record was written with"
    write(pixels, z + 1, "aa cuda")  # another device's took their place
    assert intact(made, logits) is None
    originals.write_bytes(b"")
    assert intact(made, originals) == "originals.npy cannot be read (EOFError)"


def test_what_changed_in_a_cells_own_folder_is_listed(tmp_path: Path) -> None:
    save_array(tmp_path / "pictures.npy", np.zeros((3, 2), np.uint8))
    digest = sha256_of_file(tmp_path / "pictures.npy")
    made = record({"pictures.npy": digest, "captions.json": digest, "originals.npy": digest})  # the last lies elsewhere
    assert own_changed(made, tmp_path) == ["captions.json is missing"]
