"""Hold-out curves: from a training's log to the manifest, and from there to a picture."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from bench.errors import DataError
from bench.zoo.facts import holdout_curve
from studies.reports.curves import curves, draw, main

CURVE: dict[str, list[float]] = {"step": [500, 1000], "val_logit_error": [0.9, 0.7], "val_mse": [0.05, 0.04]}


def entry(method: str, classifier: str, **facts: object) -> dict[str, object]:
    return {"kind": "inverter", "methods": [method], "classifier": classifier} | facts


def test_a_log_gives_its_looks_at_held_out_data_once_each(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    rows = [
        {"step": 50, "loss": 3.0},
        {"step": 500, "val_mse": 0.9, "val_logit_error": 0.91234567},
        {"step": 1000, "val_mse": 0.7, "val_logit_error": 0.8},
        {"step": 500, "val_mse": 0.05, "val_logit_error": 0.9},  # written again after a resume
    ]
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = holdout_curve(log)
    assert found == {"step": [500, 1000], "val_logit_error": [0.9, 0.8], "val_mse": [0.05, 0.7]}
    assert holdout_curve(tmp_path / "none.jsonl") == {}


def test_curves_are_grouped_by_method_and_those_without_are_left_out() -> None:
    manifest = {
        "a": entry("gan", "resnet152", curve=CURVE),
        "b": entry("gan", "inception_v3"),
        "c": {"kind": "classifier", "curve": CURVE},
    }
    assert curves(manifest) == {"gan": {"resnet152": CURVE}}
    with pytest.raises(DataError, match="No inverter"):
        curves({"b": manifest["b"]})


def test_the_picture_changes_with_the_curve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studies.reports.curves.SCALE", 0.25)  # a large one takes seconds to compress
    first = draw({"gan": {"resnet152": CURVE}})
    assert Image.open(io.BytesIO(first)).format == "WEBP"
    assert draw({"gan": {"resnet152": CURVE}}) == first
    assert draw({"gan": {"resnet152": CURVE | {"val_mse": [0.01, 0.04]}}}) != first
    (tmp_path / "manifest.json").write_text(json.dumps({"a": entry("gan", "resnet152", curve=CURVE)}))
    main(["--manifest", str(tmp_path / "manifest.json"), "--out", str(tmp_path / "curves.webp")])
    assert (tmp_path / "curves.webp").read_bytes() == first
