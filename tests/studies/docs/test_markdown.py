from __future__ import annotations

import pytest

from studies.docs.markdown import code, duration, facts, joined, number, prose, sentence, table


def test_code_shows_as_it_stands_also_in_a_table() -> None:
    assert code("a_b") == "`a_b`"
    assert code("str | None") == "<code>str &#124; None</code>"


def test_prose_keeps_spans_and_escapes_the_rest() -> None:
    assert prose("``a*b`` is a*b,\n  and __c__ <d>") == r"`a*b` is a\*b, and \_\_c\_\_ &lt;d&gt;"
    assert (
        prose("images in [0, 1] (N, K), or [a](b) of `file_name`")
        == r"images in [0, 1] (N, K), or [a\](b) of `file_name`"
    )
    assert prose("snake_case stays | so") == "snake_case stays &#124; so"


def test_a_column_without_content_is_left_out_and_numbers_stand_right() -> None:
    assert table(("a", "b", "c"), [("1", "", "x"), ("2", "", "y")], ("a",)) == "\n".join(
        ["| a | c |", "| ---: | --- |", "| 1 | x |", "| 2 | y |"]
    )
    assert facts([("Here", "yes"), ("Not", "")]).count("\n") == 2


def test_sentences_begin_with_a_capital_where_they_begin_with_a_word() -> None:
    assert sentence("mean of x") == "Mean of x."
    assert sentence("norm(x) / 2") == "norm(x) / 2."
    assert sentence("Why?") == "Why?"
    assert sentence("") == ""


def test_paragraphs_are_joined_without_the_empty_ones() -> None:
    assert joined(["a", "", "b"]) == "a\n\nb"


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [(0.0, 2, "0"), (0.03137, 2, "0.031"), (6.0, 2, "6"), (96.4, 2, "96"), (1234.0, 2, "1,200"), (5.085, 3, "5.08")],
)
def test_numbers_have_so_many_digits_and_no_exponent(value: float, digits: int, shown: str) -> None:
    assert number(value, digits) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.0014, "1.4 ms"), (1.5, "1.5 s"), (90, "90 s"), (548, "9.1 min"), (9259, "2.6 h")]
)
def test_durations_have_a_unit_that_is_easily_read(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown
