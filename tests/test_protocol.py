"""The protocol of today: another fingerprint would leave every committed record alone in its column."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.datasets import load_dataset
from bench.metrics.registry import metrics
from bench.protocol import protocol_of


def parts(**changes: Any) -> dict[str, Any]:
    """Of cifar10."""
    order = load_dataset("cifar10").fingerprint
    return protocol_of("cifar10", order, 2_500, **{"judge": "judge", **changes})


def test_the_fingerprint_of_the_committed_scores() -> None:
    assert parts()["fingerprint"] == "05974f737d3a9428"


def test_it_follows_the_inception_weights_that_are_there(tmp_path: Path) -> None:
    weights = tmp_path / "weights.pth"
    without = parts()
    assert parts(inception=weights) == without
    weights.write_bytes(b"some")
    found = parts(inception=weights)
    assert found["fingerprint"] != without["fingerprint"]
    assert set(found["extractors"]) - set(without["extractors"]) == {"inception"}


def test_metrics_that_are_asked_for_leave_it_as_it_is() -> None:
    found = parts(asked=("kid_judge",))
    assert found["fingerprint"] == parts()["fingerprint"]
    assert found["metric_versions"].keys() - parts()["metric_versions"].keys() == {"kid_judge"}


def test_whoever_plays_the_judge_is_named_and_decides(tmp_path: Path) -> None:
    other, nobody = parts(judge="resnet152"), parts(judge=None)
    assert (parts()["judge"], other["judge"]) == ("judge", "resnet152")
    assert other["extractors"]["judge"] != parts()["extractors"]["judge"]
    assert not {"judge"} & nobody.keys() | {"judge"} & nobody["extractors"].keys()


def test_what_the_judge_names_is_told_where_a_label_is_not_its_logits_number() -> None:
    own = load_dataset("cifar10").labelled
    assert parts(dataset=own) == parts()
    other = parts(dataset=replace(own, name="folder"))
    assert other["judge_names"] == {"classes": "cifar10", "logits": None}
    assert other["fingerprint"] != parts()["fingerprint"]
    assert parts(judge=None, dataset=replace(own, name="folder")) == parts(judge=None)


def test_every_part_is_of_a_metric() -> None:
    stated = {one.versioned_as or one.key for one in metrics().values()}
    assert parts()["metric_versions"].keys() == stated
