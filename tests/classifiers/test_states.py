"""Weight files of other houses: read whole or refused, and never run."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from bench.classifiers.files import FoundFile
from bench.classifiers.states import read_arrays, read_state
from bench.errors import WeightsError


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"

    class Touch:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (mark,)

    torch.save({"weight": Touch()}, tmp_path / "evil.pth")
    with pytest.raises(WeightsError, match=r"evil\.pth holds more than weights.*bench runs no code"):
        read_state(found(tmp_path / "evil.pth"))
    assert not mark.exists()


def found(path: Path) -> FoundFile:
    return FoundFile(path, hashlib.sha256(path.read_bytes()).hexdigest(), verified=False)


@pytest.mark.parametrize("form", ["safetensors", "pth"])
@pytest.mark.parametrize("kept", [0, 20, 0.5, 0.99])
def test_truncated_files_are_refused(form: str, kept: float, tmp_path: Path) -> None:
    path, state = tmp_path / f"w.{form}", {"a": torch.rand(50, 50)}
    if form == "pth":
        torch.save(state, path)
    else:
        save_file(state, path)
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data)) if kept < 1 else int(kept)])
    with pytest.raises(WeightsError, match=r"is not a whole|is damaged"):
        read_state(found(path))


def test_other_contents_are_refused_and_checkpoints_are_unwrapped(tmp_path: Path) -> None:
    path, state = tmp_path / "w.pth", {"a": torch.rand(3)}
    torch.save({"state_dict": state, "epoch": 3}, path)
    assert torch.equal(read_state(found(path))["a"], state["a"])
    for other in ([torch.rand(3)], {"a": 3}, {}, torch.rand(2)):
        torch.save(other, path)
        with pytest.raises(WeightsError, match="should hold the weights of a network"):
            read_state(found(path))


def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    torch.save({"a": torch.rand(3)}, path)
    before = found(path)
    torch.save({"a": torch.rand(3)}, path)
    with pytest.raises(WeightsError, match="has changed while it was being opened"):
        read_state(before)


def test_arrays_come_out_by_name_and_objects_are_refused(tmp_path: Path) -> None:
    path, kernel = tmp_path / "w.npz", np.arange(6.0).reshape(2, 3)
    np.savez(path, kernel=kernel)
    assert torch.equal(read_arrays(found(path))["kernel"], torch.from_numpy(kernel).float())
    np.savez(path, kernel=np.array([{}], dtype=object))
    with pytest.raises(WeightsError, match="should be an archive of plain NumPy arrays"):
        read_arrays(found(path))
