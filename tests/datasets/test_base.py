"""Images by row and by id, their names, their order."""

import hashlib

import numpy as np
import pytest
import torch

from bench.datasets.base import ArrayDataset, Dataset, image_hashes, to_images, to_pixels
from bench.errors import UsageError


def test_pixels_survive_the_way_to_images_and_back() -> None:
    pixels = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3) * 2
    images = to_images(pixels)
    assert images.shape == (2, 3, 4, 4)
    assert np.array_equal(to_pixels(images), pixels)
    assert to_pixels(images * 3 - 1).min() == 0


def test_values_are_rounded_to_the_nearest_level() -> None:
    levels = torch.tensor([0.4, 0.6, 254.4, 254.6]) / 255
    assert to_pixels(levels.view(1, 1, 2, 2).expand(1, 3, 2, 2))[0, :, :, 0].flatten().tolist() == [0, 1, 254, 255]


def dataset(order: list[int] | None = None, ids: str = "abc") -> ArrayDataset:
    pixels = np.arange(3 * 2 * 2 * 3, dtype=np.uint8).reshape(3, 2, 2, 3)
    return ArrayDataset(
        "d", list(ids), np.array([0, 1, 1]), ["x", "y"], pixels, order=None if order is None else np.array(order)
    )


def test_rows_follow_the_published_order_and_ids_their_rows() -> None:
    plain, turned = dataset(), dataset([2, 0, 1])
    assert np.array_equal(turned.pixels(slice(0, 2)), plain.pixels([2, 0]))
    assert np.array_equal(turned.pixels([1]), plain.pixels([0]))
    assert torch.equal(plain.images(["c", "a"]), to_images(plain.pixels([2, 0])))
    assert (plain.image_size, len(plain), plain.labels.dtype.name) == (2, 3, "int64")
    with pytest.raises(KeyError):
        plain.images(["nobody"])


def test_the_fingerprint_is_of_ids_labels_and_their_order() -> None:
    assert dataset().fingerprint == dataset([2, 0, 1]).fingerprint  # which pixels they are is for the dataset to say
    others = [
        dataset(ids="acb"),
        ArrayDataset("d", "abc", np.array([0, 1, 0]), ["x", "y"], np.zeros((3, 2, 2, 3), np.uint8)),
    ]
    assert len({one.fingerprint for one in [dataset(), *others]}) == 3
    assert ArrayDataset("d", "abc", np.zeros(3), [], np.zeros((3, 2, 2, 3), np.uint8), "given").fingerprint == "given"


def test_logits_name_the_labels_of_their_own_dataset_alone() -> None:
    own = dataset().logits_of_labels("d")
    assert own is not None
    assert own.tolist() == [0, 1]
    assert dataset().logits_of_labels("imagenet") is None


def test_an_image_is_known_by_its_content_alone() -> None:
    pixels = np.zeros((3, 2, 2, 3), np.uint8)
    pixels[1, 0, 0, 0] = 1
    first, second, third = image_hashes(pixels)
    assert first == third == hashlib.sha256(bytes(12)).hexdigest()[:16]
    assert second != first


def test_a_training_needs_a_size_and_asks_for_both_splits() -> None:
    class Sized(Dataset):
        @classmethod
        def open(cls, name: str, split: str, image_size: int) -> Dataset:
            asked.append((name, split, image_size))
            return dataset()

        @classmethod
        def side(cls, name: str) -> int | None:
            return 8 if name == "small" else None

    asked: list[tuple[str, str, int]] = []
    Sized.training("small", None)
    Sized.training("open", 16)
    assert asked == [("small", "train", 8), ("small", "val", 8), ("open", "train", 16), ("open", "val", 16)]
    with pytest.raises(UsageError, match="open does not say at which size its images are wanted"):
        Sized.training("open", None)


def test_what_is_not_fetched_says_so() -> None:
    with pytest.raises(UsageError, match="ArrayDataset is not fetched: there is nothing to bring here"):
        ArrayDataset.fetch(None, force=False)
    with pytest.raises(UsageError, match="nothing to compare it with"):
        ArrayDataset.verify()
    assert (ArrayDataset.here(), ArrayDataset.state()) == ({}, None)
