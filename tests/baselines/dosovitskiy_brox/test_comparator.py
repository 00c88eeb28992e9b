"""The comparator: which network, which layer, in which unit; nothing of it is ever trained."""

import pytest
import torch
from torch import nn

from baselines.dosovitskiy_brox.comparator import Comparator, comparator_of, middle
from bench.classifiers import LoadedClassifier
from bench.classifiers.inception import ThinInceptionV3
from bench.classifiers.provider import JUDGE
from bench.classifiers.providers.zoo import TARGETS, ZOO
from bench.classifiers.resnet import ThinResNet152
from bench.datasets import cifar10
from bench.training.data import TrainingImages
from bench.training.engine import Engine
from tests.baselines.dosovitskiy_brox.conftest import tiny_resnet

CPU = torch.device("cpu")
EXTRACTOR = "efficientnet_lite0"


@pytest.mark.parametrize("target", [*ZOO, "my_file.my_network"])
def test_it_is_never_the_target_the_judge_or_an_extractor(target: str) -> None:
    name = comparator_of(target)
    assert name not in (target, JUDGE, EXTRACTOR)
    assert name in ZOO


def test_all_targets_but_one_share_it() -> None:
    assert {comparator_of(name) for name in TARGETS if name != "resnet152"} == {"resnet152"}


def test_resnets_layer_is_the_end_of_the_third_stage() -> None:
    network, images = tiny_resnet(), torch.rand(2, 3, 32, 32)
    found = middle(network, images)
    assert found.shape == (2, 4 * 8, 4, 4)
    rest = network.stages[4:]  # 1 + 1 + 2 blocks come before
    torch.testing.assert_close(rest(found).mean((2, 3)), network.features(images))


def test_inceptions_layer_is_the_reduction_d() -> None:
    network, images = ThinInceptionV3(width=1 / 16).eval(), torch.rand(2, 3, 32, 32)
    found = middle(network, images)
    assert found.shape == (2, network.d.channels, 4, 4)
    torch.testing.assert_close(network.e(found).mean((2, 3)), network.features(images))


@pytest.mark.networks
def test_the_shipped_networks_have_4x4_maps_of_256_and_320_channels() -> None:
    with torch.device("meta"):
        images = torch.rand(1, 3, 32, 32)
        assert middle(ThinResNet152().eval(), images).shape == (1, 256, 4, 4)
        assert middle(ThinInceptionV3().eval(), images).shape == (1, 320, 4, 4)


def test_another_network_is_refused() -> None:
    with pytest.raises(TypeError, match="not a Linear"):
        middle(nn.Linear(1, 1), torch.rand(1, 3, 32, 32))


def test_features_have_rms_1_on_training_images(
    tiny_cifar: LoadedClassifier, tiny_comparator: LoadedClassifier
) -> None:
    data = TrainingImages(cifar10.load("train"), CPU, seed=0)
    compare = Comparator("linear", Engine(), data)
    features = compare(data.batch(torch.arange(len(data))))
    assert features.square().mean().item() == pytest.approx(1, rel=1e-4)
    assert compare.rms != pytest.approx(1, rel=1e-2)
    assert (compare.name, compare.sha256) == ("resnet152", tiny_comparator.sha256)


def test_gradients_reach_the_images_and_no_weight(
    tiny_cifar: LoadedClassifier, tiny_comparator: LoadedClassifier
) -> None:
    data = TrainingImages(cifar10.load("train"), CPU, seed=0)
    before = {name: value.clone() for name, value in tiny_comparator.network.state_dict().items()}
    images = data.batch(torch.arange(4)).requires_grad_()
    (gradient,) = torch.autograd.grad(Comparator("linear", Engine(), data)(images).square().mean(), images)
    assert gradient.abs().max().item() > 0
    assert all(p.grad is None for p in tiny_comparator.network.parameters())
    for name, value in tiny_comparator.network.state_dict().items():
        assert torch.equal(value, before[name]), name  # BN's statistics as well
