"""Which cells a plan has, and what is there of them."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from bench.cli.app import app
from bench.errors import UsageError
from bench.line import run_cell
from bench.registry import CONTROLS, registered
from bench.sweep import cells as module
from bench.sweep.cells import Planned
from tests.cells import forget
from tests.sweep.plans import opened, short


def names(cells: list[Planned]) -> list[str]:
    return [short(cell) + (f" {cell.probe}" if cell.probe else "") for cell in cells]


def test_the_grid_and_its_overrides(tmp_path: Path) -> None:
    more = """seeds = [0, 1]
    probes = ["noise"]
    [[override]]
    method = "oracle"
    seeds = [5]
    [[override]]
    classifier = "robust_resnet152"
    method = ["biggan-logit"]
    num_images = 3
    [[override]]
    probe = "noise"
    num_images = 7
    """
    _, cells = opened(tmp_path, "Noisy", "oracle", "biggan-logit", more=more)
    assert names(cells) == [
        *("Noisy 0", "Noisy 1", "Noisy 0 noise", "Noisy 1 noise", "oracle 5"),
        *("biggan-logit 0", "biggan-logit 1", "biggan-logit 0 noise", "biggan-logit 1 noise"),
    ]
    asked = {(short(cell), cell.probe): cell.config.num_images for cell in cells}
    assert (asked["Noisy 0", None], asked["biggan-logit 1", None], asked["Noisy 0", "noise"]) == (4, 3, 7)
    assert {cell.most for cell in cells} == {7}
    assert {cell.config.preset for cell in cells} == {"fast"}


def test_a_trained_method_has_a_cell_for_each_training_which_waits_for_that_one(tmp_path: Path) -> None:
    more = """training_seeds = [1, 2]
    seeds = [0, 5]
    [[override]]
    method = "dosovitskiy-brox-2016b"
    training_seeds = [4]
    [[train]]
    method = "biggan-logit"
    classifier = "robust_resnet152"
    [[train]]
    method = "biggan-logit"
    classifier = "robust_resnet152"
    seed = 2
    """
    _, cells = opened(tmp_path, "Noisy", "biggan-logit", "dosovitskiy-brox-2016b", "ridge", more=more)
    assert [(short(cell), cell.config.training_seed, cell.trainings) for cell in cells] == [
        *(("Noisy 0", None, ()), ("Noisy 5", None, ())),
        *(("biggan-logit 0", 1, (0,)), ("biggan-logit 5", 1, (0,))),
        *(("biggan-logit 0", 2, (1,)), ("biggan-logit 5", 2, (1,))),
        *(("dosovitskiy-brox-2016b 0", 4, ()), ("dosovitskiy-brox-2016b 5", 4, ())),
        *(("ridge 0", None, ()), ("ridge 5", None, ())),
    ]
    assert "--training-seed 2" in cells[4].command(1)
    assert str(cells[4]) != str(cells[2])
    assert [Planned.from_json(cell.to_json()) for cell in cells] == cells


def test_a_probe_has_its_own_number_of_images(tmp_path: Path) -> None:
    _, cells = opened(tmp_path, "Noisy", more='probes = ["noise"]')
    assert [cell.config.num_images for cell in cells] == [4, 250]


@pytest.mark.parametrize(
    ("said", "probed"),
    [
        ("seeds = [5, 6]", ["Noisy 5 noise", "Noisy 6 noise"]),
        ("seeds = []", []),
        ("probes = []", []),
        ('method = "biggan-logit"\ntraining_seeds = [1, 2]', ["Noisy 0 noise", "Noisy 1 noise"]),
    ],
)
def test_an_override_of_a_probe_says_its_seeds(tmp_path: Path, said: str, probed: list[str]) -> None:
    more = f'seeds = [0, 1]\nprobes = ["noise"]\n[[override]]\nprobe = "noise"\n{said}\n'
    if "biggan" not in said:
        _, cells = opened(tmp_path, "Noisy", more=more)
        assert names(cells) == ["Noisy 0", "Noisy 1", *probed]
        return
    _, cells = opened(tmp_path, "Noisy", "biggan-logit", more=more)
    assert names(cells)[2:4] == probed
    trained = [(cell.config.seed, cell.config.training_seed) for cell in cells[4:]]
    assert trained == [(0, None), (1, None), (0, 1), (1, 1), (0, 2), (1, 2)]


def test_an_override_gives_single_cells_probes(tmp_path: Path) -> None:
    more = '[[override]]\nmethod = "biggan-logit"\nprobes = ["noise"]\n'
    _, cells = opened(tmp_path, "Noisy", "biggan-logit", more=more)
    assert names(cells) == ["Noisy 0", "biggan-logit 0", "biggan-logit 0 noise"]


def test_an_override_that_leaves_a_method_out_may_be_met_by_another(tmp_path: Path) -> None:
    more = '[[override]]\nmethod = "oracle"\nseeds = []\n[[override]]\nmethod = "oracle"\nnum_images = 3\n'
    _, cells = opened(tmp_path, "Noisy", "oracle", more=more)
    assert names(cells) == ["Noisy 0"]


def test_controls_come_once_with_the_first_seed(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    _, cells = opened(tmp_path, "Noisy", more="seeds = [3, 4]\n")
    path.write_text(path.read_text().replace("controls = false", ""))
    from bench.sweep.cells import plan_cells
    from bench.sweep.plan import read_plan

    cells = plan_cells(read_plan(path), tmp_path / "runs", "cpu")
    assert names(cells) == [*(f"{name} 3" for name in registered(CONTROLS)), "Noisy 3", "Noisy 4"]
    assert [cell.control for cell in cells] == [True] * len(registered(CONTROLS)) + [False] * 2


@pytest.mark.parametrize(
    ("methods", "more", "says"),
    [
        (("Noisy", "engstrm"), "", "Did you mean 'engstrom'"),
        (("Noisy",), '[[override]]\nmethod = "engstrom"', "override\\[0\\] names the method 'engstrom'"),
        (("Noisy",), '[[override]]\nmethod = "engstrm"\nseeds = []', "names the method 'engstrm'"),
        (("Noisy",), 'probes = ["noise"]\n[[override]]\nprobe = "noise"\nprobes = ["size"]', "and adds size"),
        (("biggan-logit",), '[[train]]\nmethod = "biggan-logit"\nclassifier = "resnet152"', "train\\[0\\] is for no"),
        (("Noisy",), 'probes = ["nose"]', "Did you mean 'noise'"),
        (("Noisy",), 'datasets = ["cifar"]', "cifar10"),
    ],
)
def test_names_that_do_not_exist(tmp_path: Path, methods: tuple[str, ...], more: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        opened(tmp_path, *methods, more=more)


def test_a_cell_of_a_gpu_is_planned_where_there_is_none(tmp_path: Path) -> None:
    from bench.sweep.cells import plan_cells

    plan, (cell,) = opened(tmp_path, "Noisy")
    (there,) = plan_cells(plan, tmp_path / "runs", "cuda")
    assert there.config.preset == "paper"
    assert there.open().draft.key != cell.open().draft.key


@pytest.mark.networks
def test_states_follow_the_records(tmp_path: Path) -> None:
    _, cells = opened(tmp_path, "Noisy", "Broken", "Senseless")
    assert [cell.state() for cell in cells] == [("open", None)] * 3
    records = [run_cell(cell.config) for cell in cells]
    assert [cell.state()[0] for cell in cells] == ["complete", "failed", "skipped"]
    assert "no such luck" in str(cells[1].state()[1])
    assert replace(cells[1], tried=records[1].created).state() == ("open", None)  # of an earlier sweep
    with cells[2].open().folder.locked():
        assert replace(cells[2], tried=records[2].created).state() == ("running", None)
    forget(records[0], tmp_path / "runs", "psnr")
    assert cells[0].state() == ("open", None)  # a score is missing
    assert [Planned.from_json(cell.to_json()) for cell in cells] == cells


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(30, "Read-only file system")])
def test_whether_somebody_works_on_it_is_unknown_where_nobody_may_write(
    error: OSError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, (cell,) = opened(tmp_path, "Noisy")

    def refused(*_: object, **__: object) -> None:
        raise error

    with cell.open().folder.locked():
        assert cell.state() == ("running", None)
        monkeypatch.setattr(module, "locked", refused)
        assert cell.state() == ("open", None)


@pytest.mark.networks
def test_the_shell_line_runs_this_very_cell(tmp_path: Path) -> None:
    _, cells = opened(tmp_path, "Noisy")
    threads, name, *words = shlex.split(cells[0].command(3))
    assert (threads, name) == ("OMP_NUM_THREADS=3", "bench")
    with pytest.raises(SystemExit) as ended:
        app(words)
    assert ended.value.code == 0
    assert cells[0].state() == ("complete", None)
