import hashlib
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.errors import MetricError
from bench.metrics import inception
from bench.metrics.inception import inception_extractor

CPU = torch.device("cpu")


@pytest.mark.parametrize("path", [None, Path("nowhere.pth")])
def test_without_the_weights_it_says_what_to_type(path: Path | None) -> None:
    with pytest.raises(MetricError, match="type `bench data fetch inception` or give --inception-weights PATH"):
        inception_extractor(path, CPU)


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights-inception-2015-12-05-6726825d.pth"
    path.write_bytes(b"something else")
    with pytest.raises(MetricError, match="its SHA-256 begins with"):
        inception_extractor(path, CPU)


class Malicious:
    def __reduce__(self) -> tuple[object, ...]:
        return pytest.fail, ("the file was unpickled",)


def test_a_forged_file_is_never_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "forged.pth"
    path.write_bytes(pickle.dumps(Malicious(), protocol=2))
    monkeypatch.setattr(inception, "PUBLISHED_SHA256_PREFIX", hashlib.sha256(path.read_bytes()).hexdigest()[:8])
    with pytest.raises(MetricError, match="is not torch-fidelity's"):
        inception_extractor(path, CPU)


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
    assert inception_extractor(path, CPU).sha256 == digest
