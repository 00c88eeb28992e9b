"""``reference/probes.md``: the analyses, and what they measure."""

from __future__ import annotations

from bench.cards import MetricCard
from bench.probes.base import Probe
from bench.probes.measures import known
from studies.docs import ours
from studies.docs.bibliography import cited
from studies.docs.docstrings import parsed
from studies.docs.markdown import code, facts, joined, prose, sentence, table

INTRO = (
    "A probe asks one question about an inverter, at several levels, and measures the answer image by image: `bench "
    "probe NAME --method METHOD --classifier CLASSIFIER`. It leaves a record with the means of every level and their "
    "intervals, a table `per_image.parquet` and pictures."
)
COLUMNS = (
    "The rows of `per_image.parquet` are one for each level and image: the level's name, the image's id, its label, "
    "and a column for each measure. What spans the levels stands under the level `all`."
)
MEASURES = "Measures that are no metric of `bench run`. One key means one thing in every probe."
DIRECTION = {True: "↑", False: "↓", None: ""}


def page() -> str:
    """The whole page."""
    probes: dict[str, type[Probe]] = ours.plugins("bench.probes")
    ordered = dict(sorted(probes.items(), key=lambda pair: (pair[1].place, pair[0])))
    return joined(
        [
            "# Probes",
            INTRO,
            table(("name", "question"), [(f"[{code(n)}](#{n})", prose(one.question)) for n, one in ordered.items()]),
            COLUMNS,
            *(_probe(name, cls) for name, cls in ordered.items()),
            "## Measures",
            MEASURES,
            _measures(ordered),
        ]
    )


def _probe(name: str, cls: type[Probe]) -> str:
    told = facts(
        [
            ("Question", prose(cls.question)),
            ("Levels", prose(cls.levels)),
            ("Measures, level by level", _keys(cls.measures)),
            ("Measures across levels", _keys(cls.overall)),
            ("Columns", ", ".join(map(code, ("level", "image_id", "label", *cls.measures, *cls.overall)))),
            ("Images", f"{cls.num_images:,} where `--num-images` says no other number"),
        ]
    )
    return joined([f"## {code(name)}", parsed(cls).described(), told])


def _keys(keys: tuple[str, ...]) -> str:
    return ", ".join(f"[{code(key)}]({f'metrics.md#{key}' if key in ours.always() else '#measures'})" for key in keys)


def _measures(probes: dict[str, type[Probe]]) -> str:
    """By key, with the probes that measure them."""
    used: dict[str, list[str]] = {}
    own: dict[str, MetricCard] = {}
    for name, cls in probes.items():
        own |= {card.key: card for card in cls.cards}
        for key in (*cls.measures, *cls.overall):
            used.setdefault(key, []).append(name)
    rows = []
    for key in sorted(used.keys() - ours.always().keys()):
        card = own.get(key) or known()[key]
        better = DIRECTION[card.higher_is_better]
        links = ", ".join(f"[{code(name)}](#{name})" for name in used[key])
        rows.append(
            (code(key), prose(card.title), sentence(prose(card.definition)), prose(card.formula), prose(card.good),
             better, links, cited(card.citation))
        )  # fmt: skip
    head = ("key", "title", "definition", "formula", "good", "better", "measured by", "source")
    return table(head, rows)
