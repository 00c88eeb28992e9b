"""The choices that the command line offers are those that the code behind it knows."""

from enum import StrEnum
from typing import Any, get_args

import pytest

from bench import config
from bench.cli import listing
from bench.cli.options import Access, Device, Listing, Precision, Preset
from bench.inverters import base


@pytest.mark.parametrize(
    ("offered", "known"), [(Device, config.Device), (Preset, config.Preset), (Precision, config.Precision)]
)
def test_every_choice_of_a_run_is_offered(offered: type[StrEnum], known: Any) -> None:
    assert {one.value for one in offered} == set(get_args(known))


def test_every_access_of_an_inverter_is_offered() -> None:
    """The originals are for a control alone."""
    assert {one.value for one in Access} == set(get_args(base.Access)) - {"original"}


def test_everything_that_can_be_listed_is_offered() -> None:
    assert {one.value for one in Listing} == set(listing.KINDS)
