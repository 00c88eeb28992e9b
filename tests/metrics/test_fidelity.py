import numpy as np
import pytest
import torch
import torch_fidelity
from torch import Tensor
from torch.utils.data import Dataset

from bench.metrics.distances import frechet
from bench.metrics.features import network_extractor
from bench.metrics.fidelity import register
from tests.metrics.small_networks import Small


class Images(Dataset[Tensor]):
    """(N, H, W, 3) uint8 as torch-fidelity wants it."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels = pixels

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, row: int) -> Tensor:
        return torch.from_numpy(self.pixels[row]).permute(2, 0, 1)


def test_frechet_is_what_torch_fidelity_calculates() -> None:
    rng = np.random.default_rng(0)
    a = rng.integers(0, 256, (80, 8, 8, 3), dtype=np.uint8)
    b = rng.integers(0, 200, (80, 8, 8, 3), dtype=np.uint8)
    net = Small(0).eval()
    register("bench-small", net)
    theirs = torch_fidelity.calculate_metrics(
        input1=Images(a), input2=Images(b), fid=True, feature_extractor="bench-small", cuda=False, cache=False,
        batch_size=16, save_cpu_ram=True, verbose=False,
    )  # fmt: skip
    extract = network_extractor("small", "", net, torch.device("cpu"))
    ours = frechet(extract(a)["features"], extract(b)["features"])
    assert ours == pytest.approx(theirs["frechet_inception_distance"], rel=1e-4)
