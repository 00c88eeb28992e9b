from __future__ import annotations

from pathlib import Path

from bench.metrics import registry
from bench.registry import EXTRACTORS, INVERTERS, registered
from studies.docs import ours


def test_what_others_register_is_left_out(outsider: Path) -> None:
    assert "linear" in registered(INVERTERS)
    assert "linear" not in ours.plugins(INVERTERS)
    assert "colours" not in ours.plugins(EXTRACTORS)
    assert "fd_colours" in registry.asked_for()
    assert "fd_colours" not in ours.on_request()
    assert set(registry.metrics()) - set(ours.always())


def test_all_of_ours_is_there() -> None:
    assert {"biggan-logit", "mahendran-vedaldi"} <= ours.plugins(INVERTERS).keys()
    assert next(iter(ours.always())) == "fid"
    assert {"kid_judge", "kid_inception"} <= ours.on_request().keys()
