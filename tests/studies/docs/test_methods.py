from __future__ import annotations

from bench.cards import ROLES
from studies.docs.methods import ACCESS, page
from studies.docs.methods import ROLES as TOLD


def section(text: str, name: str) -> str:
    return text.split(f"\n### `{name}`\n")[1].split("\n### ")[0]


def test_an_inverter_has_its_paper_cost_and_weights() -> None:
    found = section(page(), "biggan-logit")
    assert "https://arxiv.org/abs/2103.07470" in found
    assert "`bench train inverter biggan-logit`" in found
    assert "| Seconds an image | " in found
    assert "| `robust_resnet152` | cifar10 | 32 px | 10,000 |" in found
    assert "(#methodsbiggan_logit)" in found


def test_a_control_says_what_it_answers() -> None:
    found = section(page(), "train-nearest")
    assert found.strip().startswith("The training image whose logits are nearest")
    assert "| Stands for | how far memorising goes |" in found


def test_costs_say_on_what_they_were_measured() -> None:
    costs = page().split("\n## Cost\n")[1]
    row = next(line for line in costs.splitlines() if "`mahendran-vedaldi`" in line and "| paper |" in line)
    assert row.startswith("| [`mahendran-vedaldi`](#mahendran-vedaldi) | `resnet152` | cifar10 | paper | 100 | ")


def test_every_role_and_access_has_words() -> None:
    assert set(TOLD) == set(ROLES)
    assert {"logits", "features", "white-box", "original"} == set(ACCESS)
