from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from bench.errors import WeightsError
from bench.weights.files import load_file
from bench.weights.rows import SCALE, from_rows, in_rows


def test_no_weight_moves_by_more_than_half_a_step_of_its_channel() -> None:
    kernel = (
        torch.randn(5, 4, 3, 3, generator=torch.Generator().manual_seed(0))
        * torch.logspace(-6, 2, 5)[:, None, None, None]
    )
    back = from_rows(in_rows({"w": kernel}))["w"]
    steps = kernel.flatten(1).abs().amax(1) / 127
    assert back.dtype == torch.float32
    assert ((back - kernel).flatten(1).abs() <= 0.5001 * steps[:, None]).all()
    assert torch.allclose(back.flatten(1).abs().amax(1), kernel.flatten(1).abs().amax(1))


def test_vectors_integers_and_empty_channels_stay() -> None:
    state = {"b": torch.tensor([0.1, 0.2]), "n": torch.tensor([[3]]), "zero": torch.zeros(2, 3)}
    back = from_rows(in_rows(state))
    assert back.keys() == state.keys()
    assert all(torch.equal(back[name], value.to(back[name].dtype)) for name, value in state.items())


def test_a_second_rounding_changes_nothing() -> None:
    once = from_rows(in_rows({"w": torch.randn(7, 11)}))
    assert torch.allclose(from_rows(in_rows(once))["w"], once["w"], rtol=1e-6, atol=0)


def test_a_file_is_read_in_floats(tmp_path: Path) -> None:
    weights = torch.randn(3, 4)
    (tmp_path / "net.safetensors").write_bytes(save(in_rows({"w": weights})))
    loaded = load_file(tmp_path / "net.safetensors")
    assert list(loaded) == ["w"]
    assert (loaded["w"] - weights).abs().max() < weights.abs().max() / 200


@pytest.mark.parametrize("steps", [torch.ones(2), torch.ones(3, 1)])
def test_steps_that_fit_no_tensor_are_refused(tmp_path: Path, steps: torch.Tensor) -> None:
    packed = in_rows({"w": torch.randn(3, 4)}) | {"w" + SCALE: steps}
    (tmp_path / "net.safetensors").write_bytes(save(packed))
    with pytest.raises(WeightsError, match="belongs to no tensor"):
        load_file(tmp_path / "net.safetensors")
