"""Papers as ``bench/references.bib`` has them, for a line of text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from studies.docs import ROOT
from studies.docs.markdown import entities

FILE = ROOT / "bench" / "references.bib"
ACCENTS = {"'": "\N{COMBINING ACUTE ACCENT}", '"': "\N{COMBINING DIAERESIS}"}
ADDRESSES = {"eprint": "https://arxiv.org/abs/{}", "doi": "https://doi.org/{}", "url": "{}"}


@dataclass(frozen=True)
class Paper:
    """One entry.

    Attributes:
        authors: surnames, or the name of a body.
        year: of publication.
        title: without braces.
        address: where it can be read, empty where the file does not say.
    """

    authors: tuple[str, ...]
    year: str
    title: str
    address: str

    @property
    def short(self) -> str:
        """For instance ``He et al. 2016``."""
        first = self.authors[0]
        names = first if len(self.authors) == 1 else " & ".join(self.authors)
        return f"{first} et al. {self.year}" if len(self.authors) > 2 else f"{names} {self.year}"


def cited(keys: Iterable[str]) -> str:
    """These papers in one line."""
    known = papers()
    return "; ".join(_line(known[key]) for key in keys if key in known)


def _line(paper: Paper) -> str:
    name = entities(paper.short)
    return f"{f'[{name}]({paper.address})' if paper.address else name}, *{entities(paper.title)}*"


@cache
def papers() -> dict[str, Paper]:
    """Every entry by its key."""
    entries = FILE.read_text(encoding="utf-8").strip().split("\n\n")
    return {entry.partition("{")[2].partition(",")[0]: _paper(entry) for entry in entries}


def _paper(entry: str) -> Paper:
    found = re.findall(r"^  (\w+)\s*= \{(.*?)\},?\n(?=  \w|\})", entry + "\n", re.M | re.S)
    fields = {name.lower(): " ".join(value.split()) for name, value in found}
    return Paper(_authors(fields["author"]), fields["year"], _text(fields["title"]), _address(fields))


def _authors(listed: str) -> tuple[str, ...]:
    if listed.startswith("{"):
        return (_text(listed),)
    return tuple("others" if one == "others" else _text(one.partition(",")[0]) for one in listed.split(" and "))


def _text(value: str) -> str:
    accented = re.sub(
        r"""\\(['"])\{?(\w)\}?""", lambda found: unicodedata.normalize("NFC", found[2] + ACCENTS[found[1]]), value
    )
    return re.sub(r"[{}]", "", accented).replace(r"\%", "%")


def _address(fields: dict[str, str]) -> str:
    """By the first field that says where it can be read."""
    for name, form in ADDRESSES.items():
        if name in fields:
            return form.format(fields[name])
    if preprint := re.search(r"arXiv:([\d.]+)", fields.get("journal", "")):
        return ADDRESSES["eprint"].format(preprint[1])
    published = re.search(r"\\url\{(.+?)\}", fields.get("howpublished", ""))
    return published[1] if published else ""
