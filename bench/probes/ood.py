"""What comes back of images of another kind than the training data (Teterwak et al. 2021, section 4)?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.cards import Look, Sheet
from bench.config import DEFAULT_DATASET
from bench.datasets import dataset_class, fashion_mnist, load_dataset, photographs
from bench.datasets.base import Dataset, Pixels
from bench.errors import DataError
from bench.probes.base import SHOWN, Findings, Images, Measured, Pictures, Probe, absent
from bench.progress import each
from bench.seeding import sample_seeds
from bench.store.record import Level

if TYPE_CHECKING:
    from bench.probes.scene import Scene

Shown = tuple[str, Pixels, Pixels]  # name of the set, originals, reconstructions


class OutOfDistribution(Probe):
    """The protocol's scores on sets of images that the classifier never saw, beside those on its own test images.

    Photographs and the default dataset always are at hand; Fashion-MNIST joins once it was fetched; a folder of the
    user's comes with ``--dataset folder:PATH``. Only image-level scores: the ranks are over the images of the one set.
    """

    name = "ood"
    question = "What comes back of images of a kind that neither classifier nor inverter was trained on?"
    levels = (
        "sets of images: the dataset itself (your own as folder), the default one beside others of its size, "
        "photographs (16 samples that scikit-image ships), fashion-mnist (the first N test images)"
    )
    measures = (
        "lpips", "psnr", "ssim", "logit_error", "logit_cosine", "reid_class_target", "reid_class_judge",
        "reid_instance_target_r1", "reid_instance_target_mrr",
    )  # fmt: skip
    place = 7
    looks = (
        Look(
            "whiskers",
            ("lpips", "ssim", "logit_error", "logit_cosine", "reid_class_judge", "reid_instance_target_mrr"),
            "Scores on each set of images; ranks are among the images of the set, and the sets differ in size.",
        ),
    )
    sheet = Sheet(sets=True)

    def depends(self) -> tuple[str, ...]:
        """The sets that are here, and the package that the photographs come from."""
        from importlib.metadata import version

        return f"fashion-mnist {fashion_mnist.here()}", f"scikit-image {version('scikit-image')}"

    def measure(self, scene: Scene) -> Findings:
        """Set after set; one that is not here is null with what to type."""
        name = scene.cell.dataset.kind
        levels = [_scored(scene, name, scene.images, (scene.originals, scene.neutral.pixels), scene.logits)]
        shown: list[Shown] = [(name, scene.originals, scene.neutral.pixels)]
        for other, get in each(tuple(_others(scene).items()), self.name):
            try:
                dataset = get()
            except DataError as error:
                levels.append(absent(other, self.measures, str(error)))
                continue
            level, pictures = _foreign(scene, other, dataset)
            levels.append(level)
            shown.append(pictures)
        return Findings(levels, _pictures(shown))


def _others(scene: Scene) -> dict[str, Callable[[], Dataset]]:
    """Sets beside the scene's own, at its size, by name."""
    size = scene.originals.shape[1]
    sets: dict[str, Callable[[], Dataset]] = {}
    if scene.cell.dataset.kind != DEFAULT_DATASET and size == dataset_class(DEFAULT_DATASET).side(DEFAULT_DATASET):
        sets[DEFAULT_DATASET] = partial(load_dataset, DEFAULT_DATASET)
    sets["photographs"] = partial(photographs.load, size)
    sets["fashion-mnist"] = partial(fashion_mnist.load, scene.cell.num_images, size)
    return sets


def _foreign(scene: Scene, name: str, dataset: Dataset) -> tuple[Measured, Shown]:
    """Stations 1 to 4 for the first images of another set."""
    n = min(scene.cell.num_images, len(dataset))
    images = Images(dataset.ids[:n], dataset.labels[:n])
    view = scene.view(dataset.pixels(slice(0, n)))
    seeds = sample_seeds(scene.cell.config.seed, images.ids)
    pair = view.pixels, scene.invert(scene.given_for(view), seeds)
    return _scored(scene, name, images, pair, view.target_logits), (name, *pair)


def _scored(
    scene: Scene, name: str, images: Images, pair: tuple[Pixels, Pixels], logits: NDArray[np.float32]
) -> Measured:
    found = scene.scores(*pair, logits, images)
    keys = OutOfDistribution.measures
    scores, columns = {key: found.metrics[key] for key in keys}, {key: found.per_image[key] for key in keys}
    return Measured(Level(name, None, scores), images, columns)


def _pictures(shown: list[Shown]) -> Pictures:
    """Two rows a set: its first images, and what came back."""
    count = min(SHOWN, *(len(originals) for _, originals, _ in shown))
    rows = [pixels[:count] for _, *pair in shown for pixels in pair]
    captions = [f"{name}, {what}" for name, *_ in shown for what in ("image", "reconstruction")]
    columns = tuple(f"image {k}" for k in range(1, count + 1))
    return Pictures(np.stack(rows), tuple(captions), columns, judged=False)
