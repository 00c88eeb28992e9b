"""The faithful recipe and each switch, trained for the same time and scored on ``val``: what is worth keeping?

    python -m studies.biggan_logit.switches --classifier robust_resnet152 --steps 1200 --out train/switches

Every row starts from the same seed. The faithful recipe trains the given steps, every other row as many as cost the
same. What a step costs is measured first, with all rows taking turns, because a machine's speed changes; after that
nothing depends on it. The last row is both switches that an earlier, shorter comparison had kept.

Scores are of 1,000 images of ``val``: the kernel distance over EfficientNet-Lite0's features (unbiased, so that it may
be taken below the 2,048 images that the benchmark asks for; the Frechet distance may not), what the target sees in
the reconstructions, the pixel error and LPIPS. Neither ``test`` nor the judge is looked at.

The rule, fixed before the first run: a switch is kept if its kernel distance is below the faithful recipe's on at least
95 of the 100 subsets that both share, and its logit error is not worse, that is, the 95 % interval of the paired
difference over images does not lie above 0. Everything else is dropped.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import nn

from bench.classifiers import LoadedClassifier, open_classifier
from bench.datasets.base import to_pixels
from bench.errors import UnknownNameError
from bench.metrics.bootstrap import paired_difference
from bench.metrics.distances import kid
from bench.metrics.extractors.lpips_alex import load_lpips
from bench.metrics.features import OpenExtractor, default_batch, open_extractor
from bench.metrics.logits import logit_error
from bench.metrics.lpips import pixel_lpips
from bench.progress import each
from bench.store.files import write_atomically
from bench.training.budget import seconds_of
from bench.training.commands import Run
from bench.training.engine import Engine
from bench.training.inverters import train_inverter
from bench.training.pairs import TrainingPairs
from methods.biggan_logit.recipes import BigGANRecipe, scaled
from methods.biggan_logit.train import BigGANTask

FAITHFUL = "faithful"
EVERY = 5  # of val's 5,000 images
WINS = 95  # of 100 subsets
ROUNDS, TURN = 8, 4  # of the measurement of costs: rounds after the first, steps of a row in each
Costs = dict[str, float]
SHOWN = ("kid_efficientnet_lite0", "val_reid_class_target", "val_logit_error", "val_mse", "val_lpips")


def recipes(channels: int = BigGANRecipe().channels) -> dict[str, BigGANRecipe]:
    """The faithful recipe first, then each switch alone."""
    faithful = BigGANRecipe(name=FAITHFUL, channels=channels)
    return {
        FAITHFUL: faithful,
        "consistency": replace(faithful, name="consistency", consistency=10.0),
        "large-batch": scaled(faithful, 4 * faithful.batch),
        "two-d-steps": replace(faithful, name="two-d-steps", d_steps=2),
        "small-d": replace(faithful, name="small-d", d_channels=-(-2 * channels // 3)),
        "whiten": replace(faithful, name="whiten", whiten=True),
        "small-d-whiten": replace(faithful, name="small-d-whiten", d_channels=-(-2 * channels // 3), whiten=True),
    }


def costs(rows: Mapping[str, BigGANRecipe], target: LoadedClassifier, engine: Engine) -> Costs:
    """What a step of each row costs in steps of the faithful recipe: the median over rounds of turns."""
    tasks = {
        name: BigGANTask(recipe, TrainingPairs.of(recipe, target, engine), target, engine)
        for name, recipe in rows.items()
    }
    rounds: list[dict[str, float]] = []
    for turn in each(range(1 + ROUNDS), "what a step costs"):
        steps = range(turn * TURN, (turn + 1) * TURN)
        rounds.append({name: seconds_of(task, steps) for name, task in tasks.items()})
    found = {name: median(seconds[name] / seconds[FAITHFUL] for seconds in rounds[1:]) for name in rows}
    means = engine.mean({name: torch.tensor(value, dtype=torch.float64) for name, value in found.items()})
    return {name: float(mean) for name, mean in means.items()}


def known_costs(rows: Mapping[str, BigGANRecipe], target: LoadedClassifier, engine: Engine, out: Path) -> Costs:
    """The costs measured earlier for the very same rows, from ``costs.json``; measured where there are none."""
    path, digests = out / "costs.json", {name: recipe.digest() for name, recipe in rows.items()}
    if path.exists():
        stored = json.loads(path.read_text())
        if stored["recipes"] == digests:
            return dict(stored["costs"])
    found = costs(rows, target, engine)
    if engine.first:
        write_atomically(path, (json.dumps({"recipes": digests, "costs": found}, indent=2) + "\n").encode())
    return found


@dataclass(frozen=True)
class Eyes:
    """What the scores look through; neither is the judge."""

    extractor: OpenExtractor
    lpips: nn.Module

    @classmethod
    def open(cls, device: torch.device) -> Eyes:
        """EfficientNet-Lite0 and LPIPS, on the device."""
        opened = open_classifier("efficientnet_lite0", device)
        return cls(open_extractor(opened.name, opened.sha256, opened.network, device), load_lpips(device))


@torch.no_grad()
def scores(task: BigGANTask, eyes: Eyes, every: int = EVERY) -> dict[str, Any]:
    """Scores of the averaged network on ``val``, with the parts from which pairs are made: subsets and images."""
    val, device = task.pairs.val, task.device
    rows = torch.arange(0, len(val), every, device=device)
    images, z = val.batch(rows), task.pairs.val_logits[rows]
    fakes = task.reconstructing()(task.given(z), 0)
    again = torch.cat([task.classifier.network(part).float() for part in torch.split(fakes, 250)])
    errors = logit_error(z.cpu().numpy(), again.cpu().numpy())
    real_pixels, fake_pixels = to_pixels(images), to_pixels(fakes)
    real, fake = (eyes.extractor(pixels)["features"] for pixels in (real_pixels, fake_pixels))
    distance = kid(real, fake)
    lpips = pixel_lpips(eyes.lpips, real_pixels, fake_pixels, device, default_batch(device))
    return {
        "images": len(rows),
        "kid_efficientnet_lite0": distance.mean,
        "val_reid_class_target": float((again.argmax(1) == z.argmax(1)).float().mean()),
        "val_logit_error": float(errors.mean()),
        "val_mse": float((fakes - images).square().mean()),
        "val_lpips": float(lpips.mean()),
        "kid_subsets": distance.subsets,
        "logit_errors": errors.tolist(),
    }


def verdict(row: Mapping[str, Any], faithful: Mapping[str, Any] | None) -> str:
    """The rule of this module's docstring: ``kept``, ``dropped``, or why there is no saying."""
    if faithful is None:
        return "the faithful recipe is missing"
    if row["name"] == FAITHFUL:
        return "reference"
    wins = sum(a < b for a, b in zip(row["kid_subsets"], faithful["kid_subsets"], strict=True))
    _, lower, _ = paired_difference(row["logit_errors"], faithful["logit_errors"])
    return "kept" if wins >= WINS and lower <= 0 else "dropped"


def train_row(name: str, recipe: BigGANRecipe, target: LoadedClassifier, engine: Engine, given: Options) -> None:
    """Train one row to its end, or on to it, and leave ``scores.json`` in its folder."""
    run = Run(resume=given.resume, out=given.out / name)
    folder = run.folder(name)
    if (folder / "scores.json").exists():
        return
    chosen = run.resumed(recipe, folder, f"the inverter {BigGANTask.method}") or recipe
    task = BigGANTask(chosen, TrainingPairs.of(chosen, target, engine), target, engine)
    train_inverter(task, folder, resume=given.resume)
    if engine.first:
        row = {"name": name, "recipe": chosen.settings(), "steps": chosen.steps}
        row |= scores(task, Eyes.open(engine.device))
        write_atomically(folder / "scores.json", (json.dumps(row) + "\n").encode())


def summary(out: Path, classifier: LoadedClassifier) -> dict[str, Any]:
    """All rows that are there, each with its verdict."""
    paths = {name: out / name / "scores.json" for name in recipes()}
    rows = {name: json.loads(path.read_text()) for name, path in paths.items() if path.exists()}
    judged = [row | {"verdict": verdict(row, rows.get(FAITHFUL))} for row in rows.values()]
    parts = ("kid_subsets", "logit_errors")
    slim = [{key: value for key, value in row.items() if key not in parts} for row in judged]
    return {"classifier": classifier.name, "classifier_sha256": classifier.sha256, "split": "val", "rows": slim}


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Markdown, a row a switch."""
    columns = ("switch", "steps", *SHOWN, "verdict")
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for row in rows:
        cells = (row["name"], str(row["steps"]), *(f"{row[key]:.4f}" for key in SHOWN), row["verdict"])
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


@dataclass(frozen=True)
class Options:
    """The command line."""

    classifier: str
    steps: int
    out: Path
    summary: Path | None = None
    only: str | None = None
    resume: bool = False
    channels: int = BigGANRecipe().channels
    device: str = "auto"


def parse(arguments: Sequence[str] | None) -> Options:
    """The command line as ``Options``."""
    parser = argparse.ArgumentParser(
        prog="python -m studies.biggan_logit.switches",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--classifier", required=True)
    parser.add_argument("--steps", type=int, default=1200, help="of the faithful recipe; the other rows cost the same")
    parser.add_argument("--out", type=Path, default=Path("train/switches"))
    parser.add_argument("--summary", type=Path, help="the JSON file of the table; OUT/switches.json by default")
    parser.add_argument("--only", help=f"one row: {', '.join(recipes())}; the table shows all that are there")
    parser.add_argument("--resume", action="store_true", help="go on where an earlier call stopped")
    parser.add_argument("--channels", type=int, default=Options.channels, help="ch of all rows; small for a try")
    parser.add_argument("--device", default="auto")
    return Options(**vars(parser.parse_args(arguments)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is missing, write ``switches.json``, print the table."""
    given = parse(arguments)
    rows = recipes(given.channels)
    if given.only is not None and given.only not in rows:
        raise UnknownNameError("switch", given.only, rows)
    with Run(device=given.device).engine() as engine:
        target = open_classifier(given.classifier, engine.device)
        cost = known_costs(rows, target, engine, given.out)
        for name, recipe in rows.items():
            if given.only in (None, name):
                steps = max(1, round(given.steps / cost[name]))
                train_row(name, replace(recipe, steps=steps), target, engine, given)
        if engine.first:
            result = summary(given.out, target)
            write_atomically(
                given.summary or given.out / "switches.json", (json.dumps(result, indent=2) + "\n").encode()
            )
            print(table(result["rows"]))


if __name__ == "__main__":
    main()
