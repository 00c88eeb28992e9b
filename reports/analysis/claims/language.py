"""What a claim is made of: values, conditions on their mean, cases, claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CHANCE: Literal["chance"] = "chance"

Side = Literal["below", "above", "apart"]
SameRecipe = Literal["hash", "name"]
Outcome = Literal["met", "refuted", "open", "missing"]
Verdict = Literal["holds", "does not hold", "not decided", "not run"]


@dataclass(frozen=True)
class Values:
    """Values of one cell, an image each (of the kernel distance: a subset each).

    Attributes:
        method, classifier: the cell.
        column: of ``per_image.parquet``, or a set-level metric.
        probe: its name, or nothing for ``bench run``.
        levels: of the probe; ``all`` are the rows of what spans its levels.
        across: what becomes of several levels: an image's mean over them, or its range (largest less smallest).
        images: every one, or those whose label the classifier misses.
        subsets: whether the column is a set-level metric, whose subsets stand for images.
    """

    method: str
    classifier: str
    column: str
    probe: str = ""
    levels: tuple[str, ...] = ()
    across: Literal["mean", "range"] = "mean"
    images: Literal["all", "missed"] = "all"
    subsets: bool = False


@dataclass(frozen=True)
class Condition:
    """``values`` less ``against``, image by image: where must the mean lie?

    Attributes:
        values: of one cell.
        against: of another cell or level on the same images, a number, or what guessing scores by the record.
        side: ``below`` or ``above`` zero; ``apart`` is met on either side and never refuted.
        recipe: what the trainings of the two cells must share: all settings but the seed (``hash``) or the time budget
            (``name``).
        decides: whether the verdict depends on it; else it is shown.
    """

    values: Values
    against: Values | float | Literal["chance"]
    side: Side
    recipe: SameRecipe | None = None
    decides: bool = True


@dataclass(frozen=True)
class Case:
    """A claim asked of certain cells.

    Attributes:
        subject: which, in words.
        conditions: all must be met.
        remark: what to know about this case.
    """

    subject: str
    conditions: tuple[Condition, ...]
    remark: str = ""


@dataclass(frozen=True)
class Claim:
    """One claim.

    Attributes:
        number: by which the board calls it.
        statement: of the paper, in our words.
        reading: how it is measured here.
        cases: of which it is asked.
        ours: whether it is ours, not the paper's.
        confounder: what else than the claim may move the measure, as far as is known.
    """

    number: str
    statement: str
    reading: str
    cases: tuple[Case, ...]
    ours: bool = False
    confounder: str = ""
