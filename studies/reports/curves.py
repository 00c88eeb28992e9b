"""Draw how the shipped inverters did on ``val`` while they were trained: ``python -m studies.reports.curves``.

The curves stand in the manifest; the picture lies in ``docs/images/`` and the README names it.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.classifiers.providers.zoo import TARGETS
from bench.errors import DataError
from bench.store.files import write_atomically
from reports.figures.plotting import DASHES, PAPER, SERIES, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ROOT / "bench" / "zoo" / "manifest.json"
PICTURE = ROOT / "docs" / "images" / "curves.webp"
SCORES = {
    "val_logit_error": "logit error on val",
    "val_reid_class_target": "same class by the target, val",
    "val_mse": "squared error on val",
}
SCALE = 1.5  # pixels of the file for one of the page
COLOURS = 64


def curves(manifest: Mapping[str, Any]) -> dict[str, dict[str, dict[str, list[float]]]]:
    """Method to classifier to curve, for every inverter whose manifest entry has one.

    Raises:
        DataError: none has.
    """
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    for facts in manifest.values():
        if facts["kind"] == "inverter" and facts.get("curve"):
            found.setdefault(facts["methods"][0], {})[facts["classifier"]] = facts["curve"]
    if not found:
        raise DataError("No inverter's entry in the manifest has a curve. Publish one: python -m studies.zoo.publish")
    return dict(sorted(found.items()))


def draw(found: Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]]) -> bytes:
    """A WebP with a row for each method, a column for each score and a line for each classifier."""
    with figure(1060, 60 + 190 * len(found)) as fig:
        axes = fig.subplots(len(found), len(SCORES), squeeze=False)
        for row, (method, by_classifier) in zip(axes, found.items(), strict=True):
            for axis, (score, label) in zip(row, SCORES.items(), strict=True):
                _lines(axis, by_classifier, score)
                axis.set_title(f"{method}: {label}", fontsize=10, loc="left")
        axes[-1][1].set_xlabel("steps")
        named = [pair for row in axes for pair in zip(*row[0].get_legend_handles_labels(), strict=True)]
        lines = {label: handle for handle, label in named}
        shown = [name for name in TARGETS if name in lines]
        fig.legend([lines[name] for name in shown], shown, loc="lower center", ncols=len(shown))
        fig.subplots_adjust(left=0.05, right=0.98, top=0.96, bottom=0.1, hspace=0.45, wspace=0.22)
        file = io.BytesIO()
        fig.savefig(file, format="png", dpi=72 * SCALE, facecolor=PAPER)
    return _packed(file)


def _packed(png: io.BytesIO) -> bytes:
    """A lossless WebP of few colours: of lines and text it is smaller, and sharper, than a lossy one."""
    from PIL import Image

    few = Image.open(png).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    file = io.BytesIO()
    few.convert("RGB").save(file, format="webp", lossless=True, quality=100, method=6)
    return file.getvalue()


def _lines(axis: Axes, by_classifier: Mapping[str, Mapping[str, Sequence[float]]], score: str) -> None:
    for number, name in enumerate(TARGETS):
        if name in by_classifier and score in by_classifier[name]:
            curve = by_classifier[name]
            axis.plot(curve["step"], curve[score], color=SERIES[number], linestyle=DASHES[number], label=name)
    axis.xaxis.set_major_formatter("{x:,.0f}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(prog="python -m studies.reports.curves", description=__doc__)
    parser.add_argument("--manifest", type=Path, default=MANIFEST)
    parser.add_argument("--out", type=Path, default=PICTURE)
    given = parser.parse_args(arguments)
    write_atomically(given.out, draw(curves(json.loads(given.manifest.read_text(encoding="utf-8")))))
    print(given.out)


if __name__ == "__main__":
    main()
