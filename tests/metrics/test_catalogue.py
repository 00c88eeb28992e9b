import subprocess
import sys

from bench.metrics.catalogue import METRIC_VERSION, METRICS
from bench.metrics.scoring import IMAGE_METRICS, SET_METRICS

PROTOCOL = [
    "fid",
    "fd_efficientnet_lite0",
    "fd_judge",
    "kid_efficientnet_lite0",
    "lpips",
    "psnr",
    "ssim",
    "logit_error",
    "logit_cosine",
    "reid_class_target",
    "reid_class_judge",
    "reid_label_judge",
    "reid_gap",
    "reid_instance_target_r1",
    "reid_instance_target_r5",
    "reid_instance_target_mrr",
    "reid_instance_judge_r1",
    "reid_instance_judge_r5",
    "reid_instance_judge_mrr",
    "reid_within_class_judge_r1",
    "reid_within_class_judge_mrr",
    "diversity",
]


def test_every_key_of_the_protocol_in_its_order() -> None:
    assert list(METRICS) == PROTOCOL
    assert all(key == info.key for key, info in METRICS.items())


def test_every_metric_is_computed_somewhere() -> None:
    assert {key for key, info in METRICS.items() if info.level == "set"} == set(SET_METRICS)
    assert {key for key, info in METRICS.items() if info.level == "image"} == set(IMAGE_METRICS)


# A version of its own would change the protocol's fingerprint, and with it all scores of today: it gets one with
# the records of schema 2. No other joins it.
WITHOUT_VERSION = {"reid_label_judge"}


def test_every_metric_has_a_version() -> None:
    versioned = {key for key in METRICS if any(key.startswith(prefix) for prefix in METRIC_VERSION)}
    assert METRICS.keys() - versioned == WITHOUT_VERSION


def test_every_version_is_of_a_metric() -> None:
    assert all(any(key.startswith(prefix) for key in METRICS) for prefix in METRIC_VERSION)


def test_import_is_light() -> None:
    code = "import sys, bench.metrics; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
