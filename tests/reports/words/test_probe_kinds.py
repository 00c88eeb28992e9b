"""Figures for a probe that says nothing about how it is drawn."""

from reports.words.probe_kinds import PANELS, generic


def test_numbered_levels_are_drawn_as_lines_and_named_ones_as_whiskers() -> None:
    for numbered, sight in ((True, "lines"), (False, "whiskers")):
        (look,) = generic(["a", "b"], [], numbered)
        assert (look.sight, look.keys, look.levels) == (sight, ("a", "b"), ("",))


def test_what_spans_the_levels_has_a_figure_of_its_own_and_six_measures_are_enough() -> None:
    keys = [f"m{k}" for k in range(9)]
    levels, overall = generic(keys, keys[::-1], numbered=True)
    assert levels.keys == tuple(keys[:PANELS])
    assert (overall.sight, overall.keys, overall.levels) == ("whiskers", tuple(keys[::-1][:PANELS]), None)


def test_without_measures_there_is_nothing_to_draw() -> None:
    assert generic([], [], numbered=True) == ()
    assert len(generic([], ["a"], numbered=False)) == 1
