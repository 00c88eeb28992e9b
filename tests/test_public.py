"""The Python interface as the protocol writes it."""

from pathlib import Path
from typing import Any

import pytest
import torch

import bench
from bench.classifiers.providers.zoo import ZOO
from bench.errors import UsageError


@pytest.mark.networks
def test_the_five_calls(tmp_path: Path) -> None:
    dataset = bench.load_dataset("cifar10")
    classifier = bench.load_classifier("robust_resnet152")
    images = dataset.images(dataset.ids[:4])
    assert images.shape == (4, 3, 32, 32)
    assert 0 <= images.min() < images.max() <= 1
    inverter = bench.load_inverter("biggan-logit", classifier)
    with torch.no_grad():
        reconstructions = inverter.invert(classifier(images), [1, 2, 3, 4])
    scores = bench.score(images, reconstructions, classifier=classifier, labels=torch.from_numpy(dataset.labels[:4]))
    assert scores["lpips"].value
    assert scores["reid_label_judge"].n == 4
    record = bench.run(
        bench.RunConfig("biggan-logit", "robust_resnet152", num_images=4, controls=False, out=tmp_path / "runs")
    )
    assert record.status == "complete", record.reason
    assert record.recipe
    assert record.recipe["steps"] > 0


@pytest.mark.networks
def test_score_of_identical_images_is_the_ceiling() -> None:
    images = torch.rand(3, 3, 32, 32)
    scores = bench.score(images, images)
    assert scores["lpips"].value == 0
    assert scores["ssim"].value == 1
    assert scores["logit_error"].value is None


@pytest.mark.networks
def test_controls_are_no_inverters_and_a_mix_of_tensor_and_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="control"):
        bench.load_inverter("oracle", bench.load_classifier("robust_resnet152"))
    with pytest.raises(UsageError, match="one of each"):
        bench.score(torch.rand(1, 3, 32, 32), tmp_path)


def test_unknown_attributes_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        bench.nonsense  # noqa: B018


def test_what_is_no_image_is_refused() -> None:
    good = torch.rand(2, 3, 8, 8)
    for bad, word in (
        (good * 255, "reach from"),
        (good[0], "float tensor"),
        ((good * 255).to(torch.uint8), "divide by 255"),
    ):
        with pytest.raises(UsageError, match=word):
            bench.score(bad, good)


@pytest.mark.networks
def test_diversity_of_unknown_reconstructions_is_null_not_zero() -> None:
    scores = bench.score(torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32))
    assert scores["diversity"].value is None
    assert scores["diversity"].note


class Flat(torch.nn.Module):
    """3 logits of images of any size."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean((2, 3))


@pytest.mark.networks
def test_an_inverters_size_is_the_datasets_and_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    method = str(Path(__file__).parent / "plugins.py") + ":Grey"
    network = Flat()

    def side(network: torch.nn.Module, **options: Any) -> int:
        return bench.load_inverter(method, network, **options).target.image_size[0]

    assert side(network) == 32
    assert capsys.readouterr().err == ""
    assert side(network, dataset=f"folder:{tmp_path}@48") == 48
    assert side(network, dataset=f"folder:{tmp_path}") == 32
    assert "Flat does not say how large the images are" in capsys.readouterr().err
    assert network.input_size == 32
    large = Flat()
    object.__setattr__(large, "input_size", 224)
    assert side(large, dataset=f"folder:{tmp_path}") == 224
    assert "taken at 224 px, the input size of Flat" in capsys.readouterr().err
    assert side(large) == 32
    assert "images of cifar10 are 32 px, and so are the reconstructions; Flat takes 224 px" in capsys.readouterr().err
    assert side(large, image_size=64) == 64
    bench.score(torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8), classifier=large)
    assert "Flat is shown the images as they are, 8x8 px, and says that it takes 224 px" in capsys.readouterr().err


@pytest.mark.networks
def test_every_classifier_says_its_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, item in ZOO.items():
        assert item.build().input_size == item.input_size, name
    code = "from torch import nn\n\ndef quiet():\n    return nn.Identity()\n\n"
    code += "def odd():\n    network = nn.Identity()\n    network.input_size = (3, 8, 8)\n    return network\n"
    (tmp_path / "mine.py").write_text(code)
    assert bench.load_classifier(f"{tmp_path}/mine.py:quiet").input_size == 32
    assert "mine.py:quiet does not say how large" in capsys.readouterr().err
    with pytest.raises(UsageError, match=r"side of a square in pixels, for instance 224, and is \(3, 8, 8\)"):
        bench.load_classifier(f"{tmp_path}/mine.py:odd")
