"""The choices that the command line offers are those that the code behind it knows."""

from enum import StrEnum
from typing import Any, get_args

import pytest

from bench import config
from bench.cli import listing
from bench.cli.options import Device, Listing, Precision, Preset


@pytest.mark.parametrize(
    ("offered", "known"), [(Device, config.Device), (Preset, config.Preset), (Precision, config.Precision)]
)
def test_every_choice_of_a_run_is_offered(offered: type[StrEnum], known: Any) -> None:
    assert {one.value for one in offered} == set(get_args(known))


def test_everything_that_can_be_listed_is_offered() -> None:
    assert {one.value for one in Listing} == set(listing.KINDS)
