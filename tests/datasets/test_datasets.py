from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bench
from bench.cell import Cell
from bench.classifiers.provider import targets
from bench.cli import listing
from bench.datasets import aliases_of, fetched, load_dataset, load_training
from bench.datasets.folder import folder_and_size
from bench.errors import PluginError, UnknownNameError, UsageError
from bench.registry import DATASETS
from tests.conftest import AddPlugin


def test_folder(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    Image.new("RGB", (48, 48), "red").save(tmp_path / "cat" / "a.png")
    dataset = load_dataset(f"folder:{tmp_path}@32")
    assert dataset.name == f"folder:{tmp_path}@32"
    assert dataset.images(["cat/a.png"]).shape == (1, 3, 32, 32)
    assert load_dataset(f"folder:{tmp_path}", image_size=48).pixels([0]).shape == (1, 48, 48, 3)
    assert load_dataset(f"folder:{tmp_path}", image_size=48).name == f"folder:{tmp_path}@48"
    with pytest.raises(UsageError, match="without a 'train' split"):
        load_dataset(f"folder:{tmp_path}@32", "train")
    for size in (0, 10_000):
        with pytest.raises(UsageError, match="at least 1 and at most 9459"):
            load_dataset(f"folder:{tmp_path}", image_size=size)


def test_a_folders_size_is_never_silent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cat").mkdir()
    for k in range(12):
        Image.new("RGB", (48, 48), "red").save(tmp_path / "cat" / f"{k}.png")
    name = f"folder:{tmp_path}"
    with pytest.raises(UsageError, match=r"load_dataset\('folder:.*@224'\), or give image_size="):
        load_dataset(name)
    assert load_dataset(f"{name}@48", image_size=48).pixels([0]).shape == (1, 48, 48, 3)
    with pytest.raises(UsageError, match="are 48x48 and cannot be had at 32x32"):
        load_dataset(f"{name}@48", image_size=32)
    train, _ = load_training(name)
    assert train.pixels([0]).shape == (1, 32, 32, 3)
    assert f"{name} is trained on at 32 px" in capsys.readouterr().err


def test_a_path_that_ends_like_a_size_is_itself(tmp_path: Path) -> None:
    for place in (tmp_path / "shots@64", tmp_path / "shots@64" / "cat"):
        place.mkdir()
    Image.new("RGB", (8, 8), "red").save(tmp_path / "shots@64" / "cat" / "a.png")
    assert folder_and_size(f"folder:{tmp_path}/shots@64") == (tmp_path / "shots@64", None)
    assert folder_and_size(f"folder:{tmp_path}/shots@64@8") == (tmp_path / "shots@64", 8)
    assert load_dataset(f"folder:{tmp_path}/shots@64@8").pixels([0]).shape == (1, 8, 8, 3)
    with pytest.raises(UsageError, match="does not say at which size"):
        load_dataset(f"folder:{tmp_path}/shots@64")


def test_misspelt_name() -> None:
    with pytest.raises(UnknownNameError, match=r"no dataset called 'cifar-10'\. Did you mean 'cifar10'"):
        load_dataset("cifar-10")
    with pytest.raises(
        UsageError, match=r"--dataset folder: lacks what follows its name\. Type: folder:PATH\[@SIZE\] \("
    ):
        load_dataset("folder:")


def test_forgotten_prefix(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"Type: --dataset folder:{tmp_path}"):
        load_dataset(str(tmp_path))


def test_what_follows_a_name_is_the_datasets_to_say(plugin: AddPlugin) -> None:
    for name in ("cifar10:big", "folder", "tiny-imagenet:", "nothing:at-all"):
        with pytest.raises((UnknownNameError, UsageError)):
            load_dataset(name, image_size=8)
    plugin("theirs", DATASETS, "odd = outsider_o:Odd", "Odd = 1")
    with pytest.raises(PluginError, match=r"should be a subclass of bench\.Dataset and is 1"):
        load_dataset("odd")


def test_cards_say_what_a_run_needs(bench_home: Path, tmp_path: Path) -> None:
    (tmp_path / "pets" / "cat").mkdir(parents=True)
    Image.new("RGB", (8, 8), "red").save(tmp_path / "pets" / "cat" / "a.png")
    whole, own = load_dataset("cifar10"), load_dataset(f"folder:{tmp_path}/pets@16")
    assert (whole.kind, whole.card.name, whole.card.judge, whole.card.gallery) == ("cifar10", "cifar10", "judge", 2500)
    assert (whole.fixed, whole.card.image_size, whole.card.splits["train"]) == (True, 32, 45_000)
    assert whole.more == "To have all 10,000, type: bench data fetch cifar10"
    assert (own.kind, own.card.name, own.card.judge, own.fixed) == ("folder", "folder:pets@16", None, False)
    assert own.card.identity == own.fingerprint
    assert own.card.aliases == whole.card.aliases
    assert whole.card.aliases["resnet152"] == "zoo:resnet152"
    assert whole.card.aliases["efficientnet_lite0"] == "zoo:efficientnet_lite0"
    rows = whole.logits_of_labels("cifar10")
    assert rows is not None
    assert rows.tolist() == list(range(10))
    assert whole.logits_of_labels("imagenet") is None


def test_what_is_fetched_is_found_by_name() -> None:
    for name in ("cifar10", "inception", "fashion-mnist", "tiny-imagenet"):
        assert callable(fetched(name).fetch)
        assert callable(fetched(name).verify)
    with pytest.raises(UnknownNameError, match="Did you mean 'inception'"):
        fetched("inceptions")
    with pytest.raises(UsageError, match="nothing to bring"):
        fetched("folder").fetch(None, False)


def test_an_outsiders_dataset_is_listed_loaded_and_trained_on(outsider: Path) -> None:
    row = next(row for row in listing.datasets() if row["name"] == "outsider-shapes")
    assert (row["test"], row["train"], row["val"]) == (200, 2_000, 100)
    dataset = bench.load_dataset("outsider-shapes")
    assert dataset.images(dataset.ids[:3]).shape == (3, 3, 64, 64)
    assert np.array_equal(dataset.pixels([5, 7]), dataset.pixels(slice(5, 8, 2)))
    assert np.bincount(dataset.labels[:40]).tolist() == [2] * 20
    assert (dataset.card.image_size, len(dataset.card.class_names), dataset.card.gallery) == (64, 20, 100)
    train, val = load_training("outsider-shapes")
    assert (len(train), len(val)) == (2_000, 100)
    assert len({train.fingerprint, val.fingerprint, dataset.fingerprint}) == 3


@pytest.mark.networks
@pytest.mark.parametrize("classifier", ["zoo:robust_resnet152", "efficientnet_lite0"])
def test_an_outsiders_dataset_runs_at_its_own_size(outsider: Path, tmp_path: Path, classifier: str) -> None:
    method = str(Path(__file__).parents[1] / "plugins.py") + ":Noisy"
    record = bench.run(bench.RunConfig(method, classifier, "outsider-shapes", 20, controls=False, out=tmp_path / "r"))
    assert record.status == "complete", record.reason
    assert record.protocol["dataset"] == "outsider-shapes"
    assert record.metrics["reid_class_judge"].value is None
    (stored,) = (tmp_path / "r" / "outsider-shapes").rglob("reconstructions.npy")
    assert np.load(stored).shape == (20, 64, 64, 3)


def test_short_names_mean_what_the_dataset_says(outsider: Path) -> None:
    assert aliases_of("tiny-imagenet")["robust_resnet152"] == "fair:R152"
    assert targets(aliases_of("outsider-shapes")) == ["efficientnet_lite0"]
    with pytest.raises(UnknownNameError, match="no classifier called 'resnet152'"):
        Cell.open(bench.RunConfig("oracle", "resnet152", "outsider-shapes"))
    judged = Cell.open(bench.RunConfig("oracle", "efficientnet_lite0", "outsider-shapes", judge="zoo:judge"))
    assert judged.judge == "zoo:judge"
    assert judged.draft.protocol["gallery"] == 100
    assert Cell.open(bench.RunConfig("oracle", "resnet152", judge="robust_resnet152")).judge == "robust_resnet152"
