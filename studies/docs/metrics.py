"""``reference/metrics.md``: every metric by its card."""

from __future__ import annotations

from bench.cards import MetricCard
from bench.metrics.base import JUDGE, TARGET, Metric
from bench.registry import EXTRACTORS
from studies.docs import committed, ours
from studies.docs.bibliography import cited
from studies.docs.markdown import code, facts, joined, number, prose, sentence, table

INTRO = (
    "Every score compares reconstructions with the originals that they were made from. A metric that cannot be "
    "computed is null, with the reason beside it; it is never a number that stands for an error. A metric of the level "
    "*image* is a mean over images with a 95 % bootstrap interval, one of the level *set* is one number for all images."
)
DIRECTION = {True: "↑ higher is better", False: "↓ lower is better", None: "neither direction is good in itself"}
REQUEST = "Each family of distances exists for every extractor. These are computed where `--metric KEY` asks for them."
EXTRACTED = "The networks that metrics look through. A registered extractor has a distance of each family at once."


def page() -> str:
    """The whole page."""
    always, more = ours.always(), ours.on_request()
    parts = ["# Metrics", INTRO, _overview(always | more)]
    families = list(dict.fromkeys(metric.card.family for metric in always.values()))
    for family in families:
        parts.append(f"## {family}")
        parts += [_metric(one, "in every run") for one in always.values() if one.card.family == family]
    parts += ["## On request", REQUEST, *(_metric(one, "where `--metric` asks for it") for one in more.values())]
    return joined([*parts, "## Extractors", EXTRACTED, _extractors()])


def _overview(metrics: dict[str, Metric]) -> str:
    arrows = {True: "↑", False: "↓", None: ""}
    rows = [
        (f"[{code(key)}](#{key})", prose(one.card.title), arrows[one.card.higher_is_better], one.card.level,
         prose(one.card.question))
        for key, one in metrics.items()
    ]  # fmt: skip
    return table(("key", "title", "better", "level", "question"), rows)


def _metric(metric: Metric, computed: str) -> str:
    card = metric.card
    known = facts(
        [
            ("Title", prose(card.title)),
            ("Question", prose(card.question)),
            ("Level", card.level),
            ("Direction", DIRECTION[card.higher_is_better]),
            ("Formula", prose(card.formula)),
            ("Good", prose(card.good)),
            ("Range", _range(card)),
            ("Chance", _chance(card.key)),
            ("Floor", _worth("class-floor", card, "what another image of the same class scores")),
            ("Real images", _worth("set-floor", card, "what training images score") * (card.level == "set")),
            ("Ceiling", _worth("ceiling", card, "what the original itself scores")),
            ("Digits", f"{card.digits} where no interval sets them"),
            ("Resolution", _resolution(card.resolution)),
            ("Computed", _computed(metric, computed)),
            ("Looks at", _needs(metric)),
            ("An image's value depends on", _depends(card.depends_on)),
            ("Undefined where", prose(metric.undefined) if metric.undefined != Metric.undefined else ""),
            ("Version", code(card.version)),
            ("Source", cited(card.citation)),
        ]
    )
    return joined([f"### {code(card.key)}", sentence(prose(card.definition)), known])


def _range(card: MetricCard) -> str:
    lowest, highest = (None if end is None else number(end) for end in (card.lowest, card.highest))
    if lowest is None or highest is None:
        return "" if lowest is None else f"from {lowest}"
    return f"{lowest} to {highest}"


def _chance(key: str) -> str:
    found = ", ".join(number(value, 3) for value in committed.chances(key))
    return f"what guessing scores stands beside each score; in the committed cells {found}" if found else ""


def _resolution(value: float | str) -> str:
    return "one image of N" if value == "1/n" else f"differences below {value:.10f}".rstrip("0") + " say nothing"


def _worth(role: str, card: MetricCard, what: str) -> str:
    """The values of a control in the committed cells, from the least to the greatest."""
    found = [number(value, 3) for value in committed.worth(role, card.key)]
    ends = dict.fromkeys([found[0], found[-1]]) if found else {}
    return f"{what}; in the committed cells {' to '.join(ends)}" if found else ""


def _computed(metric: Metric, computed: str) -> str:
    parts = [computed]
    if metric.least_images:
        parts.append(f"of {metric.least_images:,} images or more")
    if metric.card.fetched:
        parts.append("once the weights of its extractor were fetched")
    return ", ".join(parts)


def _depends(on: str | None) -> str:
    told = {"gallery": "the originals that it is ranked among", "mean": "the mean over all images of the run"}
    return told[on] if on else ""


def _needs(metric: Metric) -> str:
    """What evaluation prepares for it, in words."""
    needs, parts = metric.needs, []
    if needs.pixels:
        parts.append("pairs of images")
    if needs.second:
        parts.append("a second draw of the reconstructions")
    parts += [f"logits of the {who}" for who in (TARGET, JUDGE) if who in needs.logits]
    parts += [f"features of {_extractor(name)}" for name in needs.features]
    parts += [f"the network {_extractor(name)}" for name in needs.networks]
    if needs.labels:
        parts.append("true labels")
    if needs.gallery:
        parts.append("a gallery of originals")
    return ", ".join(parts)


def _extractor(name: str) -> str:
    return f"[{code(name)}](#extractors)"


def _extractors() -> str:
    rows = [
        (code(name), prose(one.about), f"{one.dimension:,}" if one.dimension else "", prose(one.resizing),
         cited(one.citation))
        for name, one in ours.plugins(EXTRACTORS).items()
    ]  # fmt: skip
    return table(("name", "what is compared", "features", "images before it", "source"), rows, ("features",))
