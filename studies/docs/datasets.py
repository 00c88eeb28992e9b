"""``reference/datasets.md``: what ``--dataset`` takes."""

from __future__ import annotations

import sys

from bench.datasets import FETCHED
from bench.datasets.base import Dataset
from bench.registry import DATASETS, EXTRACTORS
from studies.docs import ours
from studies.docs.bibliography import cited
from studies.docs.docstrings import Docstring, parsed
from studies.docs.markdown import code, facts, joined, prose, sentence, table

INTRO = (
    "A dataset is labelled images in a fixed, published order; a run of N images takes the first N of `test`. Images "
    "are evaluated on `test`, methods are trained on `train`, and every choice is made on `val`."
)
BESIDE = "These are no datasets to run on, and come here by the same command."


def page() -> str:
    """The whole page."""
    known: dict[str, type[Dataset]] = ours.plugins(DATASETS)
    told = {name: _first(module) for name, module in FETCHED.items()}
    extractors = ours.plugins(EXTRACTORS).items()
    told |= {name: f"The weights of {prose(cls.about)}" for name, cls in extractors if hasattr(cls, "fetch")}
    others = [(code(name), f"`bench data fetch {name}`", sentence(words)) for name, words in told.items()]
    return joined(
        [
            "# Datasets",
            INTRO,
            _overview(known),
            *(_dataset(name, cls) for name, cls in known.items()),
            "## What else is fetched",
            BESIDE,
            table(("name", "command", "what it is"), others),
        ]
    )


def _overview(known: dict[str, type[Dataset]]) -> str:
    rows = [
        (f"[{code(name)}](#{name})", code(f"--dataset {name}{cls.takes}"), prose(cls.summary))
        for name, cls in known.items()
    ]
    return table(("name", "typed", "images"), rows)


def _dataset(name: str, cls: type[Dataset]) -> str:
    parts = ", ".join(f"{count:,} {split}" for split, count in _splits(cls).items())
    known = facts(
        [
            ("Typed", code(f"--dataset {name}{cls.takes}")),
            ("Images", parts),
            ("Size", _size(name, cls)),
            ("Classes", _classes(cls)),
            ("How to have it", _command(name, cls)),
            ("Images of a run", f"{cls.default_num_images:,} where `--num-images` says no other number"),
            ("Gallery", f"{cls.gallery:,} originals, for the ranks of re-identification"),
            ("Judge", code(cls.judge) if cls.judge else "none; `--judge NAME` names one"),
            ("Licence", prose(cls.licence)),
            ("Source", cited(cls.citation)),
        ]
    )
    names = [(code(short), code(full)) for short, full in cls.short_names().items()]
    aliases = table(("short name", "classifier on this dataset"), names)
    return joined([f"## {code(name)}", sentence(prose(cls.summary)), known, _about(cls).described(), aliases])


def _about(cls: type[Dataset]) -> Docstring:
    """What its module says beyond the first line."""
    return Docstring(parsed(sys.modules[cls.__module__]).paragraphs[1:])


def _first(module: str) -> str:
    from importlib import import_module

    return prose(parsed(import_module(module)).paragraphs[0])


def _splits(cls: type[Dataset]) -> dict[str, int]:
    known = dict(cls.splits) or dict(getattr(sys.modules[cls.__module__], "SPLITS", {}))
    return {split: known[split] for split in ("test", "train", "val") if split in known}


def _size(name: str, cls: type[Dataset]) -> str:
    if cls.sizes:
        return f"{', '.join(map(str, cls.sizes))} px, part of the name"
    side = cls.side(name)
    return f"{side} px" if side else "that of the name, or else the classifier's input size"


def _classes(cls: type[Dataset]) -> str:
    count = len(cls.class_names) or len(cls.class_ids)
    few = ", ".join(cls.class_names) if 0 < len(cls.class_names) <= 20 else ""
    return "" if not count else f"{count:,}" + (f": {few}" if few else "")


def _command(name: str, cls: type[Dataset]) -> str:
    if _writes(cls, "prepare"):
        return f"`bench data prepare {name} --from PATH --size SIZE`, from your own copy"
    if _writes(cls, "fetch"):
        return f"`bench data fetch {name}`"
    return "your own images; nothing is fetched"


def _writes(cls: type[Dataset], method: str) -> bool:
    return getattr(cls, method).__func__ is not getattr(Dataset, method).__func__
