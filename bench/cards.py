"""What a table, a figure or a definition needs to know about a thing, as data that travels in every record.

A page is made of records alone: what it says of a thing stands in that thing's card. Imports nothing heavy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["image", "set"]
Sight = Literal["lines", "whiskers", "curve", "histogram"]
ROLES = ("ceiling", "set-floor", "memory", "class-floor", "class-mean", "linear", "class-only")  # rows of controls
LAST = 1_000  # the place of what says none


@dataclass(frozen=True)
class MetricCard:
    """A metric.

    Attributes:
        key: as in records and on the command line.
        title: for people, in tables, figures and sentences; the key stands in tooltips and exports.
        definition: one sentence.
        higher_is_better: null where neither direction is good in itself.
        level: ``image`` (a mean over images, with an interval) or ``set`` (one number for all images).
        family: the title of the group of columns that it stands in.
        digits: after the point where there is no interval to set them.
        resolution: the least difference of two values that speaks of the methods, or ``1/n`` for one image of n.
        headline: its place among the columns of the main table, from 0; null where only the complete table has it.
        place: in the complete table, which keeps families together; equal ones stand by their keys.
        question: that it answers, for people.
        reads_distance: whether it is drawn from zero.
        share: whether it is drawn from 0 to 1.
        sees: what it compares: ``pixels``, ``features``, ``logits``, ``classes``, ``ranks`` or ``draws``.
        depends_on: what of a run, beside the image itself, an image's value depends on: ``gallery``, the originals
            that it is ranked among; ``mean``, the mean over all images; null for neither.
        roles: what it is picked for, of which it may have several: ``closest``, how near an image is to its original,
            by which the page begins; ``likeness``, other measures of that; ``judge-class`` and ``target-class``, the
            share that keeps its class by either network, and ``gap`` between the two; ``distance`` between sets,
            drawn against ``closest``; ``terminal``, a column of the table after a run; ``ends``, the gallery shows
            the best and the worst by it.
        fetched: whether its extractor must be fetched: the main table has it where somebody did.
        extractor: the network whose features it compares, or null.
        version: of its computation; part of its scores' fingerprints.
        citation: keys of ``bench/references.bib``, or whole BibTeX entries.
        formula: as it would stand in a paper, in one line; empty where the definition says it all.
        good: what a good value means, and what it does not; one or two sentences.
        lowest: the least value that it can have; null where there is no bound.
        highest: the greatest one.
    """

    key: str
    title: str
    definition: str
    higher_is_better: bool | None
    level: Level
    family: str = "Other"
    digits: int = 3
    resolution: float | Literal["1/n"] = 1e-6
    headline: int | None = None
    place: int = LAST
    question: str = ""
    reads_distance: bool = False
    share: bool = False
    sees: str = ""
    depends_on: str | None = None
    roles: tuple[str, ...] = ()
    fetched: bool = False
    extractor: str | None = None
    version: str = "1"
    citation: tuple[str, ...] = ()
    formula: str = ""
    good: str = ""
    lowest: float | None = None
    highest: float | None = None

    def least(self, n: int) -> float:
        """The resolution of a mean over n images."""
        return 1 / n if self.resolution == "1/n" else float(self.resolution)


def unknown(key: str) -> MetricCard:
    """The card of a metric that nobody knows any more."""
    return MetricCard(key, key, "not in this version's catalogue", None, "image")


@dataclass(frozen=True)
class MethodCard:
    """An inverter or a control.

    Attributes:
        name: as on the command line.
        kind: ``inverter`` or ``control``.
        access: what it may see.
        training: ``none`` or ``pairs``.
        stochastic: whether noise changes the answer.
        version: of its computation.
        question: what a control answers; one line about an inverter.
        role: of a control in sentences that compare, one of ``ROLES``; null for others.
        citation: keys of ``bench/references.bib``, or whole BibTeX entries.
    """

    name: str
    kind: str
    access: str
    training: str
    stochastic: bool
    version: str = "1"
    question: str = ""
    role: str | None = None
    citation: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClassifierCard:
    """A classifier, known without building it (a local file is built once).

    Attributes:
        name: as typed.
        id: ``PROVIDER:NAME`` in full.
        identity: SHA-256 of the weights and of the preprocessing.
        num_logits: K.
        classes: whose classes the logits name: a dataset's name, ``imagenet``, or empty where nobody knows.
        place: among tables, figures and colours, from 0; null for those that follow by their names.
        input_size: side of the images that it prefers, in pixels.
        preprocessing: mean, std, resizing and the like, as data.
        robust: against what, for instance ``Linf 8/255``; null where it was trained on clean images.
        accuracy: as published or measured, by a name that says on what.
        caveat: what a reader must not mistake it for, as a sentence that ``NAME is`` begins; empty where there is none.
        verified: whether its weights are the published ones.
        target: whether it may be inverted; a judge scores alone.
        summary: one line.
        licence: of the weights.
        citation: keys of ``bench/references.bib``, or whole BibTeX entries.
    """

    name: str
    id: str
    identity: str
    num_logits: int
    classes: str = ""
    place: int | None = None
    input_size: int = 0
    preprocessing: dict[str, Any] = field(default_factory=dict)
    robust: str | None = None
    accuracy: dict[str, float] = field(default_factory=dict)
    caveat: str = ""
    verified: bool = True
    target: bool = True
    summary: str = ""
    licence: str = ""
    citation: tuple[str, ...] = ()


@dataclass(frozen=True)
class DatasetCard:
    """A dataset.

    Attributes:
        name: as typed, a folder by its own name.
        identity: of the content, never of a path.
        image_size: side of the images in pixels.
        class_names: by label.
        class_ids: by label, the classes' own names elsewhere (WordNet ids, for instance); empty where there are none.
        splits: number of images of each split that exists, whether or not it is here.
        judge: the classifier that scores as judge, or null.
        gallery: images a gallery of the retrieval ranks.
        default_num_images: N where none is given.
        aliases: full ids of classifiers by short name.
        names_classes: whether labels are classes that a reader knows by name.
        summary: one line.
        licence: of the images.
        citation: keys of ``bench/references.bib``, or whole BibTeX entries.
    """

    name: str
    identity: str
    image_size: int
    class_names: tuple[str, ...]
    class_ids: tuple[str, ...] = ()
    splits: dict[str, int] = field(default_factory=dict)
    judge: str | None = None
    gallery: int = 2_500
    default_num_images: int = 2_500
    aliases: dict[str, str] = field(default_factory=dict)
    names_classes: bool = True
    summary: str = ""
    licence: str = ""
    citation: tuple[str, ...] = ()


@dataclass(frozen=True)
class Look:
    """One figure of a probe's page.

    Attributes:
        sight: lines over levels; whiskers, a row a record; a curve, second measure over first; histogram over images.
        keys: measures, a panel each.
        about: what to see in it, for the caption.
        levels: only those whose name starts with one of these; null for what spans the levels.
        axis: of the levels, as a short text.
        neutral: the level at which nothing is changed.
        doubling: whether the levels double, so that their axis is logarithmic.
        combined: whether the keys stand in one panel as marks of one row.
        where: what the panels' titles say beside the measure's.
        origin: of a curve, the level that is part of every branch: no change.
        origins: of a curve, the strength that ``origin`` stands for on a branch; 0 on all others.
        unordered: of a curve, the branches whose levels are no strengths: not joined, and without ``origin``.
        ticks: of lines, what stands on the axis in place of a level's number.
    """

    sight: Sight
    keys: tuple[str, ...]
    about: str
    levels: tuple[str, ...] | None = ("",)
    axis: str = ""
    neutral: float | None = None
    doubling: bool = False
    combined: bool = False
    where: str = ""
    origin: str = ""
    origins: dict[str, float] = field(default_factory=dict)
    unordered: tuple[str, ...] = ()
    ticks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sheet:
    """How a probe's stored pictures are shown.

    Attributes:
        grid: whether a row of nine is a square.
        period: so many rows of the stored table belong together.
        fewer: where all columns are too many, these stand for all.
        sets: whether rows are sets, of which all are shown, with fewer columns instead.
    """

    grid: bool = False
    period: int = 1
    fewer: tuple[str, ...] = ()
    sets: bool = False


@dataclass(frozen=True)
class Answer:
    """A sentence that answers a probe's question, into which a report fills what the records measured.

    Attributes:
        words: for people; ``{0}``, ``{1}``, ... stand for the values, ``{is}`` for one of the sides.
        values: a measure and a level each. The level is a name; empty for what spans the levels; ``*`` for every level
            in turn; ``<`` and ``>`` for the one at which the measure is least and most.
        sides: what the second value is, pair by pair, to the first: smaller, larger, and neither as far as is shown.
        origin: the level at which nothing is changed, which ``<`` and ``>`` leave out.
    """

    words: str
    values: tuple[tuple[str, str], ...]
    sides: tuple[str, ...] = ()
    origin: str = ""


@dataclass(frozen=True)
class ProbeCard:
    """A probe, how it is to be drawn, and how its question is answered.

    Attributes:
        name: as on the command line.
        question: that it answers, one line.
        levels: what its levels are; empty where nobody knows.
        place: among the pages; equal ones stand by their names.
        looks: its figures; without any, its first measures are drawn over its levels.
        sheet: its pictures.
        answers: sentences that answer the question, the first one first; without any, its first measures are told.
    """

    name: str
    question: str = "A probe from outside this package; bench list probes prints its question where it is installed."
    levels: str = ""
    place: int = LAST
    looks: tuple[Look, ...] = ()
    sheet: Sheet = field(default_factory=Sheet)
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True)
class Cards:
    """What a record knows of all that it names.

    Attributes:
        method, classifier, dataset: of the cell.
        metrics: of every key that the record or one of its levels holds.
        probe: null for ``bench run``.
    """

    method: MethodCard
    classifier: ClassifierCard
    dataset: DatasetCard
    metrics: dict[str, MetricCard] = field(default_factory=dict)
    probe: ProbeCard | None = None
