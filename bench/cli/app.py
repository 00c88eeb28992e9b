"""The command line: parse, build a configuration, call, print. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bench.cli.data import data_app
from bench.cli.options import (
    AccessOption,
    DatasetOption,
    Device,
    DeviceOption,
    FewImagesOption,
    JsonOption,
    JudgeOption,
    Listing,
    MetricOption,
    NumImagesOption,
    PageOption,
    Precision,
    PrecisionOption,
    PresetOption,
    RunsOption,
    SeedsOption,
    TargetWeightsOption,
    TrainingSeedsOption,
)
from bench.cli.sweep import sweep
from bench.cli.train import train_app
from bench.errors import UsageError

app = typer.Typer(
    name="bench",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # with it, help takes twice as long
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Benchmark logit inversion: what does a classifier's output still know about its input?\n\n"
    "Start with: bench run --method biggan-logit --classifier robust_resnet152, then: bench report",
)
app.add_typer(train_app, name="train")
app.add_typer(data_app, name="data")


def _print_version(asked: bool) -> None:
    if asked:
        from bench.environment import DISTRIBUTION, installed

        print(f"bench {installed(DISTRIBUTION) or '(not installed)'}")
        raise typer.Exit


@app.callback()
def root(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the command."""
    from bench.memory import keep_freed_memory

    keep_freed_memory()  # --debug is read in main(), before any command can fail


@app.command()
def run(
    method: Annotated[list[str], typer.Option(help="Registered name, 'all', or path/to/file.py:Class; repeatable.")],
    classifier: Annotated[
        list[str], typer.Option(help="Short name, PROVIDER:NAME, 'all', or path/to/file.py:function; repeatable.")
    ],
    dataset: DatasetOption = "cifar10",
    num_images: NumImagesOption = None,
    seed: SeedsOption = [0],  # noqa: B006  # typer's form
    training_seed: TrainingSeedsOption = None,
    device: DeviceOption = Device.auto,
    preset: PresetOption = None,
    precision: PrecisionOption = Precision.float32,
    classifier_weights: TargetWeightsOption = None,
    metric: MetricOption = None,
    judge: JudgeOption = None,
    access: AccessOption = None,
    inception_weights: Annotated[Path | None, typer.Option(help="torch-fidelity's Inception weights, for fid.")] = None,
    controls: Annotated[bool, typer.Option("--controls/--no-controls", help="Add floors and ceilings.")] = True,
    force: Annotated[bool, typer.Option("--force", help="Run finished cells, and all they rest on, anew.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Run nothing: check finished cells, record and arrays, by their digests.")
    ] = False,
    out: RunsOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    """Run inverters on classifiers and score the reconstructions.

    Example: bench run --method biggan-logit --classifier robust_resnet152 --num-images 500
    """
    from bench.cli.commands import run_cells, verify_cells
    from bench.config import RunConfig
    from bench.registry import methods_of

    if verify and force:
        raise UsageError("--verify runs nothing and --force runs all anew: give one of them.")
    if classifier_weights is not None and (len(classifier) > 1 or "all" in classifier):
        raise UsageError("--classifier-weights belongs to one classifier: name one with --classifier.")

    def config(method_name: str, classifier_name: str, seed: int) -> RunConfig:
        return RunConfig(
            method_name, classifier_name, dataset, num_images, seed, device.value, preset.value if preset else None,
            inception_weights, controls, force, out, precision.value, classifier_weights,
            tuple(metric) if metric else None, judge,
        )  # fmt: skip

    methods = methods_of(method, access.value if access else None)
    go = verify_cells if verify else run_cells
    raise typer.Exit(go(methods, classifier, seed, config, as_json=json, training_seeds=training_seed))


app.command()(sweep)


@app.command()
def probe(
    kind: Annotated[str, typer.Argument(help="noise, shift, scale, ...: every name is in bench list probes.")],
    method: Annotated[list[str], typer.Option(help="Registered name, or path/to/file.py:Class; repeatable.")],
    classifier: Annotated[
        list[str], typer.Option(help="Short name, PROVIDER:NAME, or path/to/file.py:function; repeatable.")
    ],
    dataset: DatasetOption = "cifar10",
    num_images: FewImagesOption = None,
    seed: SeedsOption = [0],  # noqa: B006  # typer's form
    training_seed: TrainingSeedsOption = None,
    device: DeviceOption = Device.auto,
    preset: PresetOption = None,
    precision: PrecisionOption = Precision.float32,
    force: Annotated[bool, typer.Option("--force", help="Run finished probes again.")] = False,
    out: RunsOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    """Ask one of the paper's questions about an inverter.

    Example: bench probe noise --method biggan-logit --classifier robust_resnet152
    """
    from bench.cli.probe import run_probes
    from bench.config import RunConfig

    def config(method_name: str, classifier_name: str, seed: int) -> RunConfig:
        return RunConfig(
            method_name, classifier_name, dataset, num_images, seed, device.value, preset.value if preset else None,
            force=force, out=out, precision=precision.value,
        )  # fmt: skip

    raise typer.Exit(run_probes(kind, method, classifier, seed, config, as_json=json, training_seeds=training_seed))


@app.command()
def score(
    runs: Annotated[
        Path | None, typer.Option(help="Folder of runs: fill what finished cells lack, without inverting.")
    ] = None,
    originals: Annotated[Path | None, typer.Option(help="Instead: folder of original images.")] = None,
    reconstructions: Annotated[
        Path | None, typer.Option(help="Folder of reconstructions with the same file names.")
    ] = None,
    metric: MetricOption = None,
    classifier: Annotated[
        str | None, typer.Option(help="Target, for the metrics that ask it; with --runs a local one among them.")
    ] = None,
    judge: JudgeOption = None,
    inception_weights: Annotated[Path | None, typer.Option(help="torch-fidelity's Inception weights, for fid.")] = None,
    device: DeviceOption = Device.auto,
    json: JsonOption = False,
) -> None:
    """Score finished runs, or two folders of images.

    Images of two folders are paired by file name.

    Example: bench score --runs runs --metric fid

    Example: bench score --originals photos/ --reconstructions mine/
    """
    from bench.cli.score import score_finished, score_two_folders

    if runs is not None and originals is None and reconstructions is None:
        raise typer.Exit(score_finished(runs, metric, classifier, judge, inception_weights, device.value, as_json=json))
    if runs is None and originals is not None and reconstructions is not None:
        score_two_folders(
            originals, reconstructions, metric, classifier, judge, inception_weights, device.value, as_json=json
        )
    else:
        raise UsageError("Give --runs, or --originals and --reconstructions.")


@app.command()
def report(
    runs: RunsOption = Path("runs"),
    out: PageOption = None,
    zipped: Annotated[bool, typer.Option("--zip", help="Also pack the folder into an archive beside it.")] = False,
    compare: Annotated[
        tuple[Path, Path] | None, typer.Option(metavar="A B", help="Two folders of runs side by side, instead.")
    ] = None,
) -> None:
    """Write one self-contained HTML page from all records.

    Example: bench report --runs runs --out report.html

    Example: bench report --runs runs --out report/ --zip

    Example: bench report --compare runs-before runs-after --out compare.html
    """
    from bench.cli.commands import print_hint, write_page

    page, records = write_page(runs, compare, out, zipped)
    print(f"report: {page.resolve()}")
    print_hint(records, runs)


@app.command("list")
def list_(
    what: Annotated[Listing, typer.Argument(help="What to list.")],
    runs: RunsOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    """List the plugins of a group, or runs.

    Methods, classifiers, datasets, extractors, metrics, probes, trainers, executors.

    Example: bench list methods
    """
    from bench.cli.listing import rows
    from bench.cli.printing import print_json, print_rows

    found = rows(what.value, runs)
    print_json(found) if json else print_rows(found, f"There are no {what.value} here.")


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="A method, classifier or executor, or path/to/file.py:Name.")],
    classifier: Annotated[str, typer.Option(help="For a method: what it inverts.")] = "robust_resnet152",
    json: JsonOption = False,
) -> None:
    """Try the rules of the interface on a plugin, a line a rule.

    Example: bench check examples/gradient_descent.py:GradientDescent
    """
    from bench.cli.commands import check_rules

    raise typer.Exit(check_rules(name, classifier, as_json=json))


@app.command()
def doctor(runs: RunsOption = Path("runs")) -> None:
    """Say what is installed, missing, and what to type next."""
    from bench.cli.doctor import checks
    from bench.cli.printing import print_checks

    raise typer.Exit(print_checks(checks(runs)))


@app.command("new-inverter")
def new_inverter(
    name: Annotated[str, typer.Argument(help="Of the inverter, in lower case with hyphens.")],
    out: Annotated[Path, typer.Option(help="The folder that the package is put into.")] = Path(),
) -> None:
    """Write a package with an inverter that runs at once."""
    from bench.cli.commands import begin

    begin(name, out)


@app.command()
def selftest() -> None:
    """Prove known answers of the metrics on this machine."""
    from bench.cli.commands import prove

    raise typer.Exit(prove())


def main() -> None:
    """Entry point: exit status 0 done, 1 some cell failed, 2 wrong usage, 130 interrupted; no traceback unasked."""
    from bench.cli import console

    console.prepare()
    if "--debug" in sys.argv[1:]:
        app()
    try:
        try:
            app()
        finally:
            if sys.stdout is not None:  # closed from the start
                sys.stdout.flush()  # or a closed pipe would be noticed when nobody can catch it any more
    except SystemExit as error:
        sys.exit(console.CLOSED_PIPE if console.ended_by_closed_pipe(error) else error.code)
    except BaseException as error:
        sys.exit(console.ended(error, sys.argv[1:]))
