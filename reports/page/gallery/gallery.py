"""Originals beside every method's reconstructions of them, after figure 1 of Teterwak et al. 2021.

The page embeds some images of every method as sprite sheets; a table shows the first of them, and a script lets the
reader look at the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.store.table import JUDGE
from reports.analysis.groups import Entry, Group
from reports.analysis.images import image_id, is_right
from reports.analysis.metrics import first
from reports.export.files import INSIDE, Files
from reports.figures import sprites
from reports.figures.sprites import COLUMNS, LOSSLESS_SIDE, Pixels
from reports.page.gallery import island
from reports.page.gallery.choice import EMBEDDED, SHOWN, Choice, choose
from reports.page.gallery.exact import BUDGET, exact, sentence, sizes
from reports.page.gallery.logits import MOST_CLASSES
from reports.words import text
from reports.words.gallery_names import predicted, true_class

if TYPE_CHECKING:
    from markupsafe import Markup

SETS = {
    "random": "random",
    "wrong": "classified wrongly",
    "ends": "best and worst on average",
    "first": "first of the published order",
    "best": "best first, by the score and method below",
    "worst": "worst first, by the score and method below",
    "ids": "images with these ids",
    "all": "all embedded images",
}


@dataclass(frozen=True)
class Tile:
    """One picture: its place in its sheet, and what stands below it."""

    column: str
    row: str
    alt: str
    judged: str
    score: str
    changed: bool


@dataclass(frozen=True)
class Strip:
    """A row of the gallery: the originals (``index`` is empty) or one method."""

    index: str
    label: str
    kind: str
    sheet: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Sheet:
    """The pictures of a strip as an image in a URI."""

    name: str
    source: str
    size: int  # bytes of the picture


@dataclass(frozen=True)
class Option:
    """An entry of a list to choose from."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True)
class Gallery:
    """The pictures of a group.

    Attributes:
        anchor: the id that everything of this gallery begins with.
        sheets: those that no earlier gallery of the page holds.
        heads: (class, id) of the images that the table begins with.
        strips: originals, then methods.
        sentences: how the images were chosen.
        missing: whose pictures do not lie beside their records.
        shrunk: whether the pictures of the table are smaller than what was scored.
        exact: of how many images the large view shows what was scored, where they are shrunk.
        style: the sizes of tile and sheet as CSS custom properties.
        status: which images are on the page before anybody chooses.
        sets, classes, metrics, methods, ids: what there is to choose from.
        answers: whether images can be chosen by whether the classifier is right.
        caption: the score below a picture before anybody chooses.
        held_back: how many more images it shows where there is room.
        exact_size: bytes of the pictures that it holds pixel by pixel beside those of its table.
        most: how many classes of the classifier the large view tells.
        data: JSON for the script.
    """

    anchor: str
    sheets: tuple[Sheet, ...]
    heads: tuple[tuple[str, str], ...]
    strips: tuple[Strip, ...]
    sentences: tuple[str, ...]
    missing: str
    shrunk: bool
    exact: str
    style: str
    status: str
    sets: tuple[Option, ...]
    classes: tuple[str, ...]
    metrics: tuple[Option, ...]
    methods: tuple[Option, ...]
    ids: tuple[str, ...]
    answers: bool
    caption: str
    held_back: int
    exact_size: int
    most: str
    data: Markup

    @property
    def weight(self) -> int:
        """Bytes that the pictures of its table and its data take in the page."""
        return len(self.data) + sum(one.size * 4 // 3 for one in self.sheets)


@dataclass
class Making:
    """How the galleries of a page are made.

    Attributes:
        files: where their pictures go.
        embedded: about how many images each shows.
        budget: bytes of the pictures that it may hold pixel by pixel beside them.
        known: names of the sheets that are there already: originals, and controls of equal pixels.
    """

    files: Files = INSIDE
    embedded: int = EMBEDDED
    budget: int = BUDGET
    known: set[str] = field(default_factory=set)


def gallery(group: Group, groups: Sequence[Group] = (), making: Making | None = None) -> Gallery | None:
    """The gallery of one group among all groups of the page, or None where no pictures lie beside its records.

    Args:
        group: whose.
        groups: of the page; the galleries before this one are made before it.
        making: how, and what the galleries before it hold.
    """
    making = making or Making()
    groups = groups if any(other is group for other in groups) else [group]
    originals, entries = group.originals, shown(group)
    if originals is None or not entries:
        return None
    choice = choose(group, groups, making.embedded)
    tiles = pictures(group, choice.rows)
    names = [sprites.name(one) for one in tiles]
    new = {name: one for name, one in zip(names, tiles, strict=True) if name not in making.known}
    making.known.update(new)
    shrunk = max(originals.shape[1:3]) > LOSSLESS_SIDE
    sources = [originals, *_reconstructions(entries)]
    held, spent = exact(sources, choice, making.files, making.budget) if shrunk else (({},) * len(tiles), 0)
    sides = sizes((originals.shape[1], originals.shape[2]), (tiles[0].shape[1], tiles[0].shape[2]))
    begin = (choice.sets["random"] or choice.sets["all"])[:SHOWN]
    metrics, caption = island.per_image_metrics(group, entries), first(group.metrics, "closest")
    return Gallery(
        anchor=f"gallery-{next(i for i, other in enumerate(groups, 1) if other is group)}",
        sheets=tuple(_sheet(making.files, name, sprites.sheet(one)) for name, one in new.items()),
        heads=tuple((true_class(group, choice.rows[i]), image_id(group, choice.rows[i])) for i in begin),
        strips=_strips(group, entries, names, choice, begin, caption),
        sentences=choice.sentences,
        missing=text.listing(entry.label for entry in group.complete if entry not in entries),
        shrunk=shrunk,
        exact=sentence(held, len(choice.rows)),
        style=_style(tiles[0], originals.shape[2]),
        status=_status(choice, len(begin)),
        sets=tuple(Option(name, words) for name, words in SETS.items() if _offered(name, choice, metrics)),
        classes=tuple(sorted({true_class(group, row) for row in choice.rows})),
        metrics=tuple(Option(key, group.metric(key).title, key == caption) for key in metrics),
        methods=tuple(Option(str(i), entry.label) for i, entry in enumerate(entries)),
        ids=tuple(image_id(group, row) for row in choice.rows),
        answers=is_right(group) is not None,
        caption=group.metric(caption).title,
        held_back=len(choose(group, groups).rows) - len(choice.rows) if making.embedded < EMBEDDED else 0,
        exact_size=spent,
        most=text.count(MOST_CLASSES),
        data=island.island(island.data(group, entries, names, choice, COLUMNS, held) | {"sizes": sides}),
    )


def _sheet(files: Files, name: str, picture: bytes) -> Sheet:
    return Sheet(name, _kept(files, name, picture), len(picture))


def _kept(files: Files, name: str, content: bytes) -> str:
    return files.put(f"pictures/{name}.webp", "image/webp", content)


def shown(group: Group) -> list[Entry]:
    """The rows whose pictures lie beside their records, of the size of the originals."""
    originals = group.originals
    return [] if originals is None else [entry for entry in group.complete if entry.matches(originals)]


def pictures(group: Group, rows: Sequence[int]) -> list[Pixels]:
    """The tiles (n, h, w, 3) of these rows: of the originals, then of each row that is shown."""
    originals = [] if group.originals is None else [group.originals]
    return [sprites.crops(source, rows) for source in (*originals, *_reconstructions(shown(group)))]


def _reconstructions(entries: Sequence[Entry]) -> list[Pixels]:
    return [entry.reconstructions for entry in entries if entry.reconstructions is not None]


def _offered(name: str, choice: Choice, metrics: Sequence[str]) -> bool:
    """Whether a set has images: an order by a score needs scores."""
    return bool(metrics) if name in ("best", "worst") else name == "ids" or bool(choice.sets[name])


def _strips(
    group: Group, entries: Sequence[Entry], names: Sequence[str], choice: Choice, places: Sequence[int], caption: str
) -> tuple[Strip, ...]:
    tiles = tuple(_original(group, entries[0], choice.rows[place], place) for place in places)
    strips = [Strip("", "original", "original", names[0], tiles)]
    for i, (entry, name) in enumerate(zip(entries, names[1:], strict=True)):
        tiles = tuple(_reconstruction(group, entry, choice.rows[place], place, caption) for place in places)
        strips.append(Strip(str(i), entry.label, entry.record.kind, name, tiles))
    return tuple(strips)


def _original(group: Group, entry: Entry, row: int, place: int) -> Tile:
    judged = predicted(group, entry, row, JUDGE, "original")
    alt = f"original {image_id(group, row)} ({true_class(group, row)})" + (f", judged {judged}" if judged else "")
    return Tile(str(place % COLUMNS), str(place // COLUMNS), alt, judged, "", changed=False)


def _reconstruction(group: Group, entry: Entry, row: int, place: int, caption: str) -> Tile:
    judged = predicted(group, entry, row, JUDGE, "reconstruction")
    values, card = entry.per_image.get(caption), entry.metric(caption)
    score = "" if values is None else island.score(card, values[row])
    alt = f"{entry.label} reconstruction of {image_id(group, row)} ({true_class(group, row)})"
    alt += f", judged {judged}" if judged else ""
    alt += f", {card.title} {score}" if score else ""
    changed = bool(judged) and judged != predicted(group, entry, row, JUDGE, "original")
    return Tile(str(place % COLUMNS), str(place // COLUMNS), alt, judged, score, changed)


def _style(tiles: Pixels, scored: int) -> str:
    """Sizes for the style sheet: pixels of a tile, and its width on the page, a whole multiple where it is small.

    ``scored`` is the width of what was scored, of which the large view shows a whole multiple.
    """
    n, h, w, _ = tiles.shape
    return (
        f"--gallery-columns: {COLUMNS}; --gallery-rows: {-(-n // COLUMNS)}; --gallery-ratio: {h / w:.6g}; "
        f"--gallery-wide: {w * max(1, 96 // w)}px; --gallery-narrow: {w * max(1, 64 // w) if w <= 64 else 64}px; "
        f"--gallery-large: {scored * max(1, 256 // scored)}px; --gallery-medium: {w * max(1, 160 // w)}px"
    )


def _status(choice: Choice, num_shown: int) -> str:
    members = choice.sets["random"] or choice.sets["all"]
    return f"{text.count(len(members))} of {text.plural(len(choice.rows), 'embedded image')}; 1 to {num_shown} shown"
