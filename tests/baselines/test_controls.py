"""The controls on their definitions."""

from pathlib import Path

import numpy as np
import pytest
import torch

from baselines.controls import ClassMean, Oracle, RealTrain, Ridge, SameClassRandom, _fallback_note
from bench.classifiers import LoadedClassifier, open_classifier
from bench.datasets import cifar10
from bench.datasets.base import ArrayDataset, Dataset
from bench.datasets.folder import FolderDataset
from bench.errors import SkipCellError
from bench.inverters.base import Target
from bench.inverters.control import Control, Shard
from bench.seeding import sample_seeds
from bench.store.shared import logits as store_logits

pytestmark = pytest.mark.networks


@pytest.fixture(scope="module")
def classifier() -> LoadedClassifier:
    return open_classifier("robust_resnet152")


@pytest.fixture(scope="module")
def dataset() -> ArrayDataset:
    return cifar10.load("test")


@pytest.fixture(scope="module")
def shard(classifier: LoadedClassifier, dataset: ArrayDataset, tmp_path_factory: pytest.TempPathFactory) -> Shard:
    z = store_logits(tmp_path_factory.mktemp("logits"), classifier, dataset, 250, torch.device("cpu"))
    return Shard(
        range(250), dataset.pixels(slice(0, 250)), dataset.labels[:250], torch.from_numpy(z),
        sample_seeds(0, dataset.ids[:250]),
    )  # fmt: skip


def make(cls: type[Control], dataset: Dataset, classifier: LoadedClassifier) -> Control:
    target = Target(classifier.name, classifier.sha256, dataset.name, 10, (32, 32), torch.device("cpu"))
    return cls(target, dataset, classifier)


def test_oracle_is_the_original(dataset: ArrayDataset, classifier: LoadedClassifier, shard: Shard) -> None:
    assert (make(Oracle, dataset, classifier).reconstruct(shard) == shard.originals).all()


def test_real_train_matches_the_class_and_never_repeats(
    dataset: ArrayDataset, classifier: LoadedClassifier, shard: Shard
) -> None:
    found = make(RealTrain, dataset, classifier).reconstruct(shard)
    pool, labels = cifar10.reference_train(2_500)
    rows = {image.tobytes(): row for row, image in enumerate(pool)}
    picked = [rows[image.tobytes()] for image in found]
    assert len(set(picked)) == 250
    assert (labels[picked] == shard.labels).all()


def test_same_class_random_draws_from_the_predicted_class(
    dataset: ArrayDataset, classifier: LoadedClassifier, shard: Shard
) -> None:
    control = make(SameClassRandom, dataset, classifier)
    found = torch.from_numpy(control.reconstruct(shard)).permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        assert (classifier.network(found).argmax(1) == shard.logits.argmax(1)).all()
    assert (control.reconstruct(shard) == control.reconstruct(shard)).all()


def test_class_mean_is_one_image_a_predicted_class(
    dataset: ArrayDataset, classifier: LoadedClassifier, shard: Shard
) -> None:
    found = make(ClassMean, dataset, classifier).reconstruct(shard)
    predicted = shard.logits.argmax(1).numpy()
    for k in np.unique(predicted):
        assert len(np.unique(found[predicted == k], axis=0)) == 1
    assert len(np.unique(found, axis=0)) == len(np.unique(predicted))


def test_ridge_beats_the_class_mean_in_squared_error(
    dataset: ArrayDataset, classifier: LoadedClassifier, shard: Shard
) -> None:
    def error(cls: type[Control]) -> float:
        found = make(cls, dataset, classifier).reconstruct(shard).astype(float)
        return float(np.square(found - shard.originals).mean())

    assert error(Ridge) < error(ClassMean)


def test_rare_classes_fall_back_and_are_counted() -> None:
    logits = torch.eye(5)
    note = _fallback_note(logits, {0, 1, 2}, "training images")
    assert note is not None
    assert note.startswith("2 of 5")


def test_a_folder_has_no_training_split(tmp_path: Path, classifier: LoadedClassifier) -> None:
    from PIL import Image

    (tmp_path / "cats").mkdir()
    Image.new("RGB", (40, 40)).save(tmp_path / "cats" / "a.png")
    with pytest.raises(SkipCellError, match="training split"):
        make(RealTrain, FolderDataset(tmp_path), classifier)
