"""The network's own weights out of wrappers that normalise and attack."""

from pathlib import Path

import pytest
import torch

from bench.classifiers.files import PublishedFile
from bench.classifiers.library import Described
from bench.classifiers.unwrapped import network_state

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.2, 0.25)
KNOWN = Described(PublishedFile("x:a", "a.pt", "", "", where=Path("a.pt")), 10, 32, MEAN, STD, "bilinear")


def test_names_lose_what_wrappers_put_before_them_and_the_attackers_copy_is_left_out() -> None:
    weight, other = torch.rand(3), torch.rand(3)
    state = {"module.model.fc.weight": weight, "module.attacker.model.fc.weight": other}
    rest, described = network_state(state, KNOWN)
    assert rest == {"fc.weight": weight}
    assert described == KNOWN


def test_a_checkpoint_that_rounds_its_statistics_is_taken_at_its_word() -> None:
    mean = torch.tensor(MEAN).view(3, 1, 1) + 4e-4
    rest, described = network_state({"normalizer.new_mean": mean, "a": torch.zeros(1)}, KNOWN)
    assert rest.keys() == {"a"}
    assert described.mean == pytest.approx(mean.flatten().tolist())
    assert described.std == STD


@pytest.mark.parametrize(("name", "what"), [("mu", "mean"), ("sigma", "std")])
def test_another_normalisation_than_is_known_is_refused(name: str, what: str) -> None:
    with pytest.raises(ValueError, match=rf"it normalises with the {what} \[0\.1, 0\.1, 0\.1\], and \[0\.\d, "):
        network_state({name: torch.full((3,), 0.1)}, KNOWN)
