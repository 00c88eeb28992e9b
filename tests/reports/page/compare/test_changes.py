"""What is not the same in two records, beside their scores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.store.record import read_records
from reports.words import text
from tests.reports.page.compare.two import METHOD, cell, change, compared, shift


def test_unequal_protocols_are_shown_and_never_compared(before: Path, after: Path) -> None:
    record = next(record for record, _ in read_records(after) if record.method == METHOD)
    change(after, protocol=record.protocol | {"fingerprint": "feed", "order": "another order"})
    shift(after, "lpips", 0.25)
    page = cell(compared(before, after))
    assert "published order 1 and another order" in page.obstacle
    assert all(one.difference is None for one in page.metrics)
    assert page.metrics[0].a.value == page.metrics[0].b.value
    assert {one.name: (one.a, one.b) for one in page.protocol} == {
        "protocol.fingerprint": ("9c41d7e05b2a", "feed"),
        "protocol.order": ("cifar10 test, published order 1", "another order"),
    }


def test_what_changed_is_listed_and_nothing_else(before: Path, after: Path) -> None:
    record = next(record for record, _ in read_records(after) if record.method == METHOD)
    change(
        after,
        key="another",
        weights=record.weights | {"inverter": "bb" * 32},
        recipe={"name": "fast", "hash": "ffffff", "steps": 7_000},
        environment=record.environment | {"torch": "3.0.0", "packages": {"numpy": "9"}},
        cost=replace(record.cost, seconds_per_image=0.0062),
    )
    page = cell(compared(before, after))
    assert {one.name: (one.a, one.b) for one in page.changes} == {
        "key": (record.key, "another"),
        "weights.inverter": ("a7" * 32, "bb" * 32),
        "recipe.hash": ("41d0c5", "ffffff"),
        "environment.torch": ("2.11.0", "3.0.0"),
        "environment.packages.numpy": (text.DASH, "9"),
    }
    assert page.costs is not None
    assert (page.costs.a, page.costs.b, page.costs.ratio) == ("3.1 ms on cpu", "6.2 ms on cpu", "2.00 times")
