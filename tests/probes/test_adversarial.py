import importlib.util
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from bench.errors import UsageError
from bench.metrics.features import default_batch
from bench.probes import adversarial
from bench.probes.adversarial import attack, random_start
from bench.probes.runner import open_probe
from tests.probes.conftest import RunProbe

CPU = torch.device("cpu")


def test_the_attack_on_two_linear_logits_ends_in_a_corner_of_the_ball() -> None:
    """There the loss of class 0 grows along w1 - w0 and nowhere else, which has the closed form x + eps sign."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 4 * 4, 2)).eval()
    pixels = np.random.default_rng(0).integers(20, 230, (3, 4, 4, 3), dtype=np.uint8)
    found = attack(net, pixels, np.zeros(3, np.int64), [1, 2, 3], CPU)
    layer = net[1]
    assert isinstance(layer, nn.Linear)
    away = torch.sign(layer.weight[1] - layer.weight[0]).detach().view(3, 4, 4).permute(1, 2, 0).numpy()
    assert (found == pixels + 8 * away.astype(int)).all()


def test_every_step_is_looked_at_the_last_one_included(monkeypatch: pytest.MonkeyPatch) -> None:
    """One step of 2/255 from no perturbation moves every pixel by 2 levels, if the point after it is looked at."""
    monkeypatch.setattr(adversarial, "STEPS", 1)
    monkeypatch.setattr(adversarial, "random_start", lambda seeds, shape: torch.zeros(len(seeds), *shape))
    net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 4 * 4, 2)).eval()
    pixels = np.random.default_rng(0).integers(20, 230, (3, 4, 4, 3), dtype=np.uint8)
    moved = attack(net, pixels, np.zeros(3, np.int64), [1, 2, 3], CPU).astype(int) - pixels
    assert (np.abs(moved) == 2).all()


def test_the_network_sees_whole_batches_alone() -> None:
    """So that the rounding of an image's gradients, which signs amplify, does not depend on N."""
    seen = set()

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(3 * 4 * 4, 2)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            seen.add(len(images))
            logits: torch.Tensor = self.linear(images.flatten(1))
            return logits

    pixels = np.random.default_rng(0).integers(0, 255, (default_batch(CPU) + 3, 4, 4, 3), dtype=np.uint8)
    found = attack(Net().eval(), pixels, np.zeros(len(pixels), np.int64), list(range(len(pixels))), CPU)
    assert found.shape == pixels.shape
    assert seen == {default_batch(CPU)}


def test_the_start_of_an_image_is_its_own() -> None:
    both, second = random_start([7, 8], (3, 4, 4)), random_start([8], (3, 4, 4))
    assert (both[1] == second[0]).all()
    assert not (both[0] == both[1]).all()
    assert 7 / 255 < both.abs().max() <= 8 / 255


@pytest.mark.networks
def test_what_comes_back_is_the_attacks_class(run: RunProbe) -> None:
    found = run("adversarial", "Typical", "judge", num_images=6)
    assert [level.value for level in found.record.levels] == [0, pytest.approx(8 / 255)]
    assert (found.record.note or "").startswith("PGD-20 by secml-torch 1.")
    assert found.value("clean", "class_target_kept") == 1
    assert found.value("clean", "lpips_input") == found.value("clean", "logit_move") == 0
    kept = found.column("attacked", "class_target_kept")
    assert kept.mean() < 0.5  # the judge is no robust network
    assert found.value("attacked", "class_judge_given") == 1
    label = found.column("attacked", "reid_label_judge")
    assert (label[kept == 0] <= found.column("clean", "label_judge_input")[kept == 0]).all()
    assert found.value("attacked", "reid_class_judge") == pytest.approx(kept.mean())
    assert found.value("attacked", "lpips_input") > 0
    apart = np.abs(found.pictures[:, 2].astype(int) - found.pictures[:, 0])
    assert apart.max() == 8


@pytest.mark.networks
def test_without_named_classes_the_attacks_class_is_null(run: RunProbe, monkeypatch: pytest.MonkeyPatch) -> None:
    found = run("adversarial", "Grey", "linear", num_images=2)
    assert found.value("attacked", "class_judge_given") in (0, 0.5, 1)  # ten logits: taken as the dataset's classes
    monkeypatch.setattr("bench.probes.scene.Scene.logits_of_labels", None)
    score = run("adversarial", "Grey", "linear", num_images=2, force=True).level("attacked")["class_judge_given"]
    assert score.value is None
    assert "do not name the judge's classes" in (score.note or "")


def test_a_missing_library_is_one_paragraph(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str, *_: Any) -> Any:
        return None if name == "secmlt" else importlib.util.find_spec(name)

    monkeypatch.setattr(adversarial, "find_spec", find)
    with pytest.raises(UsageError, match=r"pip install 'secml-torch>=1\.5'") as caught:
        open_probe("adversarial")
    assert len(str(caught.value).splitlines()) == 1
