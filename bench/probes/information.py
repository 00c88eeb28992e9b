"""How many bits do the logits tell of an image (Nash, Kushman & Williams 2019)?

An inverter that has a likelihood (``bench.Likelihood``) is asked for it with the image's logits and without. In the
mean over images the difference estimates their mutual information. Each of the two likelihoods is a bound by itself: in
the mean no model finds images less surprising than they are. The difference of two bounds is an estimate and no bound:
it is too large where the model without logits is the worse one, and too small where the other is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.cards import Look, MetricCard
from bench.datasets.base import Pixels, to_images
from bench.errors import MetricError
from bench.inverters.base import Inverter, Likelihood, Retrained
from bench.metrics.base import Doubles, PerImage
from bench.probes.base import SHOWN, Compute, Findings, Measured, Pictures, Probe, absent, measured, side_by_side
from bench.progress import each
from bench.seeding import seed_of

if TYPE_CHECKING:
    from bench.cell import Cell
    from bench.probes.scene import Scene

BLOCK = 50  # images at a time
ESTIMATE = "the difference of two bounds on likelihoods: an estimate of the mutual information and no bound on it"
LONE = "no other image among these has this class"
TOLD = ("logits", "class", "shuffled")  # what the model is told
Given = NDArray[np.float32]


class Information(Probe):
    """Bits an image with what is told less bits without, pair by pair.

    ``shuffled`` is the control: another image's logits can tell nothing of this one, so that a value above zero says
    that the model without logits is too poor, and all differences are too large. Where weights of the same recipe by
    other training seeds are here (``bench train inverter ... --seed 2``), all values are means over the seeds, and each
    seed has a level of its own.
    """

    name = "information"
    question = "How many bits do the logits tell of an image?"
    levels = (
        "what the inverter's likelihood is told: the image's own logits; class, the mean logits of the other images of "
        "the same predicted class; shuffled, another image's logits; none, nothing. seed K: the own logits, by the "
        "weights of one training seed"
    )
    measures = ("information", "information_per_dim", "bits_per_dim")
    num_images = 500
    place = 13
    cards = (
        MetricCard(
            "information", "bits told", "bits by which what is told shortens the image's description", None, "image",
            family="Information", digits=1, resolution=1e-3, sees="pixels", reads_distance=True,
            citation=("nash2019inverting",), formula="log₂ q(x | z) − log₂ q(x)",
            good=f"Large: the image is in the logits. It is {ESTIMATE}; for shuffled logits it should not exceed 0.",
        ),
        MetricCard(
            "information_per_dim", "bits told a dimension", "the same for each of the image's 3 H W values", None,
            "image", family="Information", digits=4, resolution=1e-6, sees="pixels", citation=("nash2019inverting",),
            formula="(log₂ q(x | z) − log₂ q(x)) / (3 H W)", good="As above; it compares images of different sizes.",
        ),
        MetricCard(
            "bits_per_dim", "bits a dimension", "bits that each of the image's 3 H W values costs, with what is told",
            False, "image", family="Information", digits=3, resolution=1e-6, sees="pixels", lowest=0.0,
            citation=("salimans2017pixelcnn",), formula="−log₂ q(x | z) / (3 H W)",
            good="Low: the model expects such images. Eight bits is what a value costs that nothing is known of.",
        ),
    )  # fmt: skip
    looks = (
        Look(
            "whiskers", ("information",),
            "Bits that the logits tell of an image, its class alone, and another image's logits, which can tell "
            "nothing.", levels=TOLD,
        ),
        Look(
            "histogram", ("information",), "Over images: the share of those of which so many bits are told.",
            levels=TOLD[:1] + TOLD[2:],
        ),
    )  # fmt: skip

    def depends_on(self, cell: Cell) -> tuple[str, ...]:
        """Weights by other training seeds."""
        from bench.identify import trained_as
        from bench.weights.files import sha256_of
        from bench.weights.lookup import retrained

        dataset, name = cell.dataset, trained_as(cell.config.method, cell.method)
        found = retrained(name, cell.classifier_sha256, dataset.name, dataset.image_size, cell.config.training_seed)
        return tuple(one.sha256 or sha256_of(one.path) for one in found)

    def skip(self, scene: Scene) -> str | None:
        """Only an inverter that has a likelihood can be asked."""
        if isinstance(scene.method.method, Likelihood):
            return None
        return f"{scene.cell.draft.method} has no likelihood: it brings no log_likelihood(images, logits)."

    def measure(self, scene: Scene) -> Findings:
        """Every level, by every training seed that is here."""
        told = _told(scene)
        others = _others(scene)
        models = _models(scene, others)
        costs = {seed: _costs(model, scene, told) for seed, model in models.items()}
        mean = {name: np.mean([cost[name] for cost in costs.values()], axis=0) for name in ("none", *told)}
        levels = [_level(scene, name, mean[name], mean["none"]) for name in (*told, "none")]
        if len(told) < len(TOLD):
            levels.append(absent("shuffled", self.measures, "There is no other image."))
        if len(costs) > 1:
            levels += [_level(scene, f"seed {seed}", cost["logits"], cost["none"]) for seed, cost in costs.items()]
        pictures = _pictures(scene, told, mean["none"] - mean["logits"])
        weights = {name: sha256 for one in others for name, sha256 in one.weights.items()}
        return Findings(levels, pictures, note=_note(list(costs)), weights=weights)


@dataclass(frozen=True)
class Asked:
    """A model and where it lies."""

    model: Likelihood
    name: str

    def bits(self, pixels: Pixels, given: Given | None, device: object) -> Doubles:
        """(n,) bits that images (n, H, W, 3) uint8 cost, by what is given (n, K) or by nothing.

        Raises:
            MetricError: the answer cannot be the logarithms of n probabilities.
        """
        import torch

        z = None if given is None else torch.from_numpy(np.array(given)).to(device)  # type: ignore[call-overload]
        nats = self.model.log_likelihood(to_images(pixels).to(device), z).double().cpu().numpy()  # type: ignore[call-overload]
        if nats.shape != (len(pixels),) or not np.isfinite(nats).all() or (nats > 0).any():
            raise MetricError(
                f"log_likelihood of {self.name} should give the logarithm of a probability an image, ({len(pixels)},) "
                f"finite numbers up to 0, and gives {nats.shape}, at most {nats.max(initial=-math.inf):.4g}."
            )
        cost: Doubles = -nats / math.log(2)
        return cost


def _told(scene: Scene) -> dict[str, Given]:
    """What the model is told by level, (N, K) each; NaN where a class has no other image."""
    given = scene.given
    told = {"logits": given, "class": others_of_class(given, scene.logits.argmax(axis=1))}
    return told if len(given) == 1 else told | {"shuffled": given[partners(scene.seeds)]}


def others_of_class(given: Given, classes: NDArray[np.int64]) -> Given:
    """(N, K) mean of the other rows of the same class; NaN where there is none."""
    means = np.full_like(given, np.nan)
    for one in np.unique(classes):
        rows = np.flatnonzero(classes == one)
        if len(rows) > 1:
            total = given[rows].sum(axis=0, dtype=np.float64)
            means[rows] = (total - given[rows]) / (len(rows) - 1)
    return means


def partners(seeds: Sequence[int]) -> NDArray[np.int64]:
    """(N,) for each image another one: the next in an order that the seeds decide."""
    order = np.argsort([seed_of("shuffle", seed) for seed in seeds])
    found = np.empty(len(order), np.int64)
    found[order] = np.roll(order, -1)
    return found


def _others(scene: Scene) -> list[Inverter]:
    """The inverter by the same recipe with other training seeds.

    Raises:
        WeightsError: one of them was trained on some of the images.
    """
    method = scene.method.method
    found = list(method.retrained()) if isinstance(method, Retrained) else []
    for one in found:
        scene.method.refuse_memories(scene.originals, one)
    return [one for one in found if isinstance(one, Likelihood)]


def _models(scene: Scene, others: Sequence[Inverter]) -> dict[int, Likelihood]:
    """The opened one and the others, by their training seeds."""
    method = scene.method.method
    assert isinstance(method, Likelihood)
    own = getattr(method, "recipe", None) or {}
    models: dict[int, Likelihood] = {int(own.get("seed", 1)): method}
    models |= {int((one.recipe or {})["seed"]): one for one in others if isinstance(one, Likelihood)}
    return dict(sorted(models.items()))


def _costs(model: Likelihood, scene: Scene, told: Mapping[str, Given]) -> dict[str, Doubles]:
    """(N,) bits by level, ``none`` among them."""
    asked, pixels = Asked(model, scene.cell.draft.method), scene.originals
    costs = {name: np.full(len(pixels), np.nan) for name in ("none", *told)}
    for start in each(range(0, len(pixels), BLOCK), "likelihoods"):
        part = np.arange(start, min(start + BLOCK, len(pixels)))
        costs["none"][part] = asked.bits(pixels[part], None, scene.device)
        for name, given in told.items():
            rows = part[~np.isnan(given[part]).any(axis=1)]
            if len(rows):
                costs[name][rows] = asked.bits(pixels[rows], given[rows], scene.device)
    return costs


def _level(scene: Scene, name: str, cost: Doubles, free: Doubles) -> Measured:
    """What is told shortens, and what is left."""
    dims = scene.originals[0].size
    computes: dict[str, Compute] = {
        "information": partial(PerImage, free - cost, note=ESTIMATE if name == "logits" else None, undefined=LONE),
        "information_per_dim": partial(PerImage, (free - cost) / dims, undefined=LONE),
        "bits_per_dim": partial(PerImage, cost / dims, undefined=LONE),
    }
    return measured(name, None, scene.images, computes)


def _note(seeds: Sequence[int]) -> str:
    if len(seeds) == 1:
        return (
            f"One training seed ({seeds[0]}): how far another training would lie is not measured; intervals are over "
            "images."
        )
    return f"Means over training seeds {', '.join(map(str, seeds))}; intervals are over images."


def _pictures(scene: Scene, told: Mapping[str, Given], information: Doubles) -> Pictures:
    """The images of which the logits tell most and least, and draws by their own and by shuffled logits."""
    order = np.argsort(-information, kind="stable")
    half = SHOWN // 2
    rows = order if len(order) <= SHOWN else np.concatenate([order[:half], order[-half:]])
    seeds = [scene.seeds[row] for row in rows]
    columns = {"original": scene.originals[rows]} | {
        f"drawn by {words} logits": scene.invert(told[name][rows], seeds)
        for name, words in (("logits", "its own"), ("shuffled", "another image's"))
        if name in told
    }
    table = side_by_side(scene.images.take(rows), columns, scene.cell.dataset.class_names)
    captions = [f"{caption}, {information[row]:.0f} bits" for caption, row in zip(table.rows, rows, strict=True)]
    return replace(table, rows=tuple(captions))
