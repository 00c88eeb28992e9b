"""The command of a training, and whether its weights are here."""

import json
import sys
from pathlib import Path

import pytest

from bench.errors import UnknownNameError, UsageError
from bench.sweep.plan import Training
from bench.sweep.training import check, command, trained
from bench.training.trainer import open_trainer
from bench.weights.files import entry, save_weights
from bench.weights.lookup import own_inverter_weights

HEAD = [sys.executable, "-m"]
TRAIN = ["bench", "train", "inverter", "biggan-logit", "--classifier", "robust_resnet152"]


def test_one_process_needs_no_launcher() -> None:
    entry = Training("biggan-logit", "robust_resnet152", seed=2, steps=10, precision="float32")
    more = ["--seed", "2", "--steps", "10", "--precision", "float32", "--resume"]
    assert command(entry) == [*HEAD, *TRAIN, *more]


def test_several_processes_and_machines() -> None:
    run = [*HEAD, "torch.distributed.run", "--nproc-per-node", "4"]
    one = Training("biggan-logit", "robust_resnet152", processes=4)
    assert command(one) == [*run, "--standalone", "-m", *TRAIN, "--resume"]
    two = Training("biggan-logit", "robust_resnet152", processes=4, nodes=2)
    assert command(two) == [*run, "--nnodes", "2", "-m", *TRAIN, "--resume"]


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
