import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from bench.errors import UnknownNameError
from bench.metrics import registry
from bench.metrics.extractors import extractors
from bench.metrics.registry import asked_for, chosen, find, metrics
from tests.conftest import AddPlugin

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


METRIC = """
import numpy as np
import bench

class Brightness(bench.Metric):
    card = bench.MetricCard("brightness", "brightness", "how bright", None, "image", {family})
    needs = bench.Needs(pixels=True)

    def look(self, block):
        return block.reconstruction.mean((1, 2, 3)) / 255
"""
FOREIGN = METRIC.format(family="'x'")


@pytest.fixture
def install(plugin: AddPlugin) -> Iterator[Callable[[str, str, str], None]]:
    """Registers a metric: (name, "mod:Object", code)."""

    def add(name: str, value: str, code: str) -> None:
        plugin(name, "bench.metrics", f"{name} = {value}", code)
        registry.forget()

    yield add
    registry.forget()


def test_every_key_of_the_protocol_in_its_order() -> None:
    assert list(metrics()) == PROTOCOL
    assert all(key == one.card.key for key, one in metrics().items())
    assert len({one.card.title for one in metrics().values()}) == len(PROTOCOL)


def test_every_metric_says_what_a_table_must_know() -> None:
    for key, one in (metrics() | asked_for()).items():
        card = one.card
        assert card.definition, key
        assert card.question, key
        assert card.family != "Other", key
        assert "{" not in card.definition, key
    places = sorted(one.card.headline for one in metrics().values() if one.card.headline is not None)
    assert places == list(range(15))


def test_every_network_that_is_asked_for_is_registered() -> None:
    asked = {name for one in metrics().values() for name in one.needs.extractors}
    asked |= {name for one in asked_for().values() for name in one.needs.extractors}
    assert asked == set(extractors())


def test_a_family_has_a_member_for_each_extractor_with_features() -> None:
    among_neighbours = {
        f"{family}_{name}"
        for family in ("precision", "recall", "density", "coverage")
        for name in ("efficientnet_lite0", "inception", "judge", "dinov2", "clip")
    }
    distances = {"kid_inception", "kid_judge", "fd_dinov2", "kid_dinov2", "fd_clip", "kid_clip"}  # Inception's is fid
    assert set(asked_for()) == distances | among_neighbours
    assert find("kid_judge").card.title == "KID judge"  # type: ignore[union-attr]
    assert find("fd_lpips_alex") is None
    assert [one.key for one in chosen(("kid_judge", "psnr"))] == ["psnr", "kid_judge"]
    with pytest.raises(UnknownNameError, match="Did you mean 'kid_judge'"):
        chosen(("kid_judgee",))


@pytest.mark.parametrize(("family", "place"), [("'Mine'", -1), ("'Likeness to the original'", 7)])
def test_an_outsiders_metric_stands_with_its_family_behind_ours(
    family: str, place: int, install: Callable[[str, str, str], None]
) -> None:
    install("brightness", f"outsiders_metric_{place + 1}:Brightness", METRIC.format(family=family))
    assert list(metrics()).index("brightness") == place % len(metrics())
    assert [key for key in metrics() if key != "brightness"] == PROTOCOL


@pytest.mark.parametrize(
    ("value", "code", "said"),
    [
        ("outsiders_metric_a:X", "raise RuntimeError('no')", "cannot be imported: RuntimeError: no"),
        ("outsiders_metric_b:X", "X = 5", "should be a bench.Metric"),
        (
            "outsiders_metric_c:Brightness",
            METRIC.format(family="'x'").replace('"brightness",', '"image_id",', 1),
            "its key is",
        ),
        ("outsiders_metric_d:Brightness", METRIC.format(family="'x'").replace('"brightness",', '"lpips",', 1), "twice"),
    ],
)
def test_a_plugin_that_cannot_be_used_is_said_and_left_out(
    value: str, code: str, said: str, install: Callable[[str, str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    install("brightness", value, code)
    assert list(metrics()) == PROTOCOL
    assert said in capsys.readouterr().err


def test_import_is_light() -> None:
    code = "import sys; from bench.metrics.registry import metrics; metrics(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
