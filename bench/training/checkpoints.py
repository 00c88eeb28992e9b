"""The last two checkpoints of a training, each with a digest of itself: damage is noticed, and the older one is whole.

A checkpoint is what ``torch.save`` writes, then a line with the SHA-256 of it. Those of earlier versions lack the line
and are read as they are.
"""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import torch

from bench.errors import TrainingError

CHECKPOINT, PREVIOUS = "checkpoint.pt", "checkpoint-previous.pt"
MARK = b"\nsha256 "
TRAILER = len(MARK) + 64


def present(folder: Path) -> bool:
    """Whether there is any, whole or not."""
    return any((folder / name).exists() for name in (CHECKPOINT, PREVIOUS))


def write(folder: Path, document: dict[str, Any]) -> None:
    """Add a checkpoint, whole or not at all; the one before it stays, the one before that goes."""
    scratch = folder / "checkpoint.tmp"
    try:
        torch.save(document, scratch)
        with scratch.open("rb+") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0, os.SEEK_END)
            file.write(MARK + digest.encode())
            file.flush()
            os.fsync(file.fileno())
        if (folder / CHECKPOINT).exists():
            _keep(folder / CHECKPOINT, folder / PREVIOUS)
        os.replace(scratch, folder / CHECKPOINT)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def _keep(current: Path, previous: Path) -> None:
    """Give the current checkpoint the other name as well, so that at no moment there is none under its own."""
    link = previous.with_suffix(".tmp")
    link.unlink(missing_ok=True)
    try:
        os.link(current, link)
    except OSError:  # not every file system has links
        os.replace(current, previous)
        return
    os.replace(link, previous)
    link.unlink(missing_ok=True)  # it stays where both names were those of one file already


def last_whole(folder: Path) -> tuple[dict[str, Any] | None, dict[Path, str]]:
    """The last whole checkpoint, or None where there is none at all, and which are damaged in what way.

    Raises:
        TrainingError: there are some, and all of them are damaged.
    """
    damaged: dict[Path, str] = {}
    for path in (folder / CHECKPOINT, folder / PREVIOUS):
        try:
            return _read(path), damaged
        except FileNotFoundError:  # or deleted as damaged by another process of the training just now
            continue
        except (OSError, ValueError) as reason:
            damaged[path] = str(reason)
    if damaged:
        raise TrainingError(
            f"A checkpoint to go on from is expected in {folder}, and {_list(damaged)}. To start anew, delete the "
            "folder or name another one with --out."
        )
    return None, damaged


def _list(damaged: dict[Path, str]) -> str:
    return " and ".join(f"{path.name} is damaged ({reason})" for path, reason in damaged.items())


def told(folder: Path, step: int, damaged: dict[Path, str]) -> str:
    """What is damaged, and where the training goes on."""
    return f"in {folder} {_list(damaged)}: going on from step {step:,}, the last whole checkpoint"


def _read(path: Path) -> dict[str, Any]:
    """One checkpoint from one read.

    Raises:
        ValueError: it is not whole; says in what way.
    """
    data = path.read_bytes()
    if not data:
        raise ValueError("it is empty")
    if data[-TRAILER:-64] == MARK:
        data, digest = data[:-TRAILER], data[-64:].decode("ascii", "replace")
        if hashlib.sha256(data).hexdigest() != digest:
            raise ValueError("its SHA-256 is not the one that it was written with")
    try:
        document: dict[str, Any] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        int(document["step"])
    except Exception as error:  # cut and overwritten files fail in many ways
        raise ValueError("it is cut short or overwritten") from error
    return document
