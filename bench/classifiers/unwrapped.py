"""The network in a training checkpoint of another house, out of the wrappers that normalise for it and attack it."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from bench.classifiers.library import Described

MEANS = ("mu", "mean", "normalize.mean", "normalizer.new_mean")  # under these names checkpoints hold what they subtract
STDS = ("sigma", "std", "normalize.std", "normalizer.new_std")
TOLERANCE = 1e-3  # by which these may differ from what is known: houses round them


def network_state(state: dict[str, Tensor], described: Described) -> tuple[dict[str, Tensor], Described]:
    """The weights of the network itself, by its own names, and what is known of it, normalised as the checkpoint says.

    Wrappers put ``module.`` and ``model.`` before names, and MadryLab's keeps a second copy for its attacker.

    Raises:
        ValueError: the checkpoint normalises in another way than is known.
    """
    state = {name.removeprefix("module."): value for name, value in state.items()}
    state = {name.removeprefix("model."): value for name, value in state.items() if not name.startswith("attacker.")}
    mean, std = (_statistics(state, names) for names in (MEANS, STDS))
    for what, found, known in (("mean", mean, described.mean), ("std", std, described.std)):
        if found and not torch.allclose(torch.tensor(found), torch.tensor(known), rtol=0, atol=TOLERANCE):
            shown = [round(value, 4) for value in found]
            raise ValueError(f"it normalises with the {what} {shown}, and {list(known)} is expected")
    rest = {name: value for name, value in state.items() if name not in (*MEANS, *STDS)}
    return rest, replace(described, mean=mean or described.mean, std=std or described.std)


def _statistics(state: dict[str, Tensor], names: tuple[str, ...]) -> tuple[float, ...]:
    found = [state[name].flatten().tolist() for name in names if name in state]
    return tuple(found[0]) if found else ()
