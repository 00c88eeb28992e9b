"""``bench score``: of finished runs, and of any two folders of images."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.cli.commands import stepped
from bench.cli.printing import interval, print_faults, print_json, print_rows
from bench.errors import UsageError
from bench.store.neutral import here

if TYPE_CHECKING:
    from bench.rescore import Scored


def score_finished(
    runs: Path,
    wanted: Sequence[str] | None,
    classifier: str | None,
    judge: str | None,
    inception: Path | None,
    device: str,
    *,
    as_json: bool,
) -> int:
    """``bench score --runs``: a line a cell, or the records; 1 if a score that is wanted could not be computed."""
    from bench.rescore import score_runs
    from bench.store.faults import Faults

    faults, done = Faults(), []
    named = (classifier,) if classifier else ()
    found = score_runs(runs, wanted, classifiers=named, inception=inception, judge=judge, device=device, faults=faults)
    for one in stepped(found):
        done.append(one)
        if not as_json:
            print(_scored(one, wanted or ()), flush=True)
    print_faults(faults)
    if as_json:
        print_json([json.loads(one.record.to_json()) for one in done])
    elif not done:
        print(f"{runs} holds no finished run.")
    return int(any(one.reason for one in done))


def _scored(one: Scored, wanted: Sequence[str]) -> str:
    """What became of one cell, for the terminal; of scores that are wanted also why there is none."""
    record = here(one.record)
    cell = f"{record.method} on {record.classifier} ({record.dataset}, {record.num_images:,} images)"
    null = [key for key in wanted if key in record.metrics and record.metrics[key].value is None]
    keys = dict.fromkeys((*one.filled, *null))
    told = [f"{key} {interval(record.metrics[key]) or f'has no value: {record.metrics[key].note}'}" for key in keys]
    return f"{cell}: {'; '.join(told) or 'nothing to do'}" + (f". Left out: {one.reason}" if one.reason else "")


def score_two_folders(
    originals: Path,
    reconstructions: Path,
    wanted: Sequence[str] | None,
    classifier: str | None,
    judge: str | None,
    inception: Path | None,
    device: str,
    *,
    as_json: bool,
) -> None:
    """``bench score`` of two folders."""
    from bench.classifiers import classifier_card, load_classifier
    from bench.environment import resolve_device
    from bench.foreign import aside
    from bench.public import score

    if classifier and not classifier_card(classifier).target:
        raise UsageError(f"{classifier} scores reconstructions and is never a target.")
    with aside():
        network = load_classifier(classifier, resolve_device(device)) if classifier else None
        scores = score(
            originals,
            reconstructions,
            classifier=network,
            inception_weights=inception,
            judge=judge,
            metrics=wanted,
            device=device,
        )
    if as_json:
        print_json({key: dataclasses.asdict(value) for key, value in scores.items()})
        return
    rows = [
        {
            "metric": key,
            "value": value.value,
            "95 % interval": "[{:.4g}, {:.4g}]".format(*value.ci95) if value.ci95 else None,
            "n": value.n,
            "chance": value.chance,
            "note": value.note,
        }
        for key, value in scores.items()
    ]
    print_rows(rows, "")
