"""``bench check`` finds every broken rule, and names it; tests/test_inverters_contract.py runs the rules on ours."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from bench.check import CLASSIFIER_RULES, METHOD_RULES, check
from bench.classifiers import LoadedClassifier
from bench.errors import BenchError, UnknownNameError, UsageError

TILES = f"{Path(__file__).parent / 'probes' / 'tiny.py'}:tiles"
HEAD = """
import torch
from bench.inverters.base import Inverter
from bench.seeding import sample_noise


class Mine(Inverter):
    name = "mine"
"""
BODIES = {
    "answers images in [0, 1]": "return torch.full((len(logits), 3, 32, 32), 1.5)",
    "gives the same bits again": "return torch.rand(len(logits), 3, 32, 32)",
    "follows its seeds as it says": "return sample_noise(seeds, 3, 32, 32).sigmoid()",
    "keeps rows apart": "return (logits - logits[:1])[:, :1, None, None].sigmoid().expand(-1, 3, 32, 32)",
    "leaves its input": "logits += 1; return torch.full((len(logits), 3, 32, 32), 0.5)",
    "leaks no gradient": "return torch.full((len(logits), 3, 32, 32), 0.5, requires_grad=True)",
}


def broken(name: str) -> set[str]:
    return {one.rule for one in check(name) if one.kept is False}


@pytest.mark.networks
@pytest.mark.parametrize("rule", BODIES)
def test_a_broken_rule_of_a_method_is_named(rule: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(f"{HEAD}\n    def invert(self, logits, seeds):\n        {BODIES[rule]}\n")
    assert rule in broken(f"{path}:Mine")


@pytest.mark.networks
def test_what_a_method_may_not_see(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    grey = "return torch.full((len(logits), 3, 32, 32), 0.5)"
    path.write_text(f"{HEAD}\n    def invert(self, logits, seeds, labels=None):\n        {grey}\n")
    assert broken(f"{path}:Mine") == {"sees no more than it declares"}


class Strange(nn.Module):
    """Breaks one rule of a classifier."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.calls = how, 0
        self.weight = nn.Parameter(torch.ones(1), requires_grad=how == "asks")

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        z = images.flatten(1)[:, :4] * self.weight.detach()
        if self.how == "infinite":
            return z / 0
        if self.how == "random":
            return z + self.calls
        if self.how == "neighbours":
            return z - z.mean(0)
        return z.detach() + 0 * images.sum() if self.how == "flat" else z

    def features(self, images: torch.Tensor) -> torch.Tensor:
        return images if self.how == "features" else images.flatten(1)


@pytest.mark.parametrize(
    ("how", "rule"),
    [
        ("infinite", "gives logits"),
        ("random", "gives the same bits again"),
        ("neighbours", "keeps images apart"),
        ("flat", "lets a gradient reach the images"),
        ("asks", "is frozen"),
        ("features", "gives features, where it has them"),
    ],
)
def test_a_broken_rule_of_a_classifier_is_named(how: str, rule: str) -> None:
    images = torch.rand(5, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    with pytest.raises(BenchError):
        CLASSIFIER_RULES[rule](LoadedClassifier("strange", Strange(how).eval(), "aa", 32), images)
    CLASSIFIER_RULES[rule](LoadedClassifier("sound", Strange("").eval(), "aa", 32), images)


def test_a_local_classifier_keeps_them_all() -> None:
    assert [one.rule for one in check(TILES) if one.kept] == list(CLASSIFIER_RULES)


@pytest.mark.networks
def test_a_method_is_checked_rule_by_rule() -> None:
    told = list(check("dosovitskiy-brox-2016b"))
    assert all(one.kept for one in told)
    assert [one.rule for one in told][2:] == list(METHOD_RULES)


@pytest.mark.networks
def test_what_cannot_be_tried_is_no_fault() -> None:
    (_, opens) = check("biggan-logit-ch64", "resnet152")
    assert opens.kept is None
    assert "bench train inverter biggan-logit-ch64" in opens.detail


def test_names() -> None:
    with pytest.raises(UnknownNameError, match="method or classifier"):
        list(check("biggan"))
    with pytest.raises(UsageError, match="is a control"):
        list(check("oracle"))


@pytest.mark.networks
def test_the_command_prints_a_line_a_rule_and_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from bench.cli.commands import check_rules

    path = tmp_path / "mine.py"
    path.write_text(f"{HEAD}\n    def invert(self, logits, seeds):\n        print('hello')\n        return logits\n")
    assert check_rules(f"{path}:Mine", "robust_resnet152", as_json=False) == 1
    out = capsys.readouterr().out
    assert "NO  answers images in [0, 1]: mine.invert should return images of shape" in out
    assert "hello" not in out
    assert check_rules(TILES, "robust_resnet152", as_json=True) == 0
    assert json.loads(capsys.readouterr().out)[0] == {"rule": "gives logits", "kept": True, "detail": ""}
