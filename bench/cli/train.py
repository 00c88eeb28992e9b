"""``bench train``: parse, build an engine and a recipe, call."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import Device, DeviceOption

train_app = typer.Typer(
    no_args_is_help=True,
    help="Train classifiers, inverters and what the controls need.\n\n"
    "On several GPUs: torchrun --nproc-per-node 4 -m bench train inverter biggan-logit --classifier resnet152",
)


class Precision(StrEnum):
    """In which type to multiply."""

    bf16 = "bf16"
    float32 = "float32"
    float64 = "float64"


TrainedOnOption = Annotated[
    str, typer.Option("--dataset", help="Whose training split: cifar10, another name, or folder:PATH@SIZE.")
]
ResumeOption = Annotated[bool, typer.Option(help="Continue from the last checkpoint.")]
OutOption = Annotated[Path | None, typer.Option(help="Folder for checkpoints and logs; train/NAME by default.")]
BudgetOption = Annotated[
    float | None, typer.Option(min=0.1, metavar="MINUTES", help="As many steps as fit, by the speed measured here.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Print the recipe and stop.")]
CostOption = Annotated[
    bool, typer.Option("--dry-run", help="Print the recipe and what it costs here, by a few timed steps, and stop.")
]
PrecisionOption = Annotated[Precision, typer.Option(help="bf16 keeps weights in float32 and multiplies in bfloat16.")]
AccumulateOption = Annotated[int, typer.Option(min=1, help="Parts of a batch, one after the other, to save memory.")]


@train_app.command("classifier")
def train_classifier(
    name: Annotated[str, typer.Argument(help="A network of the zoo, for instance resnet152 or judge.")],
    device: DeviceOption = Device.auto,
    budget: BudgetOption = None,
    resume: ResumeOption = False,
    dry_run: DryRunOption = False,
    precision: PrecisionOption = Precision.bf16,
    accumulate: AccumulateOption = 1,
    out: OutOption = None,
) -> None:
    """Train a classifier by its recipe.

    Example: bench train classifier robust_resnet152 --resume
    """
    from bench.training.commands import Run
    from bench.training.commands import train_classifier as go

    go(name, Run(device.value, precision.value, accumulate, budget, resume, dry_run, out))


@train_app.command("inverter")
def train_inverter(
    method: Annotated[str, typer.Argument(help="A method that is trained, for instance biggan-logit.")],
    classifier: Annotated[str, typer.Option(help="The frozen classifier to invert.")],
    dataset: TrainedOnOption = "cifar10",
    recipe: Annotated[
        str | None, typer.Option(help="By name, for instance gpu; by default the method's first, cpu for ours.")
    ] = None,
    device: DeviceOption = Device.auto,
    budget: BudgetOption = None,
    resume: ResumeOption = False,
    dry_run: CostOption = False,
    steps: Annotated[int | None, typer.Option(min=1, help="Generator steps, instead of the recipe's.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of the training, instead of the recipe's; kept apart by it.")
    ] = None,
    precision: PrecisionOption = Precision.bf16,
    accumulate: AccumulateOption = 1,
    out: OutOption = None,
) -> None:
    """Train an inverter on pairs of logits and image.

    Example: bench train inverter biggan-logit --classifier robust_resnet152 --resume

    Example: bench train inverter biggan-logit --classifier efficientnet_lite0 --dataset tiny-imagenet --recipe gpu64

    Example: bench train inverter biggan-logit --classifier robust_resnet152 --dataset imagenet:64 --recipe gpu64
    --dry-run
    """
    from bench.training.commands import Run
    from bench.training.commands import train_inverter as go

    go(
        method,
        classifier,
        dataset,
        recipe,
        steps,
        Run(device.value, precision.value, accumulate, budget, resume, dry_run, out),
        seed,
    )


@train_app.command("controls")
def train_controls(
    classifier: Annotated[str, typer.Option(help="The classifier whose controls are fitted.")],
    dataset: TrainedOnOption = "cifar10",
    device: DeviceOption = Device.auto,
) -> None:
    """Fit what class-mean and ridge need from the training split."""
    from bench.training.commands import train_controls as go

    go(classifier, dataset, device.value)


@train_app.command("zoo")
def train_zoo(
    device: DeviceOption = Device.auto,
    budget: BudgetOption = None,
    resume: ResumeOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan with the time expected of each part, and stop.")
    ] = False,
    precision: PrecisionOption = Precision.bf16,
    accumulate: AccumulateOption = 1,
    out: OutOption = None,
) -> None:
    """Train all classifiers and everything that hangs on them.

    The result is a folder for BENCH_ZOO.

    Example: bench train zoo --device cuda --budget 30 --dry-run
    """
    from bench.training.commands import Run
    from bench.training.commands import train_zoo as go

    go(Run(device.value, precision.value, accumulate, budget, resume, dry_run, out))
