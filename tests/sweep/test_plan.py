"""What a plan may say, and what a bad one is told."""

from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.sweep.plan import Override, Training, nearest, read_plan

ROOT = Path(__file__).resolve().parents[2]
WHOLE = """
methods = ["biggan-logit", "engstrom"]
classifiers = ["robust_resnet152"]
seeds = [0, 1]
num_images = 500
threads = 2
[[override]]
method = "engstrom"
num_images = 50
[[train]]
method = "biggan-logit"
classifier = "robust_resnet152"
seed = 2
processes = 4
[slurm]
partition = "gpu"
gpus-per-node = 1
time = 04:00:00
exclusive = true
"""


def told(tmp_path: Path, text: str) -> str:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_plan(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_whole_plan(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(WHOLE)
    plan = read_plan(path)
    assert (plan.methods, plan.seeds, plan.datasets) == (("biggan-logit", "engstrom"), (0, 1), ("cifar10",))
    assert plan.override == (Override(method="engstrom", num_images=50),)
    assert plan.train == (Training("biggan-logit", "robust_resnet152", seed=2, processes=4),)
    assert plan.slurm == {"partition": "gpu", "gpus-per-node": 1, "time": "04:00:00", "exclusive": True}


def test_the_example_is_a_plan() -> None:
    assert read_plan(ROOT / "examples" / "sweep.toml").methods


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("method = ['a']", "a plan has no key 'method'. Did you mean 'methods'?"),
        (
            "methods = ['a']\nclassifiers = ['b']\n[[override]]\nnum_image = 3",
            "[[override]] has no key 'num_image'. Did",
        ),
        ("methods = ['a']\nclassifiers = ['b']\n[[train]]\nmethod = 'a'", "train[0] lacks classifier"),
        ("methods = 'a'\nclassifiers = ['b']", 'methods should be a list and is "a"'),
        ("methods = ['a']", "plan lacks classifiers"),
        ("methods = ['a']\nclassifiers = ['b']\nseeds = ['x']", 'seeds[0] should be a whole number and is "x"'),
        ("methods = ['a']\nclassifiers = ['b']\npreset = 'slow'", "preset should be one of fast, paper and is"),
        ("methods = ['a']\nclassifiers = ['b']\nthreads = 0", "threads should be above zero and is 0"),
        ("methods = ['a']\nclassifiers = ['b']\noverride = 3", "override should be a list and is 3"),
        ("methods = ['a']\nclassifiers = ['b']\n[slurm]\ngres = ['gpu']", "slurm.gres should be text and is"),
        ("methods = ['a']\nclassifiers = ['b']\nseeds = []", "seeds is an empty list"),
        ("methods = [", "is no TOML"),
    ],
)
def test_a_bad_plan_gets_one_paragraph(tmp_path: Path, text: str, says: str) -> None:
    assert says in told(tmp_path, text)


def test_a_plan_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_plan(tmp_path / "none.toml")


def test_the_nearest_name() -> None:
    assert nearest("engstrm", ["engstrom", "oracle"]) == " Did you mean 'engstrom'?"
    assert nearest("x", ["engstrom"]) == ""
