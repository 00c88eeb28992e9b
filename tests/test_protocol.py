"""The protocol of today: another fingerprint would leave every committed record alone in its column."""

from pathlib import Path

from bench.datasets import load_dataset
from bench.protocol import protocol


def test_the_fingerprint_of_the_committed_scores() -> None:
    assert protocol(load_dataset("cifar10"), None)["fingerprint"] == "05974f737d3a9428"


def test_it_follows_the_inception_weights_that_are_there(tmp_path: Path) -> None:
    dataset, weights = load_dataset("cifar10"), tmp_path / "weights.pth"
    without = protocol(dataset, None)
    assert protocol(dataset, weights) == without
    weights.write_bytes(b"some")
    found = protocol(dataset, weights)
    assert found["fingerprint"] != without["fingerprint"]
    assert set(found["extractors"]) - set(without["extractors"]) == {"inception"}
