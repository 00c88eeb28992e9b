"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Device(StrEnum):
    """Where to compute."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Preset(StrEnum):
    """How much effort a method makes, where it knows both."""

    fast = "fast"
    paper = "paper"


class Precision(StrEnum):
    """In which trained inverters multiply."""

    float32 = "float32"
    bf16 = "bf16"


class Access(StrEnum):
    """What a method may see."""

    logits = "logits"
    features = "features"
    white_box = "white-box"


class Listing(StrEnum):
    """What can be listed."""

    methods = "methods"
    classifiers = "classifiers"
    datasets = "datasets"
    extractors = "extractors"
    metrics = "metrics"
    probes = "probes"
    trainers = "trainers"
    executors = "executors"
    runs = "runs"


DatasetOption = Annotated[
    str, typer.Option(help="cifar10, tiny-imagenet, imagenet:SIZE, or folder:PATH[@SIZE] for yours.")
]
NumImagesOption = Annotated[
    int | None, typer.Option(help="N, a prefix of the published order; 2,500 by default, 5,000 of imagenet.")
]
FewImagesOption = Annotated[
    int | None,
    typer.Option(
        help="N; 250 by default, 500 of information: minutes on 2 cores with a feed-forward inverter. Pictures show 8."
    ),
]
SeedsOption = Annotated[list[int], typer.Option(help="Seed of the run; repeatable.")]
TrainingSeedsOption = Annotated[
    list[int] | None,
    typer.Option("--training-seed", help="Take the weights that were trained with this seed; repeatable."),
]
TargetWeightsOption = Annotated[
    Path | None, typer.Option(help="A file in place of the classifier's published weights.")
]
PresetOption = Annotated[Preset | None, typer.Option(help="Effort, where a method knows both; on the CPU fast.")]
PrecisionOption = Annotated[
    Precision, typer.Option(help="In which trained inverters multiply; other methods are not changed by it.")
]
DeviceOption = Annotated[Device, typer.Option(help="auto takes a CUDA GPU where there is one.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")]
RunsOption = Annotated[Path, typer.Option(help="Folder of all runs.")]
PageOption = Annotated[
    Path | None,
    typer.Option(
        help="The HTML file to write, of at most 10 MB, report.html by default, or compare.html; or a folder, as "
        "report/, whose pictures load on demand."
    ),
]
MetricOption = Annotated[
    list[str] | None, typer.Option(help="Compute this metric alone, by its key (bench list metrics); repeatable.")
]
JudgeOption = Annotated[
    str | None, typer.Option(help="Classifier that scores as judge, any but the target; by default the dataset's.")
]
AccessOption = Annotated[Access | None, typer.Option(help="Of --method all, those that see no more than this.")]
FetchedArgument = Annotated[
    str, typer.Argument(help="cifar10, tiny-imagenet, fashion-mnist, inception, dinov2 or clip.")
]
VerifiedArgument = Annotated[
    str, typer.Argument(help="cifar10, tiny-imagenet, imagenet, fashion-mnist, inception, dinov2 or clip.")
]
PartialOption = Annotated[
    bool, typer.Option("--partial", help="Take a copy that is not whole, under an identity of its own.")
]
