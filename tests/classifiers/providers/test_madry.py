"""``madry:``, against the library's own wrapper where it is installed, on checkpoints in its own form."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision import models, transforms

from bench.classifiers import classifier_card, load_classifier
from bench.classifiers.cifar_resnet import cifar_resnet
from bench.classifiers.providers.madry import CIFAR10, IMAGENET, NETWORKS, MadryProvider
from bench.errors import UnknownNameError, WeightsError
from tests.classifiers.providers.libraries import (
    abandoned,
    agree,
    is_differentiable,
    photo,
    publish,
    randomised,
    tensor,
)

pytestmark = pytest.mark.networks

SMALL = "resnet18_linf_eps4.0"


def checkpoint(network: nn.Module, mean: Any = IMAGENET[0], std: Any = IMAGENET[1]) -> dict[str, Tensor]:
    """The state of the library's wrapper: the network, once more for its attacker, and how both normalise."""
    state: dict[str, Tensor] = {}
    for prefix in ("module.", "module.attacker."):
        state |= {f"{prefix}model.{name}": value for name, value in network.state_dict().items()}
    for normaliser in ("module.normalizer.", "module.attacker.normalize."):
        state |= {
            f"{normaliser}new_{what}": torch.tensor(v).view(3, 1, 1) for what, v in (("mean", mean), ("std", std))
        }
    return state


@pytest.fixture(scope="module")
def resnet18() -> nn.Module:
    torch.manual_seed(1)
    return randomised(models.resnet18())


def saved(folder: Path, state: Any, **more: Any) -> Path:
    path = folder / "w.pt"
    torch.save({"model": state, "epoch": 90, **more}, path)
    return path


def test_the_network_is_taken_out_of_its_wrapper(resnet18: nn.Module, tmp_path: Path, bench_home: Path) -> None:
    network = load_classifier(f"madry:{SMALL}", weights=saved(tmp_path, checkpoint(resnet18)))
    pipeline = transforms.Compose(
        [transforms.Resize(224), transforms.CenterCrop(224), transforms.ToTensor(), transforms.Normalize(*IMAGENET)]
    )
    body = nn.Sequential(*list(resnet18.children())[:-1], nn.Flatten())
    agree(network, resnet18, body, pipeline)
    is_differentiable(network)


@pytest.mark.parametrize(("name", "dataset"), [(SMALL, "imagenet"), ("cifar_l2_0_5", "cifar")])
@pytest.mark.parametrize("zipped", [True, False], ids=["as torch saves now", "as torch saved in 2019"])
def test_it_equals_the_library(
    name: str, dataset: str, zipped: bool, tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dill = pytest.importorskip("dill")
    attacker = abandoned("robustness.attacker", monkeypatch)
    package = abandoned(f"robustness.{dataset}_models", monkeypatch)
    augment = abandoned("robustness.data_augmentation", monkeypatch)
    monkeypatch.setattr("bench.classifiers.cifar_resnet.cifar_resnet", lambda depth, k: cifar_resnet(18, k))
    mean, std = CIFAR10 if dataset == "cifar" else IMAGENET
    torch.manual_seed(1)
    small = dataset == "cifar"
    own = randomised(package.resnet18(num_classes=10 if small else 1000), side=32 if small else 224)
    wrapped = attacker.AttackerModel(own, SimpleNamespace(mean=torch.tensor(mean), std=torch.tensor(std)))
    state = nn.DataParallel(wrapped.eval()).state_dict()
    kept = {"model": state, "schedule": {"lr_lambdas": [lambda epoch: epoch]}, "prec1": np.float64(0.5)}
    torch.save(kept, tmp_path / "w.pt", pickle_module=dill, _use_new_zipfile_serialization=zipped)

    def pipeline(image: Any) -> Tensor:
        shown = transforms.Compose([transforms.Resize(side), *augment.TEST_TRANSFORMS_DEFAULT(side).transforms[1:]])
        given: Tensor = wrapped.normalizer(shown(image)[None])[0]
        return given

    network = load_classifier(f"madry:{name}", weights=tmp_path / "w.pt")
    side = int(network.input_size)  # type: ignore[arg-type]
    agree(network, own, lambda given: own(given, with_latent=True)[1], pipeline)
    images = tensor(photo(side))
    with torch.inference_mode():
        assert (network(images) - wrapped(images)[0]).abs().max() <= 1e-4


class Touch:
    """Code in a file: whoever unpickles it leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


class Args:
    """As checkpoints hold the arguments of a training."""

    def __init__(self) -> None:
        self.eps = 3


class Store(dict[str, Any]):
    """What torch's restricted reader cannot make nothing of."""


@pytest.mark.parametrize("zipped", [True, False])
def test_what_else_lies_in_a_checkpoint_is_not_run(
    zipped: bool, resnet18: nn.Module, tmp_path: Path, bench_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = tmp_path / "ran"
    extras = {"args": Args(), "evil": Touch(mark), "best": np.float32(0.5), "kinds": {1, 2}}
    path = tmp_path / "w.pt"
    kept = {"model": checkpoint(resnet18), **extras}
    torch.save(kept, path, _use_new_zipfile_serialization=zipped)
    network = load_classifier(f"madry:{SMALL}", weights=path)
    normalised = transforms.Normalize(*IMAGENET)(tensor(photo(224)))
    with torch.inference_mode():
        assert (network(tensor(photo(224))) - resnet18(normalised)).abs().max() <= 1e-4
    assert not mark.exists()
    assert "holds more than weights: its tensors alone are read, and no code in it is run" in capsys.readouterr().err


def test_a_checkpoint_that_cannot_be_read_so_says_what_to_do(tmp_path: Path, bench_home: Path) -> None:
    path = saved(tmp_path, {"module.model.fc.bias": torch.zeros(3)}, args=Store(a=1))
    with pytest.raises(WeightsError, match=r"w\.pt holds more than weights.*Open it where you trust its source, and"):
        load_classifier(f"madry:{SMALL}", weights=path)


def test_code_in_place_of_weights_is_refused(resnet18: nn.Module, tmp_path: Path, bench_home: Path) -> None:
    mark = tmp_path / "ran"
    path = saved(tmp_path, checkpoint(resnet18) | {"module.model.fc.bias": Touch(mark)})
    with pytest.raises(WeightsError, match=r"w\.pt should hold the weights of a network, tensors by name"):
        load_classifier(f"madry:{SMALL}", weights=path)
    torch.save({"model": Touch(mark)}, path)
    with pytest.raises(WeightsError, match=r"w\.pt should hold the weights of a network, tensors by name"):
        load_classifier(f"madry:{SMALL}", weights=path)
    assert not mark.exists()


def test_a_checkpoint_that_normalises_otherwise_is_refused(
    resnet18: nn.Module, tmp_path: Path, bench_home: Path
) -> None:
    other = saved(tmp_path, checkpoint(resnet18, *CIFAR10))
    with pytest.raises(
        WeightsError, match=r"does not fit madry:.*: it normalises with the mean \[0\.4914.*is expected"
    ):
        load_classifier(f"madry:{SMALL}", weights=other)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s | {"module.model.extra": torch.zeros(1)}, r"Unexpected key.*extra"),
        (lambda s: {k: v for k, v in s.items() if k != "module.model.fc.bias"}, r"Missing key.*fc\.bias"),
        (lambda s: s | {"module.model.fc.bias": torch.zeros(6)}, r"size mismatch for fc\.bias"),
        (lambda s: {k: v for k, v in s.items() if "attacker" in k}, r"Missing key.*conv1\.weight"),
    ],
)
def test_wrong_keys_are_refused(change: Any, words: str, resnet18: nn.Module, tmp_path: Path, bench_home: Path) -> None:
    path = saved(tmp_path, change(checkpoint(resnet18)))
    with pytest.raises(WeightsError, match=rf"w\.pt does not fit madry:resnet18_linf_eps4\.0: .*{words}"):
        load_classifier(f"madry:{SMALL}", weights=path)


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.999])
def test_a_truncated_file_is_refused(kept: float, resnet18: nn.Module, tmp_path: Path, bench_home: Path) -> None:
    path = saved(tmp_path, checkpoint(resnet18), extra=np.float64(1))
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(WeightsError, match=r"w\.pt is not a whole file of weights.*Fetch it again"):
        load_classifier(f"madry:{SMALL}", weights=path)


def test_logits_beside_the_file_are_compared(
    resnet18: nn.Module, tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also for a file with the published hash; a swapped order of the channels is found out."""
    publish(MadryProvider, saved(tmp_path, checkpoint(resnet18)), monkeypatch)
    place = bench_home / "classifiers" / "madry" / f"{SMALL}.ckpt.logits.npz"
    place.parent.mkdir(parents=True)
    pixels, normalise = np.array(photo(224))[None], transforms.Normalize(*IMAGENET)
    with torch.inference_mode():
        right = resnet18(normalise(tensor(photo(224))))
        swapped = resnet18(normalise(tensor(photo(224)).flip(1)))
    np.savez(place, images=pixels, logits=right)
    load_classifier(f"madry:{SMALL}")
    np.savez(place, images=pixels, logits=swapped)
    with pytest.raises(WeightsError, match=r"gives other logits than resnet18_linf_eps4\.0\.ckpt\.logits\.npz"):
        load_classifier(f"madry:{SMALL}")


def test_the_card(resnet18: nn.Module, tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, checkpoint(resnet18))
    card = classifier_card(f"madry:{SMALL}", weights=path)
    assert (card.num_logits, card.input_size, card.classes, card.verified) == (1000, 224, "imagenet", False)
    assert (card.robust, card.accuracy, card.licence) == ("Linf 4/255", {}, "MIT")
    card = classifier_card("madry:cifar_nat", weights=path)
    assert (card.num_logits, card.input_size, card.classes, card.robust) == (10, 32, "cifar10", None)
    publish(MadryProvider, path, monkeypatch)
    assert classifier_card(f"madry:{SMALL}").accuracy == {"imagenet_val_acc1": 0.5249}


def test_every_network_has_a_file_and_can_be_built() -> None:
    provider = MadryProvider()
    assert len(NETWORKS) == 8 + 42 + 15
    for name in ("imagenet_linf_4", "resnet50_l2_eps3", "wide_resnet50_4_l2_eps5", "resnet18_linf_eps0.5", "cifar_nat"):
        one = provider.describe(name)
        assert one.file.url.startswith("https://")
        assert bool(one.file.pointer) == ("_eps" in name)
        with torch.device("meta"):
            network = provider.network(name, _empty(name))
            images = torch.rand(2, 3, one.input_size, one.input_size)
            with torch.inference_mode():
                assert network.to("meta").eval()(images).shape == (2, one.num_logits)
    assert provider.describe("wide_resnet50_4_l2_eps5").robust == "L2 5"
    assert provider.describe("resnet50_l2_eps0").robust is None
    assert provider.describe("resnet18_linf_eps0.5").robust == "Linf 0.5/255"


def _empty(name: str) -> dict[str, Tensor]:
    wide = {"width_per_group": 256} if "50_4" in name else {}
    network = (
        cifar_resnet(50, 10) if "cifar" in name else models.resnet18() if "18" in name else models.resnet50(**wide)
    )
    return dict(network.state_dict())


def test_what_is_missing_is_named_with_its_source_and_its_place(bench_home: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        load_classifier("madry:imagenet_linf_4")
    for part in ("madry:imagenet_linf_4 needs the file imagenet_linf_4.pt", "no hash is published", "www.dropbox.com"):
        assert part in str(caught.value)
    assert str(bench_home / "classifiers" / "madry" / "imagenet_linf_4.pt") in str(caught.value)
    with pytest.raises(UnknownNameError, match=r"network of MadryLab's called 'resnet50_l2_eps4'. Did you mean"):
        load_classifier("madry:resnet50_l2_eps4")
