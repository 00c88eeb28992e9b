"""``robustbench:``, against the zoo's own classes where it is installed, and against plain functions everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision import models, transforms

from bench.classifiers import classifier_card, load_classifier
from bench.classifiers.providers import robustbench
from bench.classifiers.providers.robustbench import NORMALISATIONS, RobustBenchProvider, Row, build, renamed, table
from bench.errors import UnknownNameError, UsageError, WeightsError
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

State = dict[str, Tensor]
SMALL = {
    "wide": "wrn-10-1",
    "dm-wide": "dm-wrn-10-1",
    "preact": "preact-18",
    "preact-raw": "preact-18-raw",
    "dm-preact": "dm-preact-18",
    "resnet": "resnet-18",
}
CIFAR10 = NORMALISATIONS["cifar10"]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small network of each family, beside the real ones."""
    rows = {
        f"cifar10/Linf/{name}": Row("cifar10", "Linf", name, architecture, "cifar10", "-", "id")
        for name, architecture in SMALL.items()
    }
    rows["imagenet/Linf/small"] = Row("imagenet", "Linf", "small", "torchvision:resnet18", "imagenet", "-", "id")
    whole = table() | rows
    monkeypatch.setattr(robustbench, "table", lambda: whole)


def saved(folder: Path, state: Any) -> Path:
    torch.save(state, folder / "w.pt")
    return folder / "w.pt"


# ---- published names and plain functions: what the networks are, written once more ----


def random_state(shapes: dict[str, tuple[int, ...]]) -> State:
    """Weights under published names: convolutions, norms (their scales, shifts and statistics) and a linear layer."""
    generator, state = torch.Generator().manual_seed(1), {}
    for name, shape in shapes.items():
        if len(shape) == 1 and "bias" not in name:  # a norm
            state[f"{name}.weight"] = 0.5 + 0.5 * torch.rand(shape, generator=generator)
            state[f"{name}.bias"] = 0.2 * torch.randn(shape, generator=generator)
            state[f"{name}.running_mean"] = 0.1 * torch.randn(shape, generator=generator)
            state[f"{name}.running_var"] = 1 + 0.5 * torch.rand(shape, generator=generator)
            state[f"{name}.num_batches_tracked"] = torch.tensor(1)
        else:
            fan = int(np.prod(shape[1:])) or 1
            state[name] = torch.randn(shape, generator=generator) * (2 / fan) ** 0.5
    return state


def norm(state: State, name: str, x: Tensor) -> Tensor:
    mean, var = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    return F.batch_norm(x, mean, var, state[f"{name}.weight"], state[f"{name}.bias"])


def wide_shapes(names: dict[str, str]) -> dict[str, tuple[int, ...]]:
    """WRN-10-1 by the names of one house: one block a group."""
    shapes: dict[str, tuple[int, ...]] = {f"{names['stem']}.weight": (16, 3, 3, 3)}
    c_in = 16
    for group, width in enumerate((16, 32, 64)):
        block = names["block"].format(group, group + 1)
        shapes |= {f"{block}.{names['norm1']}": (c_in,), f"{block}.{names['norm2']}": (width,)}
        shapes |= {f"{block}.{names['conv1']}.weight": (width, c_in, 3, 3)}
        shapes |= {f"{block}.{names['conv2']}.weight": (width, width, 3, 3)}
        if c_in != width:
            shapes[f"{block}.{names['shortcut']}.weight"] = (width, c_in, 1, 1)
        c_in = width
    return shapes | {names["norm"]: (64,), f"{names['fc']}.weight": (10, 64), f"{names['fc']}.bias": (10,)}


def wide_forward(names: dict[str, str], state: State, x: Tensor, same: bool) -> Tensor:
    activate: Callable[[Tensor], Tensor] = F.silu if same else F.relu
    x = F.conv2d(x, state[f"{names['stem']}.weight"], padding=1)
    for group in range(3):
        block, stride = names["block"].format(group, group + 1), 2 if group else 1
        h = activate(norm(state, f"{block}.{names['norm1']}", x))
        one = state[f"{block}.{names['conv1']}.weight"]
        if same and stride == 2:
            out = F.conv2d(F.pad(h, (0, 1, 0, 1)), one, stride=2)
        else:
            out = F.conv2d(h, one, stride=stride, padding=1)
        out = activate(norm(state, f"{block}.{names['norm2']}", out))
        shortcut = f"{block}.{names['shortcut']}.weight"
        kept = F.conv2d(h, state[shortcut], stride=stride) if shortcut in state else x
        x = F.conv2d(out, state[f"{block}.{names['conv2']}.weight"], padding=1) + kept
    return activate(norm(state, names["norm"], x)).mean((2, 3))


TRADES = {
    "stem": "conv1", "block": "block{1}.layer.0", "norm1": "bn1", "norm2": "bn2", "conv1": "conv1", "conv2": "conv2",
    "shortcut": "convShortcut", "norm": "bn1", "fc": "fc",
}  # fmt: skip
DEEPMIND = {
    "stem": "init_conv", "block": "layer.{0}.block.0", "norm1": "batchnorm_0", "norm2": "batchnorm_1",
    "conv1": "conv_0", "conv2": "conv_1", "shortcut": "shortcut", "norm": "batchnorm", "fc": "logits",
}  # fmt: skip


@pytest.mark.parametrize(("name", "names"), [("wide", TRADES), ("dm-wide", DEEPMIND)])
def test_wide_resnets_equal_plain_functions(name: str, names: dict[str, str], tmp_path: Path, bench_home: Path) -> None:
    state = random_state(wide_shapes(names))
    wrapped = {f"module.{key}": value for key, value in state.items()}
    if name == "wide":
        wrapped["module.sub_block1.layer.0.bn1.weight"] = torch.ones(16)  # in the files, never used
    network = load_classifier(f"robustbench:cifar10/Linf/{name}", weights=saved(tmp_path, {"state_dict": wrapped}))

    def features(given: Tensor) -> Tensor:
        return wide_forward(names, state, given, same=name == "dm-wide")

    def theirs(given: Tensor) -> Tensor:
        return F.linear(features(given), state[f"{names['fc']}.weight"], state[f"{names['fc']}.bias"])

    agree(network, theirs, features, _pipeline(CIFAR10, 32, 3))  # type: ignore[arg-type]
    is_differentiable(network)


def _pipeline(normalisation: tuple[Any, Any], side: int, resample: int) -> Callable[[Any], Tensor]:
    turned: Callable[[Any], Tensor] = transforms.Compose([transforms.ToTensor(), transforms.Normalize(*normalisation)])
    return lambda image: turned(image.resize((side, side), resample=resample))


# ---- the library's own classes ----


@pytest.mark.parametrize("name", SMALL)
def test_it_equals_the_library(name: str, tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = "robustbench.model_zoo.architectures"
    wide = abandoned(f"{base}.wide_resnet", monkeypatch)
    resnet, deepmind = (abandoned(f"{base}.{part}", monkeypatch) for part in ("resnet", "dm_wide_resnet"))
    blocks = [2, 2, 2, 2]
    torch.manual_seed(1)
    theirs = randomised(
        {
            "wide": lambda: wide.WideResNet(10, widen_factor=1, sub_block1=True),
            "dm-wide": lambda: deepmind.DMWideResNet(10, 10, 1, deepmind.Swish),
            "preact": lambda: resnet.PreActResNet(resnet.PreActBlockV2, blocks, bn_before_fc=True),
            "preact-raw": lambda: resnet.PreActResNet(resnet.PreActBlock, blocks),
            "dm-preact": lambda: deepmind.DMPreActResNet(10, 18, 0, deepmind.Swish),
            "resnet": lambda: resnet.ResNet(resnet.BasicBlock, blocks),
        }[name](),
        side=32,
    )
    if name.startswith("dm"):  # which normalises itself
        theirs.mean, theirs.std = torch.zeros(3, 1, 1), torch.ones(3, 1, 1)
    last = theirs.get_submodule({"w": "fc", "d": "logits"}.get(name[0], "linear"))

    def features(given: Tensor) -> Tensor:
        kept: list[Tensor] = []
        handle = last.register_forward_pre_hook(lambda _, x: kept.append(x[0]))
        theirs(given)
        handle.remove()
        return kept[0]

    path = saved(tmp_path, {"state_dict": nn.DataParallel(theirs).state_dict()})
    network = load_classifier(f"robustbench:cifar10/Linf/{name}", weights=path)
    agree(network, theirs, features, _pipeline(CIFAR10, 32, 3))


def test_every_network_of_the_table_is_the_librarys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tensors by name and shape, its normalisation, and its file."""
    zoo = abandoned("robustbench.model_zoo", monkeypatch)
    models_of = {
        f"{dataset.value}/{threat.value}/{name}": entry
        for dataset, threats in zoo.model_dicts.items()
        for threat, entries in threats.items()
        for name, entry in entries.items()
    }
    monkeypatch.undo()
    assert table().keys() == models_of.keys()
    covered = {name: row for name, row in table().items() if row.file != "-"}
    assert len(covered) == 148
    shapes: dict[tuple[str, int], dict[str, Any]] = {}
    for name, row in covered.items():
        assert models_of[name]["gdrive_id"] == row.file
        assert models_of[name].get("preprocessing", "-") == row.preprocessing
        with _constants_on_cpu(monkeypatch), torch.device("meta"):
            theirs = models_of[name]["model"]()
            body = build(row.architecture, robustbench.CLASSES[row.dataset])
        state = {key.removeprefix("model."): value for key, value in theirs.state_dict().items()}
        held = {key: value for key, value in state.items() if key not in ("mu", "sigma")}
        found = renamed(row.architecture, {k: v for k, v in held.items() if "normalize" not in k}, body)
        expected = shapes.setdefault(
            (row.architecture, robustbench.CLASSES[row.dataset]), {k: v.shape for k, v in body.state_dict().items()}
        )
        assert {key: value.shape for key, value in found.items()} == expected, name
        named = dict(theirs.named_buffers())
        for k, keys in enumerate((("mu", "mean", "normalize.mean"), ("sigma", "std", "normalize.std"))):
            for key in keys:
                if key in named:
                    known = torch.tensor(NORMALISATIONS[row.normalisation][k])
                    assert torch.allclose(named[key].flatten(), known, atol=1e-7), name


class _constants_on_cpu:  # noqa: N801
    """Numbers that a class writes down are kept while its weights are nowhere."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch

    def __enter__(self) -> None:
        for name in ("tensor", "as_tensor"):
            made = getattr(torch, name)
            self.patch.setattr(torch, name, lambda *a, made=made, **k: made(*a, **{**k, "device": "cpu"}))

    def __exit__(self, *_: object) -> None:
        self.patch.undo()


# ---- ImageNet, refusals, cards ----


@pytest.fixture(scope="module")
def resnet18() -> nn.Module:
    torch.manual_seed(1)
    return randomised(models.resnet18())


def test_imagenet_networks_are_torchvisions(resnet18: nn.Module, tmp_path: Path, bench_home: Path) -> None:
    mean, std = NORMALISATIONS["imagenet"]
    state = {f"model.{key}": value for key, value in resnet18.state_dict().items()}
    state |= {
        "normalize.mean": torch.tensor(mean).view(1, 3, 1, 1),
        "normalize.std": torch.tensor(std).view(1, 3, 1, 1),
    }
    network = load_classifier("robustbench:imagenet/Linf/small", weights=saved(tmp_path, state))
    body = nn.Sequential(*list(resnet18.children())[:-1], nn.Flatten())
    agree(network, resnet18, body, _pipeline((mean, std), 224, 2))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s | {"extra": torch.zeros(1)}, r"Unexpected key.*extra"),
        (lambda s: {k: v for k, v in s.items() if k != "fc.bias"}, r"Missing key.*fc\.bias"),
        (lambda s: s | {"fc.bias": torch.zeros(6)}, r"size mismatch for fc\.bias"),
        (lambda s: s | {"mu": torch.full((1, 3, 1, 1), 0.4)}, r"it normalises with the mean \[0\.4, 0\.4, 0\.4\]"),
    ],
)
def test_wrong_keys_are_refused(change: Any, words: str, tmp_path: Path, bench_home: Path) -> None:
    path = saved(tmp_path, change(random_state(wide_shapes(TRADES))))
    with pytest.raises(WeightsError, match=rf"w\.pt does not fit robustbench:cifar10/Linf/wide: .*{words}"):
        load_classifier("robustbench:cifar10/Linf/wide", weights=path)


def test_a_normalisation_in_the_file_is_used_to_its_last_digit(tmp_path: Path, bench_home: Path) -> None:
    state = random_state(wide_shapes(TRADES)) | {"mu": torch.tensor([0.4915, 0.4822, 0.4465]).view(1, 3, 1, 1)}
    network = load_classifier("robustbench:cifar10/Linf/wide", weights=saved(tmp_path, state))
    assert network.mean.flatten().tolist() == pytest.approx([0.4915, 0.4822, 0.4465])  # type: ignore[operator]


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.999])
def test_a_truncated_file_is_refused(kept: float, tmp_path: Path, bench_home: Path) -> None:
    path = saved(tmp_path, random_state(wide_shapes(TRADES)))
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(WeightsError, match=r"w\.pt is not a whole file of weights.*Fetch it again"):
        load_classifier("robustbench:cifar10/Linf/wide", weights=path)


def test_logits_beside_the_file_are_compared(tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for a file with the published hash; a swapped order of the channels is found out."""
    state = random_state(wide_shapes(TRADES))
    publish(RobustBenchProvider, saved(tmp_path, state), monkeypatch)
    name = "robustbench:cifar10/Linf/wide"
    place = bench_home / "classifiers" / "robustbench" / "cifar10" / "Linf" / "wide.pt.logits.npz"
    place.parent.mkdir(parents=True)
    normalise = transforms.Normalize(*CIFAR10)

    def logits(images: Tensor) -> Tensor:
        found = wide_forward(TRADES, state, normalise(images), same=False)
        return F.linear(found, state["fc.weight"], state["fc.bias"])

    images = tensor(photo(32))
    np.savez(place, images=np.array(photo(32))[None], logits=logits(images))
    load_classifier(name)
    np.savez(place, images=np.array(photo(32))[None], logits=logits(images.flip(1)))
    with pytest.raises(WeightsError, match=r"gives other logits than wide\.pt\.logits\.npz"):
        load_classifier(name)


def test_the_card(tmp_path: Path, bench_home: Path) -> None:
    path = saved(tmp_path, {"a": torch.zeros(1)})
    card = classifier_card("robustbench:cifar10/Linf/Engstrom2019Robustness", weights=path)
    assert (card.num_logits, card.input_size, card.classes, card.robust) == (10, 32, "cifar10", "Linf 8/255")
    assert (card.preprocessing["std"], card.licence) == ([0.2023, 0.1994, 0.2010], "MIT")
    card = classifier_card("robustbench:imagenet/Linf/Liu2023Comprehensive_ConvNeXt-B", weights=path)
    assert (card.num_logits, card.input_size, card.robust) == (1000, 224, "Linf 4/255")
    assert card.preprocessing["interpolation"] == "bicubic"
    one = RobustBenchProvider().describe("imagenet/Linf/Wong2020Fast")
    assert (one.input_size, one.interpolation) == (288, "bilinear")
    assert RobustBenchProvider().describe("cifar10/L2/Standard").robust is None
    assert RobustBenchProvider().describe("cifar100/corruptions/Gowal2020Uncovering_Linf").licence == "Apache-2.0"


def test_what_is_missing_is_named_with_its_source_and_its_place(bench_home: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        load_classifier("robustbench:cifar10/Linf/Engstrom2019Robustness")
    place = bench_home / "classifiers" / "robustbench" / "cifar10" / "Linf" / "Engstrom2019Robustness.pt"
    for part in ("needs the file cifar10/Linf/Engstrom2019Robustness.pt", "no hash is published", str(place)):
        assert part in str(caught.value)
    assert "https://drive.google.com/uc?export=download&id=1etqmQsksNIWBvBQ4r8ZFk_3FJlLWr8Rr" in str(caught.value)


def test_unknown_names() -> None:
    provider = RobustBenchProvider()
    with pytest.raises(UnknownNameError, match=r"model of RobustBench's cifar10/Linf called 'Engstrom2019'.*Did you"):
        provider.describe("cifar10/Linf/Engstrom2019")
    for name in ("Engstrom2019Robustness", "cifar10/Engstrom2019Robustness", "mnist/Linf/A"):
        with pytest.raises(UnknownNameError, match=r"part of RobustBench called .*cifar100/corruptions.*imagenet/Linf"):
            provider.describe(name)
    with pytest.raises(UsageError, match=r"that bench does not build. Give it as path/to/file\.py:function"):
        provider.describe("cifar10/Linf/Chen2020Adversarial")


def test_without_timm_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robustbench, "installed", lambda name: None)
    with pytest.raises(UsageError, match=r"built by timm\. Type: pip install timm"):
        build("timm:convnext_base", 1000)


def test_swins_are_read_as_timm_reads_them() -> None:
    """Files of older versions reduce at the end of a stage, which timm does now at the beginning of the next."""
    pytest.importorskip("timm")
    with torch.device("meta"):
        body = build("timm:swin_tiny_patch4_window7_224", 1000)
        now = body.state_dict()
        old = {
            re.sub(r"layers\.(\d)\.downsample", lambda found: f"layers.{int(found[1]) - 1}.downsample", key): value
            for key, value in ((key.replace("head.fc.", "head."), value) for key, value in now.items())
        }
        assert renamed("timm:swin_tiny_patch4_window7_224", old, body).keys() == now.keys()
