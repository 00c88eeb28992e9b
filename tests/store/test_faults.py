"""What could not be used is noted, and what is gone is nothing to note."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.store.faults import Faults, folders


def test_what_a_run_takes_away_meanwhile_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell that ends removes its shards between the listing of its folder and the look into them."""
    for name in ("a/shards", "b"):
        (tmp_path / name).mkdir(parents=True)
    walk = os.walk

    def walking(*arguments: Any, **more: Any) -> Iterator[Any]:
        for found in walk(*arguments, **more):
            if str(found[0]) == str(tmp_path / "a"):
                shutil.rmtree(tmp_path / "a")
            yield found

    monkeypatch.setattr(os, "walk", walking)
    faults = Faults()
    assert list(folders(tmp_path, faults)) == [tmp_path, tmp_path / "b"]
    assert len(faults) == 0
