from __future__ import annotations

from studies.docs import ours
from studies.docs.metrics import page


def section(text: str, key: str) -> str:
    return text.split(f"\n### `{key}`\n")[1].split("\n### ")[0]


def test_a_metric_has_the_facts_of_its_card() -> None:
    found = section(page(), "reid_within_class_judge_mrr")
    card = ours.always()["reid_within_class_judge_mrr"].card
    assert card.definition[1:] in found
    assert f"| Version | `{card.version}` |" in found
    for fact in ("| Direction | ↑ higher is better |", "| Range | 0 to 1 |", "true labels, a gallery of originals"):
        assert fact in found
    assert "what guessing scores" in found
    assert f"| Formula | {card.formula} |" in found
    assert f"| Good | {card.good} |" in found
    assert "| Ceiling | what the original itself scores; in the committed cells 1 |" in found
    assert "| Floor | what another image of the same class scores; in the committed cells 0." in found


def test_a_distance_says_what_it_needs() -> None:
    found = section(page(), "fid")
    assert "in every run, of 2,048 images or more, once the weights of its extractor were fetched" in found
    assert "features of [`inception`](#extractors)" in found
    assert "https://arxiv.org/abs/1706.08500" in found


def test_what_is_computed_on_request_says_so() -> None:
    assert "| Computed | where `--metric` asks for it" in section(page(), "kid_inception")
