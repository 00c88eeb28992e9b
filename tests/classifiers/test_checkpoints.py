"""Checkpoints that hold more than tensors: the tensors come out, and nothing is called."""

import io
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.classifiers.checkpoints import Inert, load_tensors

CALLED: list[str] = []


def call(word: str) -> str:
    CALLED.append(word)
    return word


class Made:
    """An object whose reading calls a function."""

    def __reduce__(self) -> tuple[Any, ...]:
        return call, ("ran",)


class Kept:
    """An object with a state of its own."""

    def __init__(self) -> None:
        self.place = Path("somewhere")


@pytest.mark.parametrize("zipped", [True, False])
def test_tensors_come_out_and_no_code_is_run(zipped: bool) -> None:
    CALLED.clear()
    weights, stream = {"a": torch.rand(3, 2), "b": torch.arange(4)}, io.BytesIO()
    torch.save(
        {"model": weights, "made": Made(), "kept": Kept(), "call": call}, stream, _use_new_zipfile_serialization=zipped
    )
    with pytest.raises(Exception, match="Weights only load failed"):
        torch.load(io.BytesIO(stream.getvalue()), weights_only=True)
    held = load_tensors(stream.getvalue())
    assert held["model"].keys() == weights.keys()
    assert all(torch.equal(held["model"][name], weights[name]) for name in weights)
    assert held["made"] is held["kept"] is held["call"] is Inert
    assert CALLED == []


def test_a_damaged_checkpoint_is_an_error() -> None:
    stream = io.BytesIO()
    torch.save({"made": Made()}, stream)
    with pytest.raises(Exception, match=r".+"):
        load_tensors(stream.getvalue()[:-200])
