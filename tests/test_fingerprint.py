"""A score's fingerprint follows what that metric is made of, and nothing else."""

import copy
from typing import Any

import pytest

from bench.datasets import load_dataset
from bench.fingerprint import EXTRACTORS, fingerprint_of, fingerprints
from bench.metrics.catalogue import METRIC_VERSION, METRICS, version_of
from bench.protocol import protocol, protocol_of

PARTS = protocol(load_dataset("cifar10"), None)
RANKS = {key for key in METRICS if key.startswith(("reid_instance", "reid_within"))}
JUDGED = {key for key in METRICS if "judge" in METRICS[key].needs}


def changed(path: tuple[str, ...], value: Any) -> set[str]:
    """The metrics whose fingerprint follows a change of one part."""
    parts = copy.deepcopy(PARTS)
    inside = parts
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = value
    before, after = fingerprints(PARTS), fingerprints(parts)
    return {key for key in METRICS if before[key] != after[key]}


@pytest.mark.parametrize(
    ("path", "follow"),
    [
        (("order",), set(METRICS)),
        (("dataset",), set(METRICS)),
        (("gallery",), RANKS),
        (("extractors", "inception"), {"fid"}),
        (("extractors", "judge"), JUDGED),
        (("extractors", "efficientnet_lite0"), {"fd_efficientnet_lite0", "kid_efficientnet_lite0"}),
        (("extractors", "lpips_alex"), {"lpips", "diversity"}),
        (("resizing", "lpips"), {"lpips", "diversity"}),
        (("resizing", "efficientnet_lite0"), {"fd_efficientnet_lite0", "kid_efficientnet_lite0"}),
        (("metric_versions", "ssim"), {"ssim"}),
        (("metric_versions", "reid_class"), {"reid_class_target", "reid_class_judge", "reid_label_judge"}),
        (("metric_versions", "reid_instance"), {key for key in METRICS if key.startswith("reid_instance")}),
        (("metric_versions", "a new one"), set()),
        (("fingerprint",), set()),
    ],
)
def test_what_follows_what(path: tuple[str, ...], follow: set[str]) -> None:
    assert changed(path, "other") == follow


def test_no_two_metrics_share_one() -> None:
    found = fingerprints(PARTS)
    assert len(set(found.values())) == len(METRICS)


def test_every_metric_has_a_version_and_every_network_is_known() -> None:
    assert all(version_of(key, METRIC_VERSION) for key in METRICS)
    assert {need for info in METRICS.values() for need in info.needs} == {
        *EXTRACTORS, "target", "labels", "gallery", "second",
    }  # fmt: skip


def test_images_that_are_known_by_their_order_alone_give_the_same() -> None:
    assert protocol_of("cifar10", PARTS["order"], None) == PARTS


@pytest.mark.parametrize("parts", [{}, {"fingerprint": "x"}, {"metric_versions": 5, "fingerprint": "x"}])
def test_without_parts_the_whole_protocols_stands_in(parts: dict[str, Any]) -> None:
    assert fingerprint_of("lpips", parts) == parts.get("fingerprint", "")


@pytest.mark.parametrize("name", ["extractors", "resizing"])
def test_damaged_parts_are_another_making(name: str) -> None:
    assert fingerprint_of("lpips", PARTS | {name: ["?"]}) != fingerprint_of("lpips", PARTS)
