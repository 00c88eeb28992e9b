"""Tables and text in Markdown."""

import pytest

from reports.words.markdown import escaped, markdown_lines


def test_words_stand_left_and_numbers_right() -> None:
    assert markdown_lines(["method", "lpips", "access"], [["m", "0.1", "logits"], ["n", "0.2", "logits"]]) == [
        "| method | lpips | access |",
        "| --- | ---: | --- |",
        "| m | 0.1 | logits |",
        "| n | 0.2 | logits |",
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a|b", "a&#124;b"),
        ("*bold* `code` [link] <b> & c", r"\*bold\* \`code\` \[link\] &lt;b&gt; &amp; c"),
        ("two\nlines  here", "two lines here"),
        (r"back\slash", r"back\\slash"),
        ("biggan-logit_2.0", "biggan-logit_2.0"),
    ],
)
def test_text_shows_as_it_stands_in_one_line(name: str, shown: str) -> None:
    assert escaped(name) == shown
