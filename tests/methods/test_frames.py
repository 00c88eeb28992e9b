"""From the line to the generator's arithmetic a reader passes five functions of ours."""

import traceback
from pathlib import Path

import pytest
from torch import Tensor

from bench.config import RunConfig
from bench.line import run_cell
from methods.biggan_logit.generator import Generator

pytestmark = pytest.mark.networks

ROOT = Path(__file__).parents[2]


def test_five_frames_from_the_line_to_the_generator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passed: list[str] = []

    def forward(*_: Tensor) -> Tensor:
        passed.extend(ours(traceback.extract_stack()[:-1]))
        raise RuntimeError("reached")

    monkeypatch.setattr(Generator, "forward", forward)
    cell = RunConfig("biggan-logit", "robust_resnet152", num_images=2, out=tmp_path, controls=False, device="cpu")
    assert run_cell(cell).status == "failed"
    assert passed[passed.index("_line") :] == ["_line", "reconstruct", "invert", "__call__"]  # forward is the fifth


def ours(stack: list[traceback.FrameSummary]) -> list[str]:
    """The functions in a stack that belong to the line; a list in brackets is none, and no frame since Python 3.12."""
    places = [ROOT / name for name in ("bench", "methods")]
    names = [frame.name for frame in stack if any(Path(frame.filename).is_relative_to(one) for one in places)]
    return [name for name in names if not name.startswith("<")]
