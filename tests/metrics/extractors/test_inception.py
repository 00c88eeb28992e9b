import hashlib
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_featuresdict_to_statistics, fid_statistics_to_metric

from bench.datasets import cifar10
from bench.errors import MetricError
from bench.metrics.distances import frechet
from bench.metrics.evaluate import evaluate
from bench.metrics.extractors import inception, playing
from bench.metrics.extractors.inception import Inception
from bench.metrics.features import open_extractor
from bench.metrics.networks import Networks
from tests.metrics.random_inception import Images, write_random_inception

CPU = torch.device("cpu")


@pytest.mark.parametrize("path", [None, Path("nowhere.pth")])
def test_without_the_weights_it_says_what_to_type(path: Path | None) -> None:
    with pytest.raises(MetricError, match="type `bench data fetch inception` or give --inception-weights PATH"):
        Inception(path).network(CPU)


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights-inception-2015-12-05-6726825d.pth"
    path.write_bytes(b"something else")
    with pytest.raises(MetricError, match="its SHA-256 begins with"):
        Inception(path).network(CPU)


class Malicious:
    def __reduce__(self) -> tuple[object, ...]:
        return pytest.fail, ("the file was unpickled",)


def take(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let a file pass for the published one."""
    monkeypatch.setattr(inception, "PUBLISHED_SHA256_PREFIX", hashlib.sha256(path.read_bytes()).hexdigest()[:8])
    return path


def test_a_forged_file_is_never_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "forged.pth"
    path.write_bytes(pickle.dumps(Malicious(), protocol=2))
    with pytest.raises(MetricError, match="is not torch-fidelity's"):
        Inception(take(path, monkeypatch)).network(CPU)


def test_the_bytes_that_were_checked_are_those_that_are_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is replaced once it was hashed: torch-fidelity gets the bytes, not the path."""
    import torch_fidelity.feature_extractor_inceptionv3 as fidelity

    path = tmp_path / "weights.pth"
    torch.save({"w": torch.ones(2)}, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(inception, "PUBLISHED_SHA256_PREFIX", digest[:8])
    check = inception._check

    def check_and_replace(*arguments: Any) -> None:
        check(*arguments)
        path.write_bytes(pickle.dumps(Malicious(), protocol=2))

    class Loading(torch.nn.Module):
        def __init__(self, name: str, layers: list[str], feature_extractor_weights_path: Any) -> None:
            super().__init__()
            self.w = torch.load(feature_extractor_weights_path, weights_only=False)["w"]
            assert self.w.tolist() == [1, 1]

    monkeypatch.setattr(inception, "_check", check_and_replace)
    monkeypatch.setattr(fidelity, "FeatureExtractorInceptionV3", Loading)
    assert callable(Inception(path).network(CPU))


@pytest.fixture(scope="session")
def random_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_random_inception(tmp_path_factory.mktemp("inception") / "random.pth")


def real(count: int, side: int) -> np.ndarray:
    """Test images (count, side, side, 3), the larger ones as mosaics of several."""
    tiles = -(-side // 32)
    pixels = cifar10.shipped_test()[0]
    rows = np.arange(count * tiles**2).reshape(count, tiles, tiles) % len(pixels)
    whole = pixels[rows].swapaxes(2, 3).reshape(count, 32 * tiles, 32 * tiles, 3)
    return np.ascontiguousarray(whole[:, :side, :side])


@pytest.mark.networks
@pytest.mark.parametrize("side", [32, 299])
@pytest.mark.parametrize("count", [2, pytest.param(64, marks=pytest.mark.slow)])
def test_features_are_torch_fidelitys(
    side: int, count: int, random_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = real(count, side)
    network = Inception(take(random_weights, monkeypatch)).network(CPU)
    ours = open_extractor("inception", "", network, CPU, 10, {"features": network})(pixels)["features"]
    theirs = FeatureExtractorInceptionV3("i", ["2048"], feature_extractor_weights_path=str(random_weights))
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    with torch.inference_mode():
        expected = theirs(images)[0].numpy()
    assert ours.shape == (count, 2048)
    assert float(np.abs(expected[0] - expected[1]).mean()) > 1e-3 * float(np.abs(expected).mean())  # tells images apart
    np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-5 * float(np.abs(expected).max()))


def test_the_distance_is_torch_fidelitys_on_given_features() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(300, 16)).astype(np.float32)
    b = (rng.normal(size=(260, 16)) @ rng.normal(size=(16, 16)) + 0.3).astype(np.float32)
    fitted = [fid_featuresdict_to_statistics({"2048": torch.from_numpy(x).double()}, "2048") for x in (a, b)]
    theirs = fid_statistics_to_metric(*fitted, verbose=False)
    assert frechet(a, b) == pytest.approx(theirs[KEY_METRIC_FID], rel=1e-9)


@pytest.mark.networks
@pytest.mark.slow
def test_fid_of_2048_images_is_what_torch_fidelity_calculates(
    random_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quarter of an hour on two cores: each side looks at 4,096 images."""
    import torch_fidelity

    originals = real(2_048, 32)
    noise = np.random.default_rng(0).normal(0, 25, originals.shape)
    noisy = np.clip(originals + noise, 0, 255).astype(np.uint8)
    nets = Networks(None, CPU, playing(None, take(random_weights, monkeypatch)))
    ours = evaluate(originals, noisy, labels=None, logits=None, networks=nets, wanted=("fid",)).metrics["fid"]
    theirs = torch_fidelity.calculate_metrics(
        input1=Images(originals), input2=Images(noisy), fid=True, cuda=False, cache=False, batch_size=16,
        save_cpu_ram=True, verbose=False, feature_extractor_weights_path=str(random_weights),
    )  # fmt: skip
    print(f"fid of random weights: {ours.value!r}, by torch-fidelity {theirs[KEY_METRIC_FID]!r}")
    assert ours.n == 2_048
    assert ours.value == pytest.approx(theirs[KEY_METRIC_FID], rel=1e-4)
