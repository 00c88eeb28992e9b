"""No folder of a machine leaves it, and no text of others moves a terminal."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.store.neutral import dataset_name, here, mapped, neutral, printable, shareable
from bench.store.record import Record, Score

PATHS = {
    "There is no /root/.cache/logit-inversion-bench/cifar10/a.npy. Type: bench data fetch cifar10": (
        "There is no $BENCH_HOME/cifar10/a.npy. Type: bench data fetch cifar10"
    ),
    "/home/ann/photos/cat/1.png cannot be read": "photos/cat/1.png cannot be read",
    "Type: --dataset folder:/home/ann/x/a or --dataset folder:../b": "Type: --dataset folder:a or --dataset folder:b",
    "'/srv/my images/a b.png' (/opt/x/m.py, line 3)": "'.../a b.png' (.../m.py, line 3)",
    r"C:\Users\Ann\a.png and \\server\share\b.png": ".../a.png and .../b.png",
    "file:///home/ann/y.txt": ".../y.txt",
    "/home/ann/photos-2/a.png": ".../a.png",
}


@pytest.mark.parametrize("text", PATHS)
def test_paths_are_cut_down(text: str) -> None:
    assert neutral(text, "folder:/home/ann/photos") == PATHS[text]


@pytest.mark.parametrize(
    "text",
    ["8/255 and 1 / rank", "https://arxiv.org/abs/2103.07470", "norm(z' - z) / norm(z)", "cat/1.png", "$BENCH_HOME/x",
     "and/or", "10 \\times 3", "runs/cifar10/x"],
)  # fmt: skip
def test_what_is_no_path_stays(text: str) -> None:
    assert neutral(text) == text


def test_this_machines_folders_may_hold_spaces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cache, home = tmp_path / "my cache", tmp_path / "Ann B"
    monkeypatch.setenv("BENCH_HOME", str(cache))
    monkeypatch.setenv("HOME", str(home))
    assert (
        neutral(f"{cache}/cifar10 is empty, {home}/x/a.png is not") == "$BENCH_HOME/cifar10 is empty, .../a.png is not"
    )


def test_a_dataset_goes_by_its_folders_own_name() -> None:
    assert dataset_name("folder:/home/ann/photos/") == "folder:photos"
    assert dataset_name(r"folder:C:\x\photos") == "folder:photos"
    assert dataset_name("cifar10") == "cifar10"


def test_a_record_is_shareable_down_to_its_last_text() -> None:
    path = "/home/ann/secret/photos"
    record = Record(
        "m", "c", f"folder:{path}", 5, 0,
        reason=f"{path}/1.png is bad", note=f"see {path}", recipe={"data": [path], path: 1},
        environment={"source": {"root": path}}, weights={path: path},
        metrics={"psnr": Score(None, note=f"no {path}/x")},
    )  # fmt: skip
    shared = shareable(record)
    assert "ann" not in shared.to_json()
    assert "secret" not in shared.to_json()
    assert (shared.dataset, shared.reason) == ("folder:photos", "photos/1.png is bad")
    plain = dataclasses.replace(record, dataset="cifar10", reason="no luck", note=None, recipe=None, environment={})
    plain = dataclasses.replace(plain, weights={"c": "ab"}, metrics={"psnr": Score(1.0, (0.5, 1.5), 3)})
    assert shareable(plain) == plain


def test_signals_to_a_terminal_become_text() -> None:
    assert printable("a\x1b[31m\x9b\u202e\ud800\n\t\x00") == "a\\x1b[31m\\x9b\\u202e\\ud800\\n\\t\\x00"
    assert printable("Müller 日本 x→y ± 🙂") == "Müller 日本 x→y ± 🙂"


def test_this_terminal_is_told_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_HOME", "/data/bench")
    record = Record("m\x1b[2J", "c", "cifar10", 5, 0, reason="$BENCH_HOME/cifar10 is empty")
    assert here(record).reason == "/data/bench/cifar10 is empty"
    assert here(record).method == "m\\x1b[2J"


def test_containers_keep_their_kind() -> None:
    assert mapped({"a": ["b", ("c", 1, None)]}, str.upper) == {"A": ["B", ("C", 1, None)]}


def test_a_folder_read_at_a_size_is_cut_as_well() -> None:
    reason = "/data/John Smith secret/pics/a/x.png cannot be read"
    for dataset in ("folder:/data/John Smith secret/pics@32", "folder:/data/John Smith secret/pics"):
        assert neutral(reason, dataset) == "pics/a/x.png cannot be read"


def test_a_user_without_a_home_folder_loses_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(_: object = None) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    monkeypatch.delenv("BENCH_HOME", raising=False)
    monkeypatch.setattr("bench.paths.home", lambda: _raise(UsageError("There is no home folder.")))
    assert neutral("no file /etc/x/y.txt") == "no file .../y.txt"
    record = Record("m", "c", "d", 1, 0, status="skipped", reason="look at $BENCH_HOME/x")
    assert here(record).reason == "look at $BENCH_HOME/x"


def _raise(error: Exception) -> Path:
    raise error
