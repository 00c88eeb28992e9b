"""``huggingface:``, against transformers' own networks and image processors, on small ones in its own files."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from bench.classifiers import classifier_card, load_classifier, open_classifier
from bench.classifiers.provider import provider_of
from bench.classifiers.providers import huggingface
from bench.classifiers.providers.huggingface import HuggingFaceProvider
from bench.datasets.cifar10 import CLASS_NAMES
from bench.datasets.imagenet_classes import imagenet_classes
from bench.errors import DataError, UsageError, WeightsError
from tests.classifiers.providers.libraries import agree, is_differentiable, photo, randomised, tensor

pytestmark = pytest.mark.networks


def test_without_transformers_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.classifiers.provider.installed", lambda name: None)
    with pytest.raises(UsageError, match=r"huggingface:a/b needs transformers\. Type: pip install transformers"):
        provider_of("huggingface:a/b")


def test_an_old_version_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(huggingface, "installed", lambda name: "4.57.1")
    with pytest.raises(UsageError, match=r"needs transformers 5, and 4\.57\.1 is installed. Type: pip install -U 'tr"):
        huggingface._opened("a/b", tmp_path)


def made(kind: str) -> tuple[Any, Any]:
    """A small network with random weights, and an image processor that shows it all of a picture."""
    library = pytest.importorskip("transformers")
    torch.manual_seed(1)
    small: dict[str, Any] = {"num_labels": 7}
    square, shortest = {"height": 224, "width": 224}, {"shortest_edge": 224}
    small_vit = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 20}
    if kind == "resnet":
        config = library.ResNetConfig(
            embedding_size=8, hidden_sizes=[8, 16], depths=[1, 2], layer_type="basic", **small
        )
        network = library.ResNetForImageClassification(config)
        processor = library.ConvNextImageProcessor(size=shortest, crop_pct=1.0, image_mean=[0.4, 0.5, 0.6])
    elif kind == "vit":
        network = library.ViTForImageClassification(library.ViTConfig(patch_size=32, **small_vit, **small))
        processor = library.ViTImageProcessor(size=square)
    elif kind == "mobilevit":  # which is shown BGR, and not normalised
        sizes = {"hidden_sizes": [8, 12, 16], "neck_hidden_sizes": [8, 8, 8, 8, 8, 8, 16], "num_attention_heads": 2}
        network = library.MobileViTForImageClassification(library.MobileViTConfig(**sizes, **small))
        processor = library.MobileViTImageProcessor(size=shortest, crop_size=square)
    elif kind == "efficientnet":  # whose processor normalises twice
        config = library.EfficientNetConfig(width_coefficient=0.25, depth_coefficient=0.2, hidden_dim=320, **small)
        network = library.EfficientNetForImageClassification(config)
        processor = library.EfficientNetImageProcessor(size=square)
    else:
        network = library.DeiTForImageClassificationWithTeacher(library.DeiTConfig(patch_size=32, **small_vit, **small))
        processor = library.DeiTImageProcessor(size=square)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):  # transformers' own start is so small that all logits are alike
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return randomised(network), processor


def saved(folder: Path, kind: str) -> tuple[Path, Any, Any]:
    network, processor = made(kind)
    network.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder, network, processor


@pytest.fixture(scope="module")
def resnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("resnet"), "resnet")[0]


@pytest.fixture
def folder(resnet: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(resnet, tmp_path / "resnet"))


HEADS = {"resnet": "classifier.1", "vit": "classifier", "mobilevit": "classifier", "efficientnet": "classifier"}


@pytest.mark.parametrize("kind", HEADS)
def test_it_equals_transformers(kind: str, tmp_path: Path, bench_home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    place, theirs, processor = saved(tmp_path / kind, kind)
    capfd.readouterr()
    ours = open_classifier(f"huggingface:{place}").network
    assert "Loading weights" not in capfd.readouterr().err

    def logits(given: Tensor) -> Tensor:
        found: Tensor = theirs(given).logits
        return found

    def features(given: Tensor) -> Tensor:
        kept: list[Tensor] = []
        handle = theirs.get_submodule(HEADS[kind]).register_forward_pre_hook(lambda _, x: kept.append(x[0]))
        theirs(given)
        handle.remove()
        return kept[0]

    def pipeline(image: Any) -> Tensor:
        shown: Tensor = processor(image, return_tensors="pt")["pixel_values"][0]
        return shown

    agree(ours, logits, features, pipeline)  # type: ignore[arg-type]
    is_differentiable(ours)


def test_the_card_says_what_the_files_say(folder: Path, bench_home: Path) -> None:
    name = f"huggingface:{folder}"
    card = classifier_card(name)
    assert (card.id, card.num_logits, card.input_size, card.classes, card.verified) == (name, 7, 224, "", False)
    assert card.preprocessing["mean"] == [0.4, 0.5, 0.6]
    assert (card.preprocessing["interpolation"], card.preprocessing["channels"]) == ("bicubic", "RGB")
    changed = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(changed | {"transformers_version": "4.0"}))
    assert classifier_card(name).identity == card.identity
    (folder / "config.json").write_text(json.dumps(changed | {"hidden_act": "gelu"}))
    assert classifier_card(name).identity != card.identity


def test_what_labels_tell() -> None:
    assert huggingface._classes([f"{name.title()}, in Latin" for name in imagenet_classes().values()]) == "imagenet"
    assert huggingface._classes([*list(imagenet_classes().values())[1:], "tench"]) == ""
    assert huggingface._classes([name.upper() for name in CLASS_NAMES]) == "cifar10"
    assert huggingface._classes(["a", "b"]) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s | {"extra": torch.zeros(1)}, r"unexpected extra"),
        (lambda s: {k: v for k, v in s.items() if k != "classifier.1.bias"}, r"missing classifier\.1\.bias"),
        (lambda s: s | {"classifier.1.bias": torch.zeros(6)}, r"mismatched .*classifier\.1\.bias"),
        (lambda s: {k: v for k, v in s.items() if "classifier" not in k}, r"missing .* and 1 other tensor"),
    ],
)
def test_wrong_keys_are_refused(change: Any, words: str, folder: Path, bench_home: Path) -> None:
    path = folder / "model.safetensors"
    save_file(change(load_file(path)), path)
    with pytest.raises(WeightsError, match=rf"model\.safetensors does not fit huggingface:.*: {words}"):
        load_classifier(f"huggingface:{folder}")


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.999])
def test_a_truncated_file_is_refused(kept: float, folder: Path, bench_home: Path) -> None:
    path = folder / "model.safetensors"
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(WeightsError, match=r"model\.safetensors is not a whole.*Fetch it again"):
        load_classifier(f"huggingface:{folder}")


def test_older_files_are_read_without_running_code(folder: Path, bench_home: Path) -> None:
    expected = load_classifier(f"huggingface:{folder}")(tensor(photo(224)))
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert torch.equal(load_classifier(f"huggingface:{folder}")(tensor(photo(224))), expected)


def test_logits_beside_the_file_are_compared(folder: Path, bench_home: Path) -> None:
    """A swapped order of the channels is found out."""
    name, images = f"huggingface:{folder}", tensor(photo(224))
    network = load_classifier(name)
    place = folder / "model.safetensors.logits.npz"
    np.savez(place, images=np.array(photo(224))[None], logits=network(images))
    load_classifier(name)
    np.savez(place, images=np.array(photo(224))[None], logits=network(images.flip(1)))
    with pytest.raises(WeightsError, match=r"gives other logits than model\.safetensors\.logits\.npz"):
        load_classifier(name)


def test_a_network_with_two_heads_is_refused(tmp_path: Path, bench_home: Path) -> None:
    place, _, _ = saved(tmp_path / "deit", "deit")
    with pytest.raises(UsageError, match=r"does not end in one linear layer that gives its 7 logits"):
        load_classifier(f"huggingface:{place}")


def test_folders_that_lack_something_say_what(folder: Path, tmp_path: Path, bench_home: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"and has no model\.safetensors\. Write them with model\.save_pretrained"):
        classifier_card(f"huggingface:{folder}")
    (tmp_path / "empty").mkdir()
    with pytest.raises(WeightsError, match=r"and has no config\.json and no preprocessor_config\.json"):
        classifier_card(f"huggingface:{tmp_path / 'empty'}")
    (folder / "config.json").write_text('{"model_type": "nothing"}')
    with pytest.raises(WeightsError, match=r"cannot be opened, because config\.json or preprocessor_config\.json in "):
        classifier_card(f"huggingface:{folder}", weights=folder / "config.json")


def test_code_that_a_model_brings_is_not_run(folder: Path, tmp_path: Path, bench_home: Path) -> None:
    mark = tmp_path / "ran"
    (folder / "own.py").write_text(f"open({str(mark)!r}, 'w')")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Config"}}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsError, match="that the installed transformers knows without running code"):
        load_classifier(f"huggingface:{folder}")
    assert not mark.exists()


@pytest.mark.parametrize("processor", [{"do_center_crop": True, "crop_size": {"height": 200, "width": 100}}])
def test_images_that_are_no_squares_are_refused(processor: dict[str, Any], folder: Path, bench_home: Path) -> None:
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | processor))
    with pytest.raises(UsageError, match="takes images that are no squares"):
        classifier_card(f"huggingface:{folder}")


def test_a_processor_that_does_more_is_refused() -> None:
    library = pytest.importorskip("transformers")
    with pytest.raises(UsageError, match=r"bench cannot do what its ImageGPTImageProcessor does"):
        huggingface._colours(library.ImageGPTImageProcessor(clusters=[[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]), "a/b")


# ---- the hub ----


@pytest.fixture
def hub(resnet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bench_home: Path) -> Path:
    """The hub as a folder: ``org/net/resolve/main/FILE``, and pointers; the hub's own cache is empty."""
    pytest.importorskip("transformers")
    main = tmp_path / "hub" / "org" / "net" / "resolve" / "main"
    shutil.copytree(resnet, main)
    digest = hashlib.sha256((main / "model.safetensors").read_bytes()).hexdigest()
    raw = tmp_path / "hub" / "org" / "net" / "raw" / "main"
    raw.mkdir(parents=True)
    (raw / "model.safetensors").write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 1\n")
    for module in ("bench.classifiers.files", "bench.classifiers.providers.huggingface"):
        monkeypatch.setattr(f"{module}.HUB", (tmp_path / "hub").as_uri())
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    return main


def test_what_the_hub_has_is_fetched_by_the_hash_that_it_tells(hub: Path, bench_home: Path, resnet: Path) -> None:
    network = load_classifier("huggingface:org/net")
    card = classifier_card("huggingface:org/net")
    assert (card.id, card.verified) == ("huggingface:org/net@main", True)
    assert torch.equal(network(tensor(photo(224))), load_classifier(f"huggingface:{resnet}")(tensor(photo(224))))
    place = bench_home / "classifiers" / "huggingface" / "org" / "net" / "main"
    names = ["config.json", "model.safetensors", "model.safetensors.sha256", "preprocessor_config.json"]
    assert sorted(path.name for path in place.iterdir()) == names
    shutil.rmtree(hub)
    assert classifier_card("huggingface:org/net@main").identity == card.identity
    (place / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(WeightsError, match="it is damaged or another file"):
        load_classifier("huggingface:org/net")


def test_what_lies_in_the_hubs_own_cache_is_used(hub: Path, tmp_path: Path, bench_home: Path) -> None:
    commit, model = "c" * 40, tmp_path / "cache" / "models--org--net"
    snapshot = model / "snapshots" / commit
    (model / "blobs").mkdir(parents=True)
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text(commit)
    snapshot.mkdir(parents=True)
    for file in hub.iterdir():
        data = file.read_bytes()
        blob = model / "blobs" / (hashlib.sha256(data).hexdigest() if file.suffix == ".safetensors" else file.stem)
        blob.write_bytes(data)
        (snapshot / file.name).symlink_to(blob)
    shutil.rmtree(hub)
    for name in ("org/net", f"org/net@{commit}"):
        assert classifier_card(f"huggingface:{name}").verified
        load_classifier(f"huggingface:{name}")
    (snapshot / "model.safetensors").resolve().write_bytes(b"something else")
    with pytest.raises(WeightsError, match=r"should be the published weights of huggingface:org/net@main"):
        load_classifier("huggingface:org/net")


def test_offline_the_text_has_files_source_hash_and_place(
    hub: Path, bench_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise DataError("Name or service not known")

    monkeypatch.setattr(huggingface, "download", refuse)
    with pytest.raises(WeightsError) as caught:
        load_classifier("huggingface:org/net@v1")
    place = bench_home / "classifiers" / "huggingface" / "org" / "net" / "v1"
    for part in (
        "huggingface:org/net@v1 needs the files config.json, preprocessor_config.json and model.safetensors",
        "/org/net/raw/v1/model.safetensors", "/org/net/tree/v1", str(place), "huggingface:FOLDER", "not known",
    ):  # fmt: skip
        assert part in str(caught.value)


@pytest.mark.parametrize(
    "name", ["a b", "x/y/z", "/no/such/folder", "./nothing", "", "a/b@../../up", "a/b@/x", "a/b@x/.."]
)
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(UsageError, match=r"is neither a folder that is here nor a model of https://huggingface\.co"):
        HuggingFaceProvider().describe(name)
