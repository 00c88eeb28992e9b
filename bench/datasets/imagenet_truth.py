"""The classes of ImageNet's validation images, from whichever text lies beside a copy of them.

ILSVRC2012_validation_ground_truth.txt    the devkit's: a number a line, which its meta.mat explains
LOC_val_solution.csv                      Kaggle's: name, then WordNet id and box
val.txt                                   a name and a number from 0 a line, in the order of sorted WordNet ids
imagenet_2012_validation_synset_labels.txt, synset_labels.txt    a WordNet id a line
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping

from bench.datasets.imagenet_classes import imagenet_classes
from bench.errors import DataError

DEVKIT = "ILSVRC2012_validation_ground_truth.txt"
TEXTS = (
    DEVKIT, "LOC_val_solution.csv", "val.txt", "imagenet_2012_validation_synset_labels.txt", "synset_labels.txt",
)  # fmt: skip
META = "meta.mat"
PACKED = re.compile(r"ILSVRC2012_devkit\w*\.(?:tar|tar\.gz|tgz)")
VALIDATION = re.compile(r"(ILSVRC2012_val_\d{8})(?:_(n\d{8}))?")  # the name of an image, and of some copies the class
COUNT = 50_000  # lines of a text without names


class Truth:
    """What the texts that were found say."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []
        self.meta: bytes | None = None

    def offer(self, name: str, read: Callable[[], bytes]) -> bool:
        """Read a file if its name is that of such a text; whether it is."""
        if name == META:
            self.meta = read()
        elif name in TEXTS:
            self.texts.append((name, read().decode(errors="replace")))
        elif PACKED.fullmatch(name):
            with tarfile.open(fileobj=io.BytesIO(read())) as archive:
                for info in archive:
                    if (file := archive.extractfile(info)) is not None:
                        self.offer(info.name.rpartition("/")[2], file.read)
        else:
            return False
        return True

    def classes(self) -> dict[str, int]:
        """The label of each image that a text names.

        Raises:
            DataError: two texts disagree, or the devkit's numbers are not explained.
        """
        known: dict[str, int] = {}
        for name, text in self.texts:
            for image, label in self._read(name, [line for line in text.splitlines() if line.strip()]):
                if known.setdefault(image, label) != label:
                    every = ", ".join(sorted({one for one, _ in self.texts}))
                    raise DataError(
                        f"Texts beside the images ({every}) disagree about the class of {image}. Take the wrong one "
                        "away and type the same command again."
                    )
        return known

    def _read(self, name: str, lines: list[str]) -> Iterator[tuple[str, int]]:
        rows = {wnid: row for row, wnid in enumerate(imagenet_classes())}
        if name == DEVKIT:
            rows = self._devkit(rows)
        words = [re.split(r"[\s,]+", line.strip())[:2] for line in lines]
        named = [(match[1], word[1]) for word in words if len(word) > 1 and (match := _image(word[0]))]
        if not named and len(words) == COUNT:
            named = [(f"ILSVRC2012_val_{k:08d}", word[0]) for k, word in enumerate(words, 1)]
        elif all(value.isdecimal() and int(value) < len(rows) for _, value in named):
            rows = {str(row): row for row in rows.values()}  # Kaggle has another val.txt, which counts its lines
        yield from ((image, rows[value]) for image, value in named if value in rows)

    def _devkit(self, rows: Mapping[str, int]) -> dict[str, int]:
        """Labels by the devkit's own numbers, as text."""
        from scipy.io import loadmat

        if self.meta is None:
            raise DataError(
                f"{DEVKIT} counts the classes in an order of its own, which {META} explains, and there is none. Both "
                "are in ILSVRC2012_devkit_t12.tar.gz: put that beside the images and type the same command again."
            )
        try:
            synsets = loadmat(io.BytesIO(self.meta), squeeze_me=True)["synsets"]
            numbers = zip(synsets["ILSVRC2012_ID"].tolist(), synsets["WNID"].tolist(), strict=True)
            return {str(number): rows[wnid] for number, wnid in numbers if wnid in rows}
        except Exception as error:  # a damaged file fails in many ways
            raise DataError(f"{META} of the devkit cannot be read ({error}). Copy it again.") from error


def _image(word: str) -> re.Match[str] | None:
    return VALIDATION.fullmatch(word.rpartition("/")[2].partition(".")[0])
