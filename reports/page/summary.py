"""From records to everything that the page prints: templates only loop over this and hold no arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.cards import MetricCard
from bench.store.record import Record
from reports.analysis import claims
from reports.analysis.front import foremost, speaking
from reports.analysis.groups import Entry, Group, group
from reports.analysis.metrics import metrics_of
from reports.analysis.ranks import Standings, standings
from reports.export import downloads
from reports.export.files import INSIDE, Files
from reports.figures import tradeoffs
from reports.page import detail, provenance, scores, seeds
from reports.page.front.about import About, abouts
from reports.page.front.board import Board, board, tones
from reports.page.front.matrix import Matrix, matrix
from reports.page.gallery import fitting, gallery
from reports.page.probes.pages import ProbePage, probe_pages
from reports.words import bibliography, deck, findings, glossary, text
from reports.words.controls import meaning
from reports.words.headline import headline

Pieces = tuple[tuple[str, bool], ...]  # of a sentence: words, and whether a line must not break in them


@dataclass(frozen=True)
class Section:
    """One group of records that may be compared."""

    anchor: str
    short: str
    classifier: str
    dataset: str
    subtitle: str
    warnings: tuple[str, ...]
    main: scores.MainTable
    full: scores.FullTable
    tradeoffs: tuple[tradeoffs.Plot, ...]
    gallery: gallery.Gallery | None
    details: tuple[detail.Detail, ...]
    seeds: tuple[seeds.Seeds, ...]
    costs: tuple[provenance.CostRow, ...]
    provenance: provenance.Provenance
    downloads: tuple[downloads.Download, ...]
    foremost: bool  # whether the page begins with it: the others are folded
    tones: Mapping[str, str]  # a class of the style sheet for each row, by its label: one colour a method


@dataclass(frozen=True)
class Definition:
    """A metric of the glossary."""

    key: str
    title: str
    definition: str
    direction: str
    formula: str
    good: str


@dataclass(frozen=True)
class Page:
    """The whole report; ``boards`` begin with the one that is shown."""

    source: tuple[str, ...]
    title: str
    headline: Pieces
    deck: tuple[Pieces, ...]
    boards: tuple[Board, ...]
    matrix: Matrix | None
    abouts: tuple[About, ...]
    holdings: tuple[str, ...]
    findings: tuple[findings.Finding, ...]
    meaning: str  # of the strongest control
    stations: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    probes: tuple[ProbePage, ...]
    probe_warnings: tuple[str, ...]
    probe_sources: tuple[provenance.ProbeSources, ...]
    board: claims.Board
    definitions: tuple[tuple[str, tuple[Definition, ...]], ...]
    controls: tuple[tuple[str, str], ...]
    access: tuple[tuple[str, str], ...]
    downloads: tuple[downloads.Download, ...]
    citation: str  # BibTeX of this software
    several: bool
    without: tuple[str, ...] = ()  # what one file has no room for
    refit: Callable[[Page, int], Page] = lambda page, room: page  # with galleries of so many bytes at most

    @property
    def without_pictures(self) -> bool:
        """Whether one file has room for none."""
        return PICTURES in self.without


FEWER = "of each method and classifier"
PICTURES = "all pictures of the groups"


def page(entries: Sequence[Entry], files: Files = INSIDE) -> Page:
    """The view model of these records, with pictures and downloads inside of it or among the files of a folder."""
    groups = group(entries)
    named = [(one, f"group-{number}", standings(one)) for number, one in enumerate(groups, 1)]
    ordered = [cell.record for one in groups for row in (*one.inverters, *one.controls) for cell in row.every]
    cells = list({id(record): record for record in ordered}.values())  # a failed one may stand in several groups
    probes = [entry for entry in entries if entry.record.probe is not None]
    asked = [entry.record for entry in probes]
    metrics = metrics_of(entry for one in groups for entry in one.complete)
    sections, colours = [], tones(groups)
    for one, anchor, ranked in named:
        sections.append(_section(one, groups, anchor, ranked, colours, files))  # a frame less
    headlines = [findings.finding(one, ranked, anchor) for one, anchor, ranked in named]
    ranks, speak = [ranked for _, _, ranked in named], speaking(groups)
    told, names = headline(groups, ranks), [record.method for record in ordered]

    def illustrated(bare: Page, room: int) -> Page:
        """The page with its galleries, and boards that show their first pictures."""
        pictures = fitting.galleries(groups, files, room)
        boards: list[Board] = []
        for (one, anchor, ranked), shown in zip(named, pictures, strict=True):
            if one in speak:
                made = board(one, ranked, shown, colours, anchor, _short(one, speak))
                boards.insert(0 if one is foremost(groups) else len(boards), made)
        shown_in = zip(bare.sections, pictures, strict=True)
        return replace(
            bare,
            boards=tuple(boards),
            sections=tuple(replace(section, gallery=shown) for section, shown in shown_in),
            without=(*(what for what in bare.without if FEWER not in what), *_fewer(pictures)),
        )

    bare = Page(
        source=deck.source(groups),
        title=told,
        headline=text.pieces(told, names),
        deck=tuple(text.pieces(sentence, names) for sentence in deck.deck(groups, ranks)),
        boards=(),
        abouts=abouts(groups, {number: _short(one, groups) for number, one in enumerate(groups)}),
        matrix=matrix(groups, ranks, colours, dict(enumerate(_among_equals(groups)))),
        holdings=findings.holdings([*cells, *asked]),
        findings=tuple(headline for headline in headlines if headline is not None),
        meaning=meaning(groups, titles=True),
        stations=_stations([*cells, *asked], len(metrics)),
        sections=tuple(sections),
        probes=probe_pages(probes, files),
        probe_warnings=tuple(glossary.caveats(probes)),
        probe_sources=provenance.probe_provenance(probes),
        board=claims.board(entries),
        definitions=_definitions(metrics.values()),
        controls=tuple(glossary.questions(entry for one in groups for entry in one.entries)),
        access=tuple(glossary.ACCESS.items()),
        downloads=downloads.everything(entries, ranks, files, groups),
        citation=bibliography.bench(entries),
        several=len(groups) > 1,
        refit=illustrated,
    )
    return illustrated(bare, fitting.room_beside(len(entries)))


def _fewer(pictures: Iterable[gallery.Gallery | None]) -> tuple[str, ...]:
    """How many images this one file has no room for."""
    lost = max((one.held_back for one in pictures if one is not None), default=0)
    return (f"{text.plural(lost, 'picture')} {FEWER}",) if lost else ()


def _stations(records: Sequence[Record], num_metrics: int) -> tuple[tuple[str, str], ...]:
    """The line that the benchmark is, with what this report has at each station."""
    methods = {record.method for record in records if record.kind == "inverter"}
    controls = {record.method for record in records if record.kind == "control"}
    sizes = sorted({record.num_images for record in records}, reverse=True)
    measures = f"{text.count(num_metrics)}, with intervals over images" if num_metrics else "those of the probes"
    return (
        ("dataset", text.listing(record.dataset for record in records)),
        ("classifier", text.listing(record.classifier for record in records)),
        ("logits", "its raw outputs, before any softmax"),
        ("inverter", f"{text.plural(len(methods), 'method')}, {text.plural(len(controls), 'control')}"),
        ("reconstruction", f"{text.listing(map(text.count, sizes))} images each, rounded to 8 bits"),
        ("metrics", measures),
    )


def _section(
    one: Group,
    groups: Sequence[Group],
    anchor: str,
    ranked: Standings,
    colours: Mapping[str, str],
    files: Files,
) -> Section:
    numbers = sorted({cell.record.seed for entry in one.entries for cell in entry.every})
    subtitle = (
        f"{text.plural(one.num_images, 'image')} · seed {text.listing(map(str, numbers))} · "
        f"protocol {one.fingerprint[:12] or 'not recorded'}"
        + (f" · classifier weights {one.classifier_sha256[:12]}" if one.classifier_sha256 else "")
    )
    return Section(
        anchor=anchor,
        short=_short(one, groups),
        classifier=one.classifier,
        dataset=one.dataset,
        subtitle=subtitle,
        warnings=tuple(glossary.warnings(one)),
        main=scores.main_table(one, ranked),
        full=scores.full_table(one, ranked),
        tradeoffs=tradeoffs.tradeoffs(one, anchor, colours),
        gallery=None,
        details=detail.details(one, ranked, anchor),
        seeds=seeds.several(one),
        costs=provenance.costs(one),
        provenance=provenance.provenance(one),
        downloads=downloads.tables(one, ranked, anchor, files),
        foremost=one is (foremost(groups) or groups[0]),
        tones={entry.label: _tone(entry, colours) for entry in one.entries},
    )


def _tone(entry: Entry, colours: Mapping[str, str]) -> str:
    tone = colours.get(entry.record.method, "") if entry.record.kind == "inverter" else ""
    return f"tone-{tone}" if tone else ""


def _among_equals(groups: Sequence[Group]) -> list[str]:
    """The name of each group among those of the same dataset and of as many images."""
    alike = [
        [other for other in groups if (other.dataset, other.num_images) == (one.dataset, one.num_images)]
        for one in groups
    ]
    return [_short(one, those) for one, those in zip(groups, alike, strict=True)]


def _short(one: Group, groups: Sequence[Group]) -> str:
    """The classifier, with as much more as tells its groups apart."""
    twins = [other for other in groups if other.classifier == one.classifier and other is not one]
    traits = (
        ("dataset", one.dataset),
        ("num_images", f"{text.count(one.num_images)} images"),
        ("fingerprint", one.fingerprint[:6] or "no protocol"),
        ("classifier_sha256", one.classifier_sha256[:6] or "no weights"),
    )
    told = [one.classifier]
    for name, words in traits:
        left = [twin for twin in twins if getattr(twin, name) == getattr(one, name)]
        if len(left) < len(twins):
            told.append(words)
        twins = left
    return " · ".join(told)


def _definitions(cards: Iterable[MetricCard]) -> tuple[tuple[str, tuple[Definition, ...]], ...]:
    """The metrics' definitions by family."""
    families: dict[str, list[Definition]] = {}
    for card in cards:
        direction = glossary.DIRECTIONS[card.higher_is_better][1]
        told = Definition(card.key, card.title, card.definition, direction, card.formula, card.good)
        families.setdefault(card.family, []).append(told)
    return tuple((title, tuple(found)) for title, found in families.items())
