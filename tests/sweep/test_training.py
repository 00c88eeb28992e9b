"""The command of a training, and whether its weights are here."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bench.config import RunConfig
from bench.errors import UnknownNameError, UsageError
from bench.sweep.plan import Plan, Training
from bench.sweep.training import check, check_awaited, command, folder, precedes, trained
from bench.training.trainer import open_trainer
from bench.weights.files import entry, save_weights
from bench.weights.lookup import own_inverter_weights

HEAD = [sys.executable, "-m"]
TRAIN = ["bench", "train", "inverter", "biggan-logit", "--classifier", "robust_resnet152"]


def length(entry: Training) -> list[str]:
    """What of the command says which training it is."""
    words = command(entry)
    return words[words.index("--recipe") : words.index("--out")]


def test_one_process_needs_no_launcher() -> None:
    entry = Training("biggan-logit", "robust_resnet152", seed=2, steps=10, precision="float32")
    more = ["--seed", "2", "--precision", "float32", "--recipe", "cpu", "--steps", "10", "--out", str(folder(entry))]
    assert command(entry) == [*HEAD, *TRAIN, *more, "--resume"]


def test_several_processes_and_machines() -> None:
    run = [*HEAD, "torch.distributed.run", "--nproc-per-node", "4"]
    one = Training("biggan-logit", "robust_resnet152", processes=4)
    assert command(one)[: len(run) + 2 + len(TRAIN)] == [*run, "--standalone", "-m", *TRAIN]
    two = Training("biggan-logit", "robust_resnet152", processes=4, nodes=2)
    assert command(two)[: len(run) + 3 + len(TRAIN)] == [*run, "--nnodes", "2", "-m", *TRAIN]
    assert command(one)[-1] == command(two)[-1] == "--resume"
    assert folder(one) == folder(two)


def test_the_recipe_and_the_length_are_always_said() -> None:
    plain, trainer = Training("biggan-logit", "robust_resnet152"), open_trainer("biggan-logit")
    assert length(plain) == ["--recipe", trainer.recipe().name, "--steps", str(trainer.recipe().steps)]
    other = next(name for name in trainer.recipes if name != trainer.recipe().name)
    assert length(replace(plain, recipe=other, budget=30)) == ["--recipe", other, "--budget", "30"]
    with pytest.raises(UsageError, match="Give one of them"):
        check(replace(plain, steps=5, budget=30))


def test_a_folder_is_of_one_training_alone(tmp_path: Path) -> None:
    plain, trainer = Training("biggan-logit", "robust_resnet152"), open_trainer("biggan-logit")
    other = next(name for name in trainer.recipes if name != trainer.recipe().name)
    digest = entry("robust_resnet152").sha256[:8]
    asked = replace(plain, steps=50, seed=3)
    assert folder(asked) == Path("train") / f"biggan-logit-zoo-robust_resnet152-{digest}-cifar10-cpu-50steps-seed3"
    assert folder(replace(plain, classifier="zoo:robust_resnet152")) == folder(plain)
    mine = tmp_path / "mine"
    for name in ("train", "val"):
        (mine / name / "a").mkdir(parents=True)
        Image.new("RGB", (40, 40)).save(mine / name / "a" / "1.png")
    others: list[dict[str, Any]] = [
        {"steps": 50},
        {"budget": 50.0},
        {"seed": 3},
        {"recipe": other},
        {"classifier": "resnet152"},
    ]
    others += [{"dataset": f"folder:{mine}@32"}, {"dataset": f"folder:{mine}@64"}]
    assert len({folder(plain), *(folder(replace(plain, **one)) for one in others)}) == len(others) + 1


def test_a_training_is_named_by_what_tells_it_apart() -> None:
    assert str(Training("m", "c", processes=4)) == "training of m on c, cifar10"
    assert str(Training("m", "c", "d", "r", 2, 30)) == "training of m on c, d, recipe r, seed 2, steps 30"


def test_weights_are_known_by_recipe_seed_and_steps(bench_home: Path) -> None:
    asked = Training("biggan-logit", "robust_resnet152", seed=2)
    assert trained(asked) is None  # what ships is another training
    recipe = open_trainer("biggan-logit").recipe(seed=2)
    settings = recipe.settings() | {"hash": recipe.digest()}
    path = own_inverter_weights("biggan-logit", entry("robust_resnet152").sha256, "cifar10", 32, settings)
    save_weights({}, path, {"dataset": "cifar10", "image_size": "32", "recipe": json.dumps(settings)})
    assert trained(asked) == path
    assert trained(Training("biggan-logit", "robust_resnet152", seed=3)) is None
    assert trained(Training("biggan-logit", "robust_resnet152", seed=2, steps=5)) is None
    assert trained(Training("biggan-logit", "robust_resnet152", seed=2, budget=5)) is None
    assert trained(Training("biggan-logit", "resnet152", seed=2)) is None


def test_what_is_not_trained() -> None:
    with pytest.raises(UnknownNameError, match="trained method"):
        trained(Training("engstrom", "resnet152"))


def test_processes_that_cannot_share_a_batch_are_refused() -> None:
    check(Training("biggan-logit", "resnet152", processes=4, nodes=2))
    with pytest.raises(UsageError, match=r"batches of 64 images, which 2 x 3 processes cannot share"):
        check(Training("biggan-logit", "resnet152", processes=3, nodes=2))


def test_a_cell_waits_for_the_training_of_its_classifier_however_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").touch()
    names = [("zoo:robust_resnet152", "robust_resnet152"), ("./mine.py:f", "mine.py:f")]
    for one, other in (*names, *((b, a) for a, b in names)):
        assert precedes(Training("biggan-logit", one), RunConfig("biggan-logit", other))
    for one, other in (("resnet152", "robust_resnet152"), ("mine.py:g", "mine.py:f"), ("mine.py:f", "resnet152")):
        assert not precedes(Training("biggan-logit", one), RunConfig("biggan-logit", other))


def test_a_cell_waits_for_the_training_whose_weights_its_method_takes(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import bench\nclass Mine(bench.Inverter):\n    name, trained_as, training = 'mine', 'biggan-logit', 'pairs'\n"
        "    def invert(self, logits, seeds): ...\n"
    )
    config = RunConfig(f"{tmp_path / 'mine.py'}:Mine", "resnet152")
    assert precedes(Training("biggan-logit", "resnet152"), config)
    assert not precedes(Training("dosovitskiy-brox-2016b", "resnet152"), config)


def test_a_training_that_no_cell_waits_for_is_refused() -> None:
    plan = Plan(("m",), ("c",), train=(Training("biggan-logit", "a"), Training("biggan-logit", "b", seed=3)))
    check_awaited(plan, {0, 1})
    with pytest.raises(UsageError, match=r"train\[1\] is for no cell of the plan: .* for b with training seed 3"):
        check_awaited(plan, {0})
