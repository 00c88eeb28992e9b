"""``bench new-inverter``: a package with an inverter that runs at once, for a user to change."""

from __future__ import annotations

import re
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path

from bench.errors import UsageError
from bench.registry import CONTROLS, INVERTERS, registered

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST = 60

MODULE = '''"""{title}: what it does, in a sentence."""

from collections.abc import Sequence

import torch
from torch import Tensor

import bench
from bench.seeding import sample_noise


class {title}(bench.Inverter):
    """Grey with a little noise, whatever the logits are: put your own in its place."""

    name = "{name}"
    access = "logits"  # "white-box" gives self.target.network, with gradients; "features" the penultimate features
    training = "none"  # "pairs" where it learned from pairs of logits and images
    stochastic = True  # whether the seeds matter
    version = "1"  # change it whenever the answers change
    question = "What does doing nothing score?"

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        """(N, K) logits and N seeds to (N, 3, H, W) images in [0, 1]; row i from logits[i] and seeds[i] alone."""
        noise = sample_noise(seeds, 3, *self.target.image_size).to(logits.device)
        return torch.clamp(0.5 + 0.1 * noise, 0, 1)
'''
TEST = """import bench
import torch

from {module} import {title}


def test_it_keeps_the_rules_of_the_interface() -> None:
    inverter = bench.load_inverter("{name}", bench.load_classifier("resnet152"))
    assert isinstance(inverter, {title})
    images = inverter.invert(torch.zeros(3, 10), [1, 2, 3])
    assert images.shape == (3, 3, 32, 32)
    assert 0 <= images.min() <= images.max() <= 1
"""
PROJECT = """[project]
name = "{name}"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["logit-inversion-bench"]

[project.entry-points."bench.inverters"]
{name} = "{module}:{title}"

[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[tool.setuptools]
py-modules = ["{module}"]
"""
README = """# {name}

An inverter for bench, the harness for logit inversion; `{module}.py` holds it.

```console
$ bench check {module}.py:{title}
$ bench run --method {module}.py:{title} --classifier resnet152 --num-images 100
$ bench report
$ pip install -e .    # from then on: bench run --method {name}
```
"""


def new_inverter(name: str, place: Path) -> list[Path]:
    """Write the package into ``place/name`` and return its files.

    Args:
        name: of the inverter, in lower case with hyphens.
        place: the folder above.

    Raises:
        UsageError: the name is none, is taken, or something of this name lies there.
    """
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise UsageError(f"An inverter's name is in lower case, with single hyphens between words; got {name!r}.")
    module = name.replace("-", "_")
    if iskeyword(module) or find_spec(module) is not None:
        raise UsageError(f"{module} is a word of Python's, or a module that is installed. Choose another name.")
    taken = [*registered(INVERTERS), *registered(CONTROLS)]
    if name in taken:
        raise UsageError(f"{name} is taken: bench list methods shows it. Choose another name.")
    folder = place / name
    if folder.exists():
        raise UsageError(f"'{folder}' is there already, and nothing is written over it. Choose another name.")
    words = {"name": name, "module": module, "title": "".join(part.capitalize() for part in name.split("-"))}
    texts = {f"{module}.py": MODULE, f"test_{module}.py": TEST, "pyproject.toml": PROJECT, "README.md": README}
    folder.mkdir(parents=True)
    for file, text in texts.items():
        (folder / file).write_text(text.format(**words), encoding="utf-8")
    return [folder / file for file in texts]
