"""The texts of errors: suggestions, one line, and the place in code that is not ours."""

import pytest

from bench.errors import BenchError, DataError, PluginError, UnknownNameError, UsageError, error_text, where


def test_an_unknown_name_comes_with_those_that_are_like_it_and_all_there_are() -> None:
    text = str(UnknownNameError("method", "biggan-logits", ["ridge", "biggan-logit"]))
    assert text == (
        "There is no method called 'biggan-logits'. Did you mean 'biggan-logit'? Known: biggan-logit, ridge."
    )
    assert str(UnknownNameError("probe", "xyz", ["noise"])) == "There is no probe called 'xyz'. Known: noise."
    assert str(UnknownNameError("probe", "xyz", [])).endswith("Known: .")


def test_many_names_are_counted_and_not_listed() -> None:
    many = [f"network-{k}" for k in range(1_200)]
    text = str(UnknownNameError("network", "network-77x", many))
    assert "Did you mean 'network-77'" in text
    assert text.endswith("There are 1,200 others.")
    assert len(text) < 200


@pytest.mark.parametrize(
    ("error", "status"),
    [(BenchError("x"), 1), (DataError("x"), 1), (UsageError("x"), 2), (UnknownNameError("k", "n", []), 2)],
)
def test_wrong_input_ends_with_2_and_all_else_with_1(error: BenchError, status: int) -> None:
    assert error.exit_status == status


def test_a_note_is_one_line_and_names_the_type_of_what_is_not_ours() -> None:
    assert error_text(RuntimeError("out of\n  order")) == "RuntimeError: out of order"
    assert error_text(DataError("gone\naway")) == "gone away"


def test_code_that_is_not_ours_is_named_by_file_line_and_function() -> None:
    def fails() -> None:
        raise ValueError("no such luck")

    with pytest.raises(ValueError, match="luck") as raised:
        fails()
    line = fails.__code__.co_firstlineno + 1
    assert where(raised.value) == f"ValueError: no such luck (in test_errors.py, line {line}, fails)"
    assert where(ValueError("never raised")) == "ValueError: never raised"
    assert where(DataError("ours")) == "ours"
    with pytest.raises(SyntaxError) as broken:
        compile("class (:", "theirs.py", "exec")
    assert where(broken.value).startswith("SyntaxError: ")
    assert "test_errors.py" not in where(broken.value)


def test_a_plugins_error_says_what_how_and_the_remedy() -> None:
    error = PluginError("x cannot be used", "it has no name", "Add a line.")
    assert (str(error), error.what, error.reason) == (
        "x cannot be used: it has no name. Add a line.",
        "x cannot be used",
        "it has no name",
    )
    assert str(PluginError("x cannot be used", "it has no name")) == "x cannot be used: it has no name"
