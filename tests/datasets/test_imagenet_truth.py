import pytest

from bench.datasets.imagenet_truth import DEVKIT, META, Truth
from bench.errors import DataError
from tests.datasets.fake_imagenet import devkit, images, is_validation, label_of, shrink, truth


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)


def told(texts: dict[str, bytes]) -> Truth:
    found = Truth()
    assert all(found.offer(name, lambda data=data: data) for name, data in texts.items())  # type: ignore[misc]
    return found


WANTED = {name: label_of(name) for name in images() if is_validation(name)}
KIT = {name.rpartition("/")[2]: data for name, data in devkit().items()}


@pytest.mark.parametrize("texts", [
    KIT, {"val.txt": truth("{name}.JPEG {label}\n")}, {"val.txt": truth("{name} {wnid}\n\n")},
    {"LOC_val_solution.csv": b"ImageId,PredictionString\n" + truth("{name},{wnid} 1 2 3 4\n")},
    {"synset_labels.txt": truth("{wnid}\n")}, KIT | {"synset_labels.txt": truth("{wnid}\n")},
])  # fmt: skip
def test_every_text_says_the_same(texts: dict[str, bytes]) -> None:
    assert told(texts).classes() == WANTED


def test_a_text_of_another_kind_says_nothing() -> None:
    assert told({"val.txt": truth("{name} 5000\n")}).classes() == {}  # a list that counts its own lines
    assert told({"synset_labels.txt": truth("{wnid}\n") * 2}).classes() == {}
    assert not Truth().offer("other.txt", lambda: b"")


def test_what_must_not_be_guessed_is_an_error() -> None:
    with pytest.raises(DataError, match=r"meta\.mat explains, and there is none"):
        told({DEVKIT: KIT[DEVKIT]}).classes()
    with pytest.raises(DataError, match="cannot be read"):
        told(KIT | {META: b"nonsense"}).classes()
    shifted = truth("{wnid}\n").splitlines(keepends=True)
    with pytest.raises(DataError, match=r"\(val\.txt, synset|synset_labels\.txt, val\.txt\) disagree about the class"):
        told({"val.txt": truth("{name} {label}\n"), "synset_labels.txt": b"".join(shifted[1:] + shifted[:1])}).classes()
