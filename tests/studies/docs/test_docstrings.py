from __future__ import annotations

from studies.docs.docstrings import arguments, outcome, parsed, summary


def example(first: int, second: int) -> int:
    """Add them.

    Once:

        first + second

    - a dash, which
      goes on
    - another

    Args:
        first: this one,
            which goes on.
        second, third: those, for instance ``a: b``.

    Returns:
        The sum.

    Raises:
        ValueError: it cannot be.
    """
    return first + second


def test_a_docstring_is_taken_apart() -> None:
    found = parsed(example)
    assert summary(example) == "Add them."
    assert found.described() == "Add them.\n\nOnce:\n\n```\nfirst + second\n```\n\n- a dash, which goes on\n- another"
    assert set(found.items("Args")) == {"first", "second", "third"}
    assert found.items("Attributes") == {}


def test_arguments_and_outcome_as_markdown() -> None:
    found = parsed(example)
    assert "| `first` | this one, which goes on. |" in arguments(found)
    assert "| `third` | those, for instance `a: b`. |" in arguments(found)
    assert outcome(found) == "**Returns** The sum.\n\n**Raises** `ValueError`: it cannot be."


def test_without_a_docstring_there_is_nothing() -> None:
    found = parsed(lambda: None)
    assert found.described() == arguments(found) == outcome(found) == ""
