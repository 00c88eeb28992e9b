"""Figures for a probe that says nothing about how it is to be drawn."""

from __future__ import annotations

from bench.cards import Look, Sight

PANELS = 6


def generic(level_keys: list[str], overall_keys: list[str], numbered: bool) -> tuple[Look, ...]:
    """Its first six measures over the levels, and those that span them."""
    looks = []
    if level_keys:
        sight: Sight = "lines" if numbered else "whiskers"
        looks.append(Look(sight, tuple(level_keys[:PANELS]), "The measures at each level.", axis="level"))
    if overall_keys:
        looks.append(Look("whiskers", tuple(overall_keys[:PANELS]), "What spans the levels.", levels=None))
    return tuple(looks)
