"""``bench probe``: every combination, and what the terminal shows of it."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence

from bench.cli.commands import Configure
from bench.cli.printing import interval, print_json, print_rows
from bench.once import one_run
from bench.store.neutral import here
from bench.store.record import Record


def run_probes(
    kind: str,
    methods: Sequence[str],
    classifiers: Sequence[str],
    seeds: Sequence[int],
    config: Configure,
    *,
    as_json: bool,
    training_seeds: Sequence[int] | None = None,
) -> int:
    """``bench probe`` for every combination; print records or tables; 1 if one failed."""
    from bench.foreign import aside
    from bench.identify import seeds_of_training
    from bench.probes.runner import open_cell, open_probe, run_probe

    plan = [
        dataclasses.replace(config(method, classifier, seed), training_seed=training)
        for classifier in dict.fromkeys(classifiers)
        for method in dict.fromkeys(methods)
        for training in seeds_of_training(method, training_seeds)
        for seed in dict.fromkeys(seeds)
    ]
    with aside(), one_run():  # what plugins print is no answer of the command
        probe = open_probe(kind)
        for one in plan:
            open_cell(probe, one)  # a misspelt name is said before any work
        records = [run_probe(kind, one) for one in plan]
    if as_json:
        documents = [json.loads(record.to_json()) for record in records]
        print_json(documents[0] if len(documents) == 1 else documents)
    else:
        print(probe.question)
        for record in records:
            _print_levels(here(record))
        print(f"records and pictures: {plan[0].out}")
    return int(any(record.status == "failed" for record in records))


def _print_levels(record: Record) -> None:
    """A row a level, then what spans the levels, then why values are missing."""
    seeds = f"seed {record.seed}" + ("" if record.training_seed is None else f", training seed {record.training_seed}")
    cell = f"{record.method} on {record.classifier}, {record.dataset}, {record.num_images:,} images, {seeds}"
    print(f"\n{record.probe}: {cell}")
    if record.status != "complete":
        print(f"{record.status}: {record.reason}", file=sys.stderr)
        return
    print_rows([{"level": one.name} | {k: interval(s) for k, s in one.metrics.items()} for one in record.levels], "")
    for key, score in record.metrics.items():
        print(f"{key}: {interval(score)}")
    every = [*record.metrics.items(), *(pair for one in record.levels for pair in one.metrics.items())]
    for reason in dict.fromkeys(f"{key}: {score.note}" for key, score in every if score.value is None):
        print(f"- {reason}")
    if record.note:
        print(record.note)
