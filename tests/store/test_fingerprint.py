"""A score's fingerprint follows what that metric is made of, and nothing else."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from bench.datasets import load_dataset
from bench.metrics.registry import metrics
from bench.protocol import protocol_of
from bench.store.fingerprint import fingerprint_of

PARTS = protocol_of("cifar10", load_dataset("cifar10").fingerprint, 2_500, judge="judge")
# what bench made of these parts before metrics were plugins
STORED = json.loads(Path(__file__).with_name("fingerprints.json").read_text())
RANKS = {key for key in metrics() if key.startswith(("reid_instance", "reid_within"))}
JUDGED = {key for key, one in metrics().items() if "judge" in one.needs.extractors}


def fingerprints(parts: dict[str, Any]) -> dict[str, str]:
    return {key: fingerprint_of(key, parts) for key in metrics()}


@pytest.mark.parametrize("name", STORED)
def test_every_score_keeps_its_fingerprint(name: str) -> None:
    assert fingerprints(STORED[name]["parts"]) == STORED[name]["fingerprints"]


def test_the_table_holds_what_records_hold() -> None:
    path = Path(__file__).parents[2] / "reports/results/cifar10/robust_resnet152/biggan-logit-2500/record.json"
    assert json.loads(path.read_text())["protocol"] == PARTS == STORED["committed"]["parts"] | {"judge": "judge"}


def changed(path: tuple[str, ...], value: Any) -> set[str]:
    """The metrics whose fingerprint follows a change of one part."""
    parts = copy.deepcopy(PARTS)
    inside = parts
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = value
    before, after = fingerprints(PARTS), fingerprints(parts)
    return {key for key in metrics() if before[key] != after[key]}


@pytest.mark.parametrize(
    ("path", "follow"),
    [
        (("order",), set(metrics())),
        (("dataset",), set(metrics())),
        (("gallery",), RANKS),
        (("extractors", "inception"), {"fid"}),
        (("extractors", "judge"), JUDGED),
        (("extractors", "efficientnet_lite0"), {"fd_efficientnet_lite0", "kid_efficientnet_lite0"}),
        (("extractors", "lpips_alex"), {"lpips", "diversity"}),
        (("resizing", "lpips"), {"lpips", "diversity"}),
        (("resizing", "efficientnet_lite0"), {"fd_efficientnet_lite0", "kid_efficientnet_lite0"}),
        (("metric_versions", "ssim"), {"ssim"}),
        (("judge_names",), {"reid_label_judge"}),
        (("metric_versions", "reid_class"), {"reid_class_target", "reid_class_judge", "reid_label_judge"}),
        (("metric_versions", "reid_instance"), {key for key in metrics() if key.startswith("reid_instance")}),
        (("metric_versions", "a new one"), set()),
        (("fingerprint",), set()),
    ],
)
def test_what_follows_what(path: tuple[str, ...], follow: set[str]) -> None:
    assert changed(path, "other") == follow


def test_no_two_metrics_share_one() -> None:
    found = fingerprints(PARTS)
    assert len(set(found.values())) == len(metrics())


@pytest.mark.parametrize("parts", [{}, {"fingerprint": "x"}, {"metric_versions": 5, "fingerprint": "x"}])
def test_without_parts_the_whole_protocols_stands_in(parts: dict[str, Any]) -> None:
    assert fingerprint_of("lpips", parts) == parts.get("fingerprint", "")


@pytest.mark.parametrize("name", ["extractors", "resizing"])
def test_damaged_parts_are_another_making(name: str) -> None:
    assert fingerprint_of("lpips", PARTS | {name: ["?"]}) != fingerprint_of("lpips", PARTS)
