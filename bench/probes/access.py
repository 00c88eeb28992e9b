"""What is still recovered where a service returns less than its logits?

The largest ones alone, rounded ones, or rounded probabilities. Nothing is trained anew: what a service leaves out is
filled in with what the training images say, and any inverter that takes logits is asked as it is.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.cards import Look, MetricCard, Sheet
from bench.metrics.base import Doubles
from bench.probes.base import Findings, Measured, Probe, measured, side_by_side
from bench.probes.kept import kept
from bench.probes.manipulate import needs_logits
from bench.progress import each
from bench.registry import STATISTICS, load
from bench.store.record import Level

if TYPE_CHECKING:
    from bench.probes.scene import Scene

Floats = NDArray[np.float32]
Returned = dict[str, tuple[float | None, Floats]]  # by level: its number, and what the inverter is given, (N, K)

ALL, ALONE = "all logits", "largest alone"
WAY = "The way kept: 0 is the largest logit alone, 1 all logits; what lies outside is worse or better than either."
PLAIN = "The scores themselves, against the originals."
SCORES = ("lpips", "logit_cosine", "reid_class_judge", "reid_within_class_judge_mrr")
_TOLD = {  # title, what it compares, what it depends on, whether more is better
    "lpips": ("LPIPS", "features", None, False),
    "logit_cosine": ("logit cosine", "logits", "mean", True),
}
KEPT = tuple(f"kept_{key}" for key in _TOLD)


def _card(key: str, title: str, sees: str, depends_on: str | None) -> MetricCard:
    return MetricCard(
        f"kept_{key}",
        f"Way kept: {title}",
        f"(S - S1) / (Sall - S1), S the mean {key} at a level, S1 with the largest logit alone, Sall with all logits",
        higher_is_better=True,
        level="image",
        family="Access",
        resolution=1e-3,
        share=True,
        sees=sees,
        depends_on=depends_on,
        formula="(S − S₁) / (S_all − S₁)",
        good="Near 1: what the service holds back was of no use. Near 0: all beyond the largest logit is gone.",
    )


class Access(Probe):
    """Levels of one kind of access, between all logits and the largest one alone; the noise stays.

    With the largest alone, all others at their training mean, an inverter knows the class, and how sure the classifier
    is of it.

    Attributes:
        alone: the level with the largest alone.
        pictured: the levels of which pictures are kept; all where none are named.
    """

    measures = (*SCORES, *KEPT)
    cards = tuple(_card(key, *told[:3]) for key, told in _TOLD.items())
    alone: ClassVar[str] = ALONE
    pictured: ClassVar[tuple[str, ...]] = ()

    def skip(self, scene: Scene) -> str | None:
        """Without several logits there is nothing to hold back."""
        if scene.logits.shape[1] < 2:
            return f"{scene.classifier.name} gives a single logit, of which none can be held back."
        return None if scene.takes_logits else needs_logits(scene)

    @abstractmethod
    def returned(self, logits: Floats, mean: Doubles) -> Returned:
        """What the inverter is given at every level, from the least to the most.

        Args:
            logits: (N, K).
            mean: (K,) of the training images.
        """

    def measure(self, scene: Scene) -> Findings:
        """Each level against the originals, and how much of the way from the largest logit to all of them it keeps."""
        mean, whose = training_mean(scene)
        alone: Returned = {self.alone: (None, truncated(scene.logits, 1, mean))}
        returned = alone | self.returned(scene.logits, mean)
        scored = {name: _scored(scene, name, *returned[name]) for name in each(list(returned), self.name)}
        ends = scored[ALL].columns, scored[self.alone].columns
        shown = {name: scene.invert(returned[name][1]) for name in self.pictured or returned}
        return Findings(
            [_with_kept(one, *ends) for one in scored.values()],
            side_by_side(scene.images, {"original": scene.originals} | shown, scene.cell.dataset.class_names),
            note=f"{scene.logits.shape[1]:,} logits; training means from {whose}",
        )


def training_mean(scene: Scene) -> tuple[Doubles, str]:
    """(K,) mean logits of the training images, and where they come from.

    A trained inverter has them in its weights, as it standardises its logits; for others the controls keep them.

    Raises:
        SkipCellError: they would have to be computed, and the training images are not here; says what to fetch.
    """
    from bench.inverters.learned import Trained
    from bench.inverters.standardise import Standardise

    trained = getattr(scene.method.method, "reconstruct", None)
    if isinstance(trained, Trained):
        for module in trained.network.modules():
            if isinstance(module, Standardise):
                return module.mean.double().cpu().numpy(), "the inverter's own weights"
    statistics = load(STATISTICS, "statistics", "controls")
    found = statistics.statistics_of(scene.classifier, scene.cell.dataset, scene.device, "This probe")
    return found.mean.double().cpu().numpy(), "the statistics of the controls"


def _scored(scene: Scene, name: str, value: float | None, given: Floats) -> Measured:
    """The scores of ``bench run`` at a level."""
    from bench.metrics.evaluate import evaluate

    found = evaluate(
        scene.originals,
        scene.invert(given),
        labels=scene.images.labels,
        logits=scene.logits,
        networks=scene.networks,
        stochastic=scene.method.stochastic,
        cache=scene.cell.config.out / ".features",
        anew=scene.cell.config.force,
        wanted=SCORES,
    )
    scores = {key: found.metrics[key] for key in SCORES}
    return Measured(Level(name, value, scores), scene.images, {key: found.per_image[key] for key in SCORES})


def _with_kept(one: Measured, full: Mapping[str, Doubles], alone: Mapping[str, Doubles]) -> Measured:
    """A level with the share of the way that it keeps by each score."""
    computes = {
        f"kept_{key}": partial(kept, one.columns[key], full[key], alone[key], up=up) for key, (*_, up) in _TOLD.items()
    }
    more = measured(one.level.name, one.level.value, one.images, computes)
    level = replace(one.level, metrics=one.level.metrics | more.level.metrics)
    return Measured(level, one.images, one.columns | more.columns)


def truncated(logits: Floats, k: int, mean: Doubles) -> Floats:
    """The k largest logits of each row (N, K), of equal ones the first; all others the training mean (K,)."""
    rows = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    filled = np.broadcast_to(mean.astype(np.float32), logits.shape).copy()
    np.put_along_axis(filled, rows, np.take_along_axis(logits, rows, axis=1), axis=1)
    return filled


class Truncate(Access):
    """The k largest logits, all others at their training mean."""

    name = "truncate"
    question = "What is still recovered when a service returns its largest logits alone?"
    levels = (
        "top k: the k largest logits of an image, all others set to the mean that they have over the training images; "
        "all logits: as the classifier gives them"
    )
    place = 10
    alone = "top 1"
    counts: ClassVar[tuple[int, ...]] = (1, 2, 3, 5, 10, 30, 100, 300, 1_000, 3_000, 10_000)
    looks = (
        Look(
            "lines", KEPT, f"{WAY} A line ends with all logits of its classifier.", levels=("top ", ALL),
            axis="largest logits returned", doubling=True,
        ),
        Look(
            "lines", SCORES, PLAIN, levels=("top ", ALL),
            axis="largest logits returned", doubling=True,
        ),
    )  # fmt: skip
    sheet = Sheet(fewer=("original", "top 1", "top 2", "top 5", "top 10", "top 100", ALL))

    def returned(self, logits: Floats, mean: Doubles) -> Returned:
        """Half decades, and all."""
        K = logits.shape[1]
        tops: Returned = {f"top {k}": (float(k), truncated(logits, k, mean)) for k in self.counts if k < K}
        return tops | {ALL: (float(K), logits)}


class Round(Access):
    """Logits rounded to decimals, as a service prints them."""

    name = "round"
    question = "What is still recovered when a service rounds its logits?"
    levels = (
        "decimals d: every logit rounded to d decimals (-1: to tens), halves to even; all logits: as the classifier "
        "gives them; largest alone: all other logits set to their mean over the training images"
    )
    place = 11
    decimals: ClassVar[tuple[int, ...]] = (-1, 0, 1, 2, 3)
    looks = tuple(
        Look("lines", keys, about, levels=("decimals ", ALL), axis="decimals returned", ticks={"4": "all"})
        for keys, about in ((KEPT, WAY), (SCORES, PLAIN))
    )
    sheet = Sheet(fewer=("original", ALONE, "decimals -1", "decimals 0", "decimals 1", ALL))

    def returned(self, logits: Floats, mean: Doubles) -> Returned:
        """From tens to thousandths, and all."""
        exact = logits.astype(np.float64)
        rounded: Returned = {f"decimals {d}": (float(d), exact.round(d).astype(np.float32)) for d in self.decimals}
        return rounded | {ALL: (self.decimals[-1] + 1.0, logits)}


class Probabilities(Access):
    """Probabilities softmax(z / T), rounded; the inverter is given their logarithms, brought back to logits' scale.

    That is t log p, less its mean over the K classes, plus the mean of all training logits: ``recentred``. With t = T
    and unrounded p these are the logits but for the same amount in each, which the softmax forgets: the mean of an
    image's logits, in whose place stands that of the training images. So the level ``T 1 all`` differs from ``all
    logits`` by that amount alone. A probability that is rounded to 0 counts as half of the last decimal.
    """

    name = "probabilities"
    question = "What is still recovered when a service returns rounded probabilities in place of logits?"
    levels = (
        "T t decimals d: softmax(z / t) rounded to d decimals, of which the inverter is given t log p, less its mean, "
        "plus the mean of all training logits; 0 counts as half of the last decimal; T t all: not rounded; untold T "
        "t: not rounded, and the inverter is given log p in place of t log p; all logits: z; largest alone: all other "
        "logits set to their mean over the training images"
    )
    place = 12
    temperatures: ClassVar[tuple[float, ...]] = (0.5, 1.0, 2.0)
    decimals: ClassVar[tuple[int, ...]] = (1, 2, 3, 4, 6)
    looks = (
        *(
            Look(
                "lines", KEPT, WAY if t == 0.5 else f"The same at temperature {t:g}.", levels=(f"T {t:g} ",),
                axis="decimals of the probabilities", where=f"T = {t:g}", ticks={"8": "all"},
            )
            for t in temperatures
        ),
        Look("whiskers", SCORES, "Not rounded, against the originals.", levels=(ALONE, "untold", "T 1 all", ALL)),
    )  # fmt: skip
    pictured = (ALONE, *(f"T 1 decimals {d}" for d in decimals), "T 1 all", "untold T 2", ALL)

    def returned(self, logits: Floats, mean: Doubles) -> Returned:
        """For each temperature from one decimal to all; then what an inverter makes of one that it is not told."""
        centre = float(mean.mean())
        given: Returned = {}
        for t in self.temperatures:
            for d in self.decimals:
                given[f"T {t:g} decimals {d}"] = float(d), recentred(probabilities(logits, t, d), t, centre)
            given[f"T {t:g} all"] = self.decimals[-1] + 2.0, recentred(probabilities(logits, t), t, centre)
        for t in self.temperatures:
            if t != 1:
                given[f"untold T {t:g}"] = None, recentred(probabilities(logits, t), 1.0, centre)
        return given | {ALL: (None, logits)}


def probabilities(logits: Floats, temperature: float, decimals: int | None = None) -> Doubles:
    """(N, K) softmax(z / T), each rounded to a number of decimals; at least half of the last one."""
    from scipy.special import softmax

    exact: Doubles = softmax(logits.astype(np.float64) / temperature, axis=1)
    return exact if decimals is None else np.maximum(exact.round(decimals), 0.5 * 10.0**-decimals)


def recentred(probability: Doubles, temperature: float, centre: float) -> Floats:
    """t log p, less its mean over the classes, plus ``centre``; p (N, K), above 0."""
    scaled = temperature * np.log(probability)
    found: Floats = (scaled - scaled.mean(axis=1, keepdims=True) + centre).astype(np.float32)
    return found
