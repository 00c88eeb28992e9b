from __future__ import annotations

import pytest

from bench.classifiers.providers.zoo import ZOO, ZooProvider
from studies.docs.classifiers import MEASURES, page
from studies.docs.shipped import manifest


def section(text: str, name: str) -> str:
    return text.split(f"\n### `{name}`\n")[1].split("\n### ")[0]


@pytest.mark.parametrize("name", ZOO)
def test_a_network_that_ships_has_all_that_its_card_says(name: str) -> None:
    found, card = section(page(), name), ZooProvider().card(name)
    for fact in (card.identity, card.licence, f"{card.num_logits:,}", card.robust or "", card.caveat, card.summary[1:]):
        assert fact in found
    for key, value in card.accuracy.items():
        assert f"| {MEASURES[key]} | {100 * value:.1f} % |" in found


def test_training_is_told_with_its_recipe() -> None:
    found = section(page(), "robust_resnet152")
    assert "| Parameters | 3,667,354 |" in found
    assert "`bench train classifier robust_resnet152`" in found
    assert "| Time of training | 40 min on 2 cores" in found
    assert f"Recipe `{manifest()['robust_resnet152']['recipe']['hash']}`: epochs 14," in found


def test_a_provider_says_how_its_networks_are_named_and_what_it_needs() -> None:
    text = page()
    assert "`huggingface:MODEL[@REVISION]` or `huggingface:FOLDER`" in text
    assert "`pip install timm`" in section(text, "timm:")
    assert "`path/to/file.py:function`" in section(text, "file:")
