import dataclasses
import json
import math
from pathlib import Path

import pytest

from bench.describe import cards_of
from bench.errors import DataError
from bench.store.files import write_atomically
from bench.store.record import SCHEMA_VERSION, Cost, Level, Record, Score, read_records

# The keys of the protocol's section "Records", as they stand there.
PROTOCOL_KEYS = {
    *("schema_version", "status", "reason", "method", "classifier", "dataset", "num_images", "seed", "access"),
    *("training", "stochastic", "protocol", "metrics", "cost", "weights", "recipe", "environment", "cards", "created"),
}
COST_KEYS = {"invert_seconds", "seconds_per_image", "peak_memory_mb", "device", "parameters", "train_seconds"}
METRIC_KEYS = {"value", "ci95", "n", "chance", "higher_is_better", "note"}


@pytest.fixture
def record() -> Record:
    return Record(
        method="ridge",
        classifier="resnet152",
        dataset="cifar10",
        num_images=500,
        seed=3,
        protocol={"fingerprint": "abc"},
        metrics={
            "psnr": Score(14.25, ci95=(14.0, 14.5), n=500, higher_is_better=True),
            "fid": Score(None, note="Inception weights are not here"),
            "kid_efficientnet_lite0": Score(0.5, n=500, std=0.1, subsets=(0.4, 0.6)),
        },
        cost=Cost(invert_seconds=1.5, seconds_per_image=0.003, parameters=7),
        weights={"resnet152": "f" * 64},
        recipe={"name": "r", "hash": "h", "steps": 10},
        environment={"threads": 2},
        created="2026-01-01T00:00:00Z",
    )


def test_round_trip(record: Record) -> None:
    again = Record.from_json(record.to_json())
    assert again == record
    assert again.to_json() == record.to_json()
    assert again.fingerprint == "abc"


def test_cards_make_the_round_trip(record: Record) -> None:
    probed = dataclasses.replace(record, probe="noise", levels=(Level("draw 1", 1.0, {"lpips_step": Score(0.2)}),))
    described = dataclasses.replace(probed, cards=cards_of(probed))
    again = Record.from_json(described.to_json())
    assert again == described
    assert again.cards is not None
    assert again.cards.metrics["psnr"].resolution == 0.01
    assert again.cards.probe is not None
    assert again.cards.probe.looks[0].levels is None


@pytest.mark.parametrize(
    ("field", "value"), [("digits", 10**9), ("digits", -1), ("key", "ssim"), ("resolution", "1/m")]
)
def test_a_card_that_cannot_be_is_refused(record: Record, field: str, value: object) -> None:
    raw = json.loads(dataclasses.replace(record, cards=cards_of(record)).to_json())
    raw["cards"]["metrics"]["psnr"][field] = value
    with pytest.raises(ValueError, match=r"record\.cards\.metrics\.psnr"):
        Record.from_json(json.dumps(raw))


def test_every_protocol_key_is_there(record: Record) -> None:
    raw = json.loads(record.to_json())
    assert raw.keys() >= PROTOCOL_KEYS
    assert raw["cost"].keys() >= COST_KEYS
    assert all(score.keys() >= METRIC_KEYS for score in raw["metrics"].values())
    assert raw["schema_version"] == SCHEMA_VERSION
    assert raw["metrics"]["fid"]["value"] is None


def test_a_probes_levels_make_the_round_trip(record: Record) -> None:
    level = Level("shift +1", 1.0, {"lpips": Score(0.2, ci95=(0.1, 0.3), n=5), "ssim": Score(None, note="why")})
    probe = dataclasses.replace(record, probe="shift", levels=(level, Level("set")))
    assert Record.from_json(probe.to_json()) == probe
    raw = json.loads(probe.to_json())
    assert raw["levels"][0] == {"name": "shift +1", "value": 1.0, "metrics": raw["levels"][0]["metrics"]}
    raw["levels"][0]["mood"] = "good"
    assert Record.from_json(json.dumps(raw)) == probe


def test_a_finished_probe_has_levels(record: Record) -> None:
    bare = dataclasses.replace(record, probe="shift")
    with pytest.raises(ValueError, match="a finished probe has none"):
        Record.from_json(bare.to_json())
    failed = dataclasses.replace(bare, status="failed", metrics={}, reason="x")
    assert Record.from_json(failed.to_json()) == failed


def test_records_from_before_there_were_probes_are_read(record: Record) -> None:
    raw = json.loads(record.to_json())
    assert (raw.pop("probe"), raw.pop("levels")) == (None, [])
    assert Record.from_json(json.dumps(raw)) == record


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_nan_in_json(record: Record, value: float) -> None:
    record.metrics["psnr"] = Score(value)
    with pytest.raises(ValueError, match="JSON compliant"):
        record.to_json()


def test_later_schema_is_refused(record: Record) -> None:
    raw = json.loads(record.to_json()) | {"schema_version": SCHEMA_VERSION + 1}
    with pytest.raises(DataError, match="Upgrade bench"):
        Record.from_json(json.dumps(raw))


def test_unknown_fields_are_ignored(record: Record) -> None:
    raw = json.loads(record.to_json())
    raw["mood"] = "good"
    raw["cost"]["joules"] = 3
    raw["metrics"]["psnr"]["median"] = 14.2
    assert Record.from_json(json.dumps(raw)) == record


def test_write_atomically_replaces(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "record.json"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in path.parent.iterdir()] == ["record.json"]


@pytest.mark.parametrize("culprit", ["os.fsync", "os.replace"])
def test_write_atomically_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, culprit: str) -> None:
    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    path = tmp_path / "record.json"
    path.write_bytes(b"old")
    monkeypatch.setattr(culprit, fail)
    with pytest.raises(OSError, match="full"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert not [p for p in tmp_path.glob("*.json") if p != path]


def test_read_records_in_order(tmp_path: Path, record: Record) -> None:
    for name in ("b", "a"):
        write_atomically(tmp_path / name / "record.json", record.to_json().encode())
    (tmp_path / "unfinished").mkdir()
    assert [(r, path.name) for r, path in read_records(tmp_path)] == [(record, "a"), (record, "b")]
    assert read_records(tmp_path / "nowhere") == []


@pytest.mark.parametrize("text", ["", "{", "{}", '{"metrics": {}, "cost": {}}'])
def test_read_records_names_the_damaged_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "record.json").write_text(text)
    with pytest.raises(DataError, match=r"record\.json is not a record"):
        read_records(tmp_path)


def test_a_seed_of_nanoseconds_is_read_as_it_was_written() -> None:
    record = Record("m", "c", "d", 1, 1_764_210_000_000_000_000, recipe={"seed": 2**63 - 1})
    assert Record.from_json(record.to_json()) == record
    with pytest.raises(ValueError, match=r"record\.seed"):
        Record.from_json(dataclasses.replace(record, seed=2**64 + 1).to_json())
