"""``fair:``, against a forward pass in plain NumPy over archives with the published names and shapes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from bench.classifiers import classifier_card, load_classifier, open_classifier
from bench.classifiers.feature_denoising import RESNET152, array_names, same_resnet
from bench.classifiers.providers.fair import FairProvider
from bench.datasets.tiny_imagenet import TinyImageNet
from bench.errors import UnknownNameError, WeightsError
from tests.classifiers.providers.libraries import is_differentiable, photo, publish, tensor

pytestmark = pytest.mark.networks

Array = NDArray[Any]
Arrays = dict[str, Array]
SMALL = (2, 1, 1, 1)  # blocks; the published one has 3, 8, 36 and 3


def archive(denoise: bool, blocks: tuple[int, ...] = SMALL) -> Arrays:
    """Random arrays under the names and in the layouts of tensorpack."""
    random, arrays, c_in = np.random.default_rng(1), {}, 64

    def layer(name: str, kernel: int, c_in: int, c_out: int, norm: bool = True) -> None:
        shape = (kernel, kernel, c_in, c_out)
        arrays[f"{name}/W"] = random.normal(0, np.sqrt(2 / (kernel * kernel * c_in)), shape)
        if norm:
            arrays[f"{name}/bn/gamma"] = random.uniform(0.5, 1, c_out)
            arrays[f"{name}/bn/beta"] = random.normal(0, 0.2, c_out)
            arrays[f"{name}/bn/mean/EMA"] = random.normal(0, 0.2, c_out)
            arrays[f"{name}/bn/variance/EMA"] = random.uniform(1, 2, c_out)

    layer("conv0", 7, 3, 64)
    for group, count in enumerate(blocks):
        width = 64 << group
        for block in range(count):
            scope = f"group{group}/block{block}"
            layer(f"{scope}/conv1", 1, c_in, width)
            layer(f"{scope}/conv2", 3, width, width)
            layer(f"{scope}/conv3", 1, width, 4 * width)
            if c_in != 4 * width:
                layer(f"{scope}/convshortcut", 1, c_in, 4 * width)
            c_in = 4 * width
        if denoise:
            layer(f"group{group}_denoise/embedding_theta", 1, c_in, c_in // 2, norm=False)
            layer(f"group{group}_denoise/embedding_phi", 1, c_in, c_in // 2, norm=False)
            layer(f"group{group}_denoise/conv", 1, c_in, c_in)
    arrays["linear/W"], arrays["linear/b"] = random.normal(0, 0.05, (c_in, 1000)), random.normal(0, 1, 1000)
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def windows(x: Array, kernel: int, stride: int, fill: float) -> list[Array]:
    """The pixels under each place of a window, padded as TensorFlow's SAME: (H, W, C) to kernel^2 of (H', W', C)."""
    out = [-(-side // stride) for side in x.shape[:2]]
    pads = []
    for side, rows in zip(x.shape[:2], out, strict=True):
        total = max((rows - 1) * stride + kernel - side, 0)
        pads.append((total // 2, total - total // 2))
    x = np.pad(x, [*pads, (0, 0)], constant_values=fill)
    ends = [(rows - 1) * stride + 1 for rows in out]
    places = [(i, j) for i in range(kernel) for j in range(kernel)]
    return [x[i : i + ends[0] : stride, j : j + ends[1] : stride] for i, j in places]


def convolved(a: Arrays, name: str, x: Array, stride: int = 1) -> Array:
    kernel = a[f"{name}/W"].shape[0]
    weights = a[f"{name}/W"].reshape(kernel * kernel, *a[f"{name}/W"].shape[2:])
    x = sum(part @ w for part, w in zip(windows(x, kernel, stride, 0), weights, strict=True))
    if f"{name}/bn/gamma" not in a:
        return x
    scale = a[f"{name}/bn/gamma"] / np.sqrt(a[f"{name}/bn/variance/EMA"] + 1e-5)
    return (x - a[f"{name}/bn/mean/EMA"]) * scale + a[f"{name}/bn/beta"]


def block(a: Arrays, name: str, x: Array, stride: int) -> Array:
    h = np.maximum(convolved(a, f"{name}/conv1", x), 0)
    h = np.maximum(convolved(a, f"{name}/conv2", h, stride), 0)
    shortcut = convolved(a, f"{name}/convshortcut", x, stride) if f"{name}/convshortcut/W" in a else x
    out: Array = np.maximum(convolved(a, f"{name}/conv3", h) + shortcut, 0)
    return out


def denoised(a: Arrays, name: str, x: Array) -> Array:
    theta, phi = (convolved(a, f"{name}/embedding_{part}", x) for part in ("theta", "phi"))
    f = theta.reshape(-1, theta.shape[2]) @ phi.reshape(-1, phi.shape[2]).T / np.sqrt(theta.shape[2])
    weights = np.exp(f - f.max(1, keepdims=True))
    mean = (weights / weights.sum(1, keepdims=True)) @ x.reshape(-1, x.shape[2])
    return x + convolved(a, f"{name}/conv", mean.reshape(x.shape))


def forward(a: Arrays, pixels: NDArray[np.uint8], blocks: tuple[int, ...] = SMALL) -> tuple[Array, Array]:
    """Pooled features and logits of one RGB image (H, W, 3)."""
    x = pixels[..., ::-1].astype(np.float32) / 127.5 - 1  # BGR
    x = np.maximum(convolved(a, "conv0", x, 2), 0)
    x = np.maximum.reduce(windows(x, 3, 2, -np.inf))
    for group, count in enumerate(blocks):
        for place in range(count):
            x = block(a, f"group{group}/block{place}", x, 2 if group and not place else 1)
        if f"group{group}_denoise/conv/W" in a:
            x = denoised(a, f"group{group}_denoise", x)
    features = x.mean((0, 1))
    return features, features @ a["linear/W"] + a["linear/b"]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.classifiers.feature_denoising.same_resnet", lambda denoise: same_resnet(denoise, SMALL))


def saved(folder: Path, name: str = "R152", changes: Mapping[str, Any] = {}) -> Path:
    arrays = {**archive(name.endswith("Denoise")), **changes}
    path = folder / f"{name}.npz"
    np.savez(path, **{key: array for key, array in arrays.items() if array is not None})
    return path


@pytest.mark.parametrize("name", ["R152", "R152-Denoise"])
@pytest.mark.parametrize("suffix", ["", ":0"])
def test_it_equals_a_forward_pass_in_numpy(name: str, suffix: str, tmp_path: Path, bench_home: Path) -> None:
    arrays = archive(name.endswith("Denoise"))
    path = tmp_path / "w.npz"
    np.savez(path, **{f"{key}{suffix}": array for key, array in arrays.items()})  # type: ignore[arg-type]
    network = load_classifier(f"fair:{name}", weights=path)
    features, logits = forward(arrays, np.array(photo(224)))
    images = tensor(photo(224))
    assert np.abs(network(images)[0].numpy() - logits).max() <= 1e-4 * np.abs(logits).max()
    assert np.abs(network.features(images)[0].numpy() - features).max() <= 1e-4 * np.abs(features).max()  # type: ignore[operator]
    if not suffix:
        is_differentiable(network)


def test_other_sizes_are_enlarged_as_pillow_does(tmp_path: Path, bench_home: Path) -> None:
    network, arrays = load_classifier("fair:R152", weights=saved(tmp_path)), archive(denoise=False)
    for side in (64, 300):
        _, logits = forward(arrays, np.array(photo(side).resize((224, 224), resample=3)))
        assert np.abs(network(tensor(photo(side)))[0].numpy() - logits).max() <= 2e-2 * np.abs(logits).max()


@pytest.mark.parametrize("denoise", [False, True])
def test_every_array_of_the_published_network_has_its_place(denoise: bool) -> None:
    expected = {name: array.shape for name, array in archive(denoise, (1, 1, 1, 1)).items()}
    assert expected["group3/block0/convshortcut/W"] == (1, 1, 1024, 2048)
    with torch.device("meta"):
        whole = same_resnet(denoise)
    names = array_names(whole)
    assert set(names) == {key for key in whole.state_dict() if not key.endswith("num_batches_tracked")}
    counts = [sum(f"group{g}/block{k}/conv3/W" in names.values() for k in range(40)) for g in range(4)]
    assert tuple(counts) == RESNET152
    denoising = sum(2 * c * c + 2 * c for c in (256, 512, 1024, 2048)) if denoise else 0
    assert sum(value.numel() for value in whole.parameters()) == 60_192_808 + denoising
    assert expected.keys() <= set(names.values())


def test_the_card(tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path)
    card = classifier_card("fair:R152", weights=path)
    assert (card.id, card.num_logits, card.input_size, card.classes) == ("fair:R152", 1000, 224, "imagenet")
    assert (card.robust, card.licence, card.verified, card.accuracy) == ("Linf 16/255", "CC BY-NC 4.0", False, {})
    assert card.preprocessing["channels"] == "BGR"
    assert (card.preprocessing["mean"], card.preprocessing["std"]) == ([0.5] * 3, [0.5] * 3)
    publish(FairProvider, path, monkeypatch)  # as if a hash were known
    assert classifier_card("fair:R152").accuracy == {"imagenet_val_acc1": 0.623}
    other = saved(tmp_path, "R152", {"linear/b": np.zeros(1000, np.float32)})
    assert classifier_card("fair:R152", weights=other).robust is None


def test_what_is_missing_is_named_with_its_source_and_its_place(bench_home: Path) -> None:
    place = bench_home / "classifiers" / "fair" / "R152.npz"
    with pytest.raises(WeightsError) as caught:
        load_classifier("fair:R152")
    assert str(caught.value) == (
        "fair:R152 needs the file R152.npz, which is not here, and it is not fetched, because no hash is published "
        "that would tell it from another. Fetch it from https://github.com/facebookresearch/"
        "ImageNet-Adversarial-Training/releases/download/v0/R152.npz where there is a network and put it at "
        f"{place}, or name your copy with --classifier-weights PATH."
    )
    with pytest.raises(WeightsError) as named:  # what a dataset of ImageNet's classes calls robust_resnet152
        classifier_card("robust_resnet152", aliases=TinyImageNet.short_names())
    assert str(named.value) == str(caught.value)
    with pytest.raises(UnknownNameError, match=r"Did you mean 'R152'.*Known: R152, R152-Denoise"):
        load_classifier("fair:R125")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"conv0/W": None}, r"R152\.npz does not fit fair:R152: the archive lacks conv0/W\."),
        ({"conv9/W": np.zeros(3)}, "the archive holds conv9/W, which the network does not have"),
        ({"linear/b": np.zeros(999)}, r"the archive holds linear/b for \(999,\) in place of \(1000,\)"),
        ({"conv0/W": None, "conv9/W": np.zeros(3)}, r"lacks conv0/W \(2 of its arrays are not as they should be\)"),
    ],
)
def test_wrong_arrays_are_refused(changes: dict[str, Any], words: str, tmp_path: Path, bench_home: Path) -> None:
    with pytest.raises(WeightsError, match=words):
        load_classifier("fair:R152", weights=saved(tmp_path, changes=changes))


def test_the_archive_of_the_other_network_is_refused(tmp_path: Path, bench_home: Path) -> None:
    with pytest.raises(
        WeightsError, match=r"R152-Denoise\.npz does not fit fair:R152: the archive holds group0_denoise"
    ):
        load_classifier("fair:R152", weights=saved(tmp_path, "R152-Denoise"))


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.999])
def test_a_truncated_archive_is_refused(kept: float, tmp_path: Path, bench_home: Path) -> None:
    path = saved(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(WeightsError, match=r"R152\.npz should be an archive of plain NumPy arrays.*Fetch it again"):
        load_classifier("fair:R152", weights=path)


def test_objects_in_an_archive_are_not_unpickled(tmp_path: Path, bench_home: Path) -> None:
    path = saved(tmp_path, changes={"linear/b": np.array([{}], dtype=object)})
    with pytest.raises(WeightsError, match=r"should be an archive of plain NumPy arrays"):
        load_classifier("fair:R152", weights=path)


def test_logits_beside_the_archive_are_compared(
    tmp_path: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also for a file with the published hash; a network that was shown RGB in place of BGR is found out."""
    path = saved(tmp_path)
    publish(FairProvider, path, monkeypatch)
    pixels = np.array(photo(224))
    place = bench_home / "classifiers" / "fair" / "R152.npz.logits.npz"
    place.parent.mkdir(parents=True)
    _, logits = forward(archive(denoise=False), pixels)
    np.savez(place, images=pixels[None], logits=logits[None])
    assert open_classifier("fair:R152").card is not None
    _, swapped = forward(archive(denoise=False), pixels[..., ::-1])
    np.savez(place, images=pixels[None], logits=swapped[None])
    with pytest.raises(WeightsError, match=r"fair:R152 with the weights .*other logits than R152\.npz\.logits\.npz"):
        open_classifier("fair:R152")
