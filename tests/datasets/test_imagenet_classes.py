"""ImageNet's classes are torchvision's, in the order in which its networks name them."""

from bench.datasets.imagenet_classes import imagenet_classes
from bench.datasets.tiny_imagenet import WNIDS


def test_classes_are_imagenets() -> None:
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    classes = imagenet_classes()
    assert list(classes.values()) == _IMAGENET_CATEGORIES
    assert list(classes) == sorted(classes)
    assert (len(WNIDS), list(WNIDS)) == (200, sorted(WNIDS))
