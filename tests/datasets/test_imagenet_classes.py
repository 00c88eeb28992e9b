"""ImageNet's classes and their logits are torchvision's."""

import pytest

from bench.datasets.imagenet_classes import imagenet_classes, imagenet_logits
from bench.datasets.tiny_imagenet import WNIDS


def test_classes_are_imagenets() -> None:
    """torchvision's names, in the order in which its networks name them."""
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    classes = imagenet_classes()
    assert list(classes.values()) == _IMAGENET_CATEGORIES
    assert list(classes) == sorted(classes)
    assert (len(WNIDS), list(WNIDS)) == (200, sorted(WNIDS))
    known = {"n02124075": "Egyptian cat", "n01443537": "goldfish", "n12267677": "acorn", "n03662601": "lifeboat"}
    rows = imagenet_logits(list(known))
    assert [_IMAGENET_CATEGORIES[row] for row in rows] == list(known.values())


def test_a_class_that_imagenet_has_not_is_an_error() -> None:
    with pytest.raises(KeyError, match="n00000000"):
        imagenet_logits(["n02124075", "n00000000"])
