"""What a run keeps it keeps until it ends, whoever joins it."""

import contextvars

import pytest

from bench.once import kept, one_run


def test_a_run_within_a_run_joins_it_and_the_next_run_starts_with_nothing() -> None:
    assert kept() is None
    with one_run():
        first = kept()
        assert first == {}
        first["network"] = 1
        with one_run():
            assert kept() is first
        assert kept() is first  # the inner one has ended, the run has not
    assert kept() is None
    with one_run():
        assert kept() == {}


def test_a_run_that_fails_keeps_nothing() -> None:
    with pytest.raises(ValueError, match="x"), one_run():
        raise ValueError("x")
    assert kept() is None


def test_another_context_has_a_run_of_its_own() -> None:
    with one_run():
        mine = kept()

        def elsewhere() -> dict[object, object] | None:
            with one_run():
                return kept()

        theirs = contextvars.Context().run(elsewhere)
    assert theirs == {}
    assert theirs is not mine
