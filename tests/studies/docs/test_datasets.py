from __future__ import annotations

from studies.docs.datasets import page


def section(text: str, name: str) -> str:
    return text.split(f"\n## `{name}`\n")[1].split("\n## ")[0]


def test_a_dataset_has_the_facts_of_its_class() -> None:
    found = section(page(), "cifar10")
    for fact in (
        "10,000 test, 45,000 train, 5,000 val",
        "| Size | 32 px |",
        "10: airplane, automobile",
        "Krizhevsky 2009",
    ):
        assert fact in found
    assert "| `resnet152` | `zoo:resnet152` |" in found


def test_each_says_how_to_have_it() -> None:
    text = page()
    assert "`bench data fetch tiny-imagenet`" in section(text, "tiny-imagenet")
    assert "`bench data prepare imagenet --from PATH --size SIZE`" in section(text, "imagenet")
    assert "nothing is fetched" in section(text, "folder")
    assert "10,000 test, 95,000 train, 5,000 val" in section(text, "tiny-imagenet")


def test_what_its_module_says_of_the_splits_is_there() -> None:
    assert "`val`, every tenth image of each class" in section(page(), "folder")


def test_what_else_is_fetched_is_there() -> None:
    assert "`bench data fetch fashion-mnist`" in page()
