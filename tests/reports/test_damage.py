"""Records and the files beside them, damaged in every way: the page is made without them and says which and why."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.store.faults import Faults
from bench.store.record import Record, read_records
from reports.analysis.groups import Entry, group
from reports.page.compare.compare import write_comparison
from reports.page.gallery.logits import NOT_STORED
from reports.page.probes.pages import probe_pages
from reports.page.render import write_report
from studies.reports.tables import Sources, claims, few
from tests.reports.html_page import Page
from tests.reports.probe_records import make_record, with_pictures
from tests.reports.synthetic import two_cells

N = 60
Raw = dict[str, Any]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_cells(tmp_path_factory.mktemp("damage"), N)


@pytest.fixture(scope="module")
def raw(good: Path) -> Raw:
    (path,) = good.glob("**/biggan-logit/*/record.json")
    return dict(json.loads(path.read_text()))


def edit(*path: str, to: object) -> Callable[[Raw], Raw]:
    """A record with one field overwritten."""

    def change(raw: Raw) -> Raw:
        changed = copy.deepcopy(raw)
        place = changed
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to
        return changed

    return change


def without(*path: str) -> Callable[[Raw], Raw]:
    def change(raw: Raw) -> Raw:
        changed = copy.deepcopy(raw)
        place = changed
        for step in path[:-1]:
            place = place[step]
        del place[path[-1]]
        return changed

    return change


def deep(levels: int) -> Raw:
    found: Raw = {}
    for _ in range(levels):
        found = {"a": found}
    return found


LPIPS = ("metrics", "lpips")
# What becomes of the JSON, and a part of the reason that is given.
FIELDS: dict[str, tuple[Callable[[Raw], Raw], str]] = {
    "score is true": (edit(*LPIPS, "value", to=True), "lpips.value should be a number and is true"),
    "score is text": (edit(*LPIPS, "value", to="0.5"), "should be a number"),
    "score is a list": (edit(*LPIPS, "value", to=[0.5]), "should be a number"),
    "score is too large": (edit(*LPIPS, "value", to=1e300), "at most 1e+15"),
    "score is a whole number of 300 digits": (edit(*LPIPS, "value", to=10**300), "at most 1e+15"),
    "chance is three": (edit(*LPIPS, "chance", to=3.0), "chance is 3.0"),
    "chance is next to nothing": (edit(*LPIPS, "chance", to=1e-310), "chance is 1e-310"),
    "score is no object": (edit(*LPIPS, to=0.5), "should be an object"),
    "score is null": (edit(*LPIPS, to=None), "should be an object"),
    "score lacks its value": (without(*LPIPS, "value"), "lacks value"),
    "metrics are a list": (edit("metrics", to=[]), "should be an object"),
    "metrics are null": (edit("metrics", to=None), "should be an object"),
    "interval is reversed": (edit(*LPIPS, "ci95", to=[0.9, 0.1]), "reversed"),
    "interval lies above": (edit(*LPIPS, "ci95", to=[8.0, 9.0]), "outside of its interval"),
    "interval lies below": (edit(*LPIPS, "ci95", to=[-9.0, -8.0]), "outside of its interval"),
    "interval has one bound": (edit(*LPIPS, "ci95", to=[0.1]), "should be 2 values"),
    "interval has three": (edit(*LPIPS, "ci95", to=[0.1, 0.2, 0.3]), "should be 2 values"),
    "interval is text": (edit(*LPIPS, "ci95", to="0-1"), "should be a list"),
    "interval holds null": (edit(*LPIPS, "ci95", to=[None, 1.0]), "should be a number"),
    "interval holds true": (edit(*LPIPS, "ci95", to=[False, True]), "should be a number"),
    "interval without a value": (edit("metrics", "fid", "ci95", to=[0.0, 1.0]), "and no value"),
    "n is negative": (edit(*LPIPS, "n", to=-1), "n is -1"),
    "n is a fraction": (edit(*LPIPS, "n", to=2.5), "should be whole"),
    "n is true": (edit(*LPIPS, "n", to=True), "should be whole"),
    "n is absurd": (edit(*LPIPS, "n", to=10**12), "n is 1,000,000,000,000"),
    "chance is text": (edit(*LPIPS, "chance", to="low"), "should be a number"),
    "direction is text": (edit(*LPIPS, "higher_is_better", to="yes"), "should be true or false"),
    "direction is a number": (edit(*LPIPS, "higher_is_better", to=1), "should be true or false"),
    "note is a number": (edit(*LPIPS, "note", to=3), "should be text"),
    "std is negative": (edit(*LPIPS, "std", to=-0.1), "std is -0.1"),
    "subsets are a number": (edit(*LPIPS, "subsets", to=3), "should be a list"),
    "subsets hold text": (edit(*LPIPS, "subsets", to=["a"]), "should be a number"),
    "status is unknown": (edit("status", to="perfect"), "one of complete, failed, skipped"),
    "status is null": (edit("status", to=None), "one of complete, failed, skipped"),
    "kind is unknown": (edit("kind", to="winner"), "one of inverter, control"),
    "reason is a list": (edit("reason", to=[]), "should be text"),
    "method is a number": (edit("method", to=7), "should be text"),
    "method is empty": (edit("method", to=""), "a name is empty"),
    "method is absurdly long": (edit("method", to="m" * 100_000), "longer than 5,000"),
    "method is missing": (without("method"), "lacks method"),
    "classifier is null": (edit("classifier", to=None), "should be text"),
    "dataset is an object": (edit("dataset", to={}), "should be text"),
    "num_images is negative": (edit("num_images", to=-5), "num_images should be 1"),
    "num_images is zero": (edit("num_images", to=0), "num_images should be 1"),
    "num_images is absurd": (edit("num_images", to=10**14), "num_images should be 1"),
    "num_images is a fraction": (edit("num_images", to=60.5), "should be whole"),
    "num_images is text": (edit("num_images", to="60"), "should be whole"),
    "seed is text": (edit("seed", to="zero"), "should be whole"),
    "seed is missing": (without("seed"), "lacks seed"),
    "stochastic is text": (edit("stochastic", to="no"), "should be true or false"),
    "protocol is a list": (edit("protocol", to=[]), "should be an object"),
    "fingerprint is a number": (edit("protocol", "fingerprint", to=5), "fingerprint should be text"),
    "protocol is nested endlessly": (edit("protocol", "order", to=deep(60)), "nested too deeply"),
    "cost is null": (edit("cost", to=None), "should be an object"),
    "cost is text": (edit("cost", "invert_seconds", to="long"), "should be a number"),
    "cost is negative": (edit("cost", "seconds_per_image", to=-1.0), "below zero"),
    "parameters are a fraction": (edit("cost", "parameters", to=0.5), "should be whole"),
    "device is a number": (edit("cost", "device", to=0), "should be text"),
    "weights are a list": (edit("weights", to=["a"]), "should be an object"),
    "a weight is a number": (edit("weights", "judge", to=5), "should be text"),
    "recipe is text": (edit("recipe", to="fast"), "should be an object"),
    "environment is a list": (edit("environment", to=[]), "should be an object"),
    "environment is infinite": (edit("environment", "threads", to=1e308), "at most 1e+15"),
    "levels are an object": (edit("levels", to={"a": 1}), "should be a list"),
    "levels are numbers": (edit("levels", to=[1]), "should be an object"),
    "a level lacks its name": (edit("levels", to=[{"metrics": {}}]), "lacks name"),
    "a level twice": (edit("levels", to=[{"name": "a", "metrics": {}}] * 2), "a level is given twice"),
    "a level's score is true": (edit("levels", to=[{"name": "a", "metrics": {"x": {"value": True}}}]), "a number"),
    "created is a number": (edit("created", to=2026), "should be text"),
    "version is text": (edit("schema_version", to="1"), "should be whole"),
    "version is true": (edit("schema_version", to=True), "should be whole"),
    "version is zero": (edit("schema_version", to=0), "schema_version is 0"),
    "version is later": (edit("schema_version", to=99), "Upgrade bench"),
}
# What becomes of the text.
TEXTS: dict[str, tuple[Callable[[str], bytes], str]] = {
    "empty": (lambda _: b"", "Expecting value"),
    "cut in half": (lambda text: text[: len(text) // 2].encode(), ""),
    "no JSON": (lambda _: b"<html>", "Expecting value"),
    "two documents": (lambda text: (text + text).encode(), "Extra data"),
    "a list": (lambda _: b"[]", "should be an object"),
    "null": (lambda _: b"null", "should be an object"),
    "NaN": (lambda text: text.replace('"seed": 0', '"seed": NaN').encode(), "NaN is no number"),
    "Infinity": (lambda text: text.replace('"seed": 0', '"seed": -Infinity').encode(), "-Infinity is no number"),
    "1e999": (lambda text: text.replace('"seed": 0', '"seed": 0, "note": 1e999').encode(), "given twice"),
    "infinite facts": (lambda text: text.replace('"threads": 2', '"threads": 1e999').encode(), "at most 1e+15"),
    "a key twice": (lambda text: text.replace('"seed": 0', '"seed": 0, "seed": 1').encode(), "'seed' is given twice"),
    "a metric twice": (
        lambda text: text.replace('"psnr": {', '"lpips": {"value": 0.1}, "psnr": {').encode(),
        "'lpips' is given twice",
    ),
    "5,000 digits": (lambda text: text.replace('"seed": 0', f'"seed": {"9" * 5_000}').encode(), "digits"),
    "nested 100,000 times": (lambda _: b"[" * 100_000, "nested too deeply"),
    "nested objects": (lambda _: b'{"a":' * 100_000, "nested too deeply"),
    "no UTF-8": (lambda text: text.encode().replace(b"ridge", b"r\xff\xfedge").replace(b"fast", b"\xff"), "utf-8"),
    "UTF-16": (lambda text: text.encode("utf-16"), "utf-8"),
    "a byte order mark": (lambda text: b"\xef\xbb\xbf" + text.encode(), "BOM"),
    "zeros": (lambda text: bytes(len(text)), "Expecting value"),
    "a pickle": (lambda text: pickle.dumps(text), ""),
    "20 MB of blanks": (lambda text: text.encode() + b" " * 20_000_000, "at most 16,000,000"),
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_record_that_cannot_be_is_refused(name: str, raw: Raw) -> None:
    change, reason = FIELDS[name]
    with pytest.raises(Exception, match=r".") as error:
        Record.from_json(json.dumps(change(raw)))
    assert reason in str(error.value)
    assert type(error.value).__name__ in ("ValueError", "DataError", "JSONDecodeError")


def test_what_is_damaged_nowhere_is_read(raw: Raw) -> None:
    assert json.loads(Record.from_json(json.dumps(raw)).to_json()) == raw


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_that_is_no_record_is_left_out(name: str, raw: Raw, tmp_path: Path) -> None:
    change, reason = TEXTS[name]
    for folder, data in (("bad", change(json.dumps(raw))), ("good", json.dumps(raw).encode())):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "record.json").write_bytes(data)
    faults = Faults()
    assert [folder.name for _, folder in read_records(tmp_path, faults)] == ["good"]
    ((path, said),) = [(fault.path, fault.reason) for fault in faults]
    assert path == tmp_path / "bad" / "record.json"
    assert reason in said
    assert len(said) < 400


def test_the_page_is_made_without_any_of_them_and_names_each(good: Path, raw: Raw, tmp_path: Path) -> None:
    """All kinds at once, by name, in one page: the good cells are as they were."""
    runs = Path(shutil.copytree(good, tmp_path / "runs"))
    damaged = {name: json.dumps(change(raw)).encode() for name, (change, _) in FIELDS.items()}
    damaged |= {name: change(json.dumps(raw)) for name, (change, _) in TEXTS.items()}
    for name, data in damaged.items():
        (runs / "cifar10" / "damaged" / name).mkdir(parents=True)
        (runs / "cifar10" / "damaged" / name / "record.json").write_bytes(data)
    (runs / "a folder" / "record.json").mkdir(parents=True)
    (runs / "a pipe").mkdir()
    os.mkfifo(runs / "a pipe" / "record.json")
    (runs / "a dead link").mkdir()
    (runs / "a dead link" / "record.json").symlink_to("nowhere")
    assert len(damaged) + 3 > 60
    faults = Faults()
    page = Page(write_report(runs, tmp_path / "report.html", faults).read_text(encoding="utf-8"))
    listed = [item.text for item in page.root.first("div", class_="left-out").all("li")]
    places = {f"cifar10/damaged/{name}/record.json" for name in damaged}
    assert {line.partition(": ")[0] for line in listed} == places | {
        f"{name}/record.json" for name in ("a folder", "a pipe", "a dead link")
    }
    assert len(faults) == len(damaged) + 3
    assert str(tmp_path) not in page.html
    names = [tag.text for tag in page.root.first("table", class_="scores").all("span", class_="name")]
    assert names == ["biggan-logit", "ridge"]


def test_nothing_readable_says_what_was_wrong(raw: Raw, tmp_path: Path) -> None:
    (tmp_path / "record.json").write_text("{")
    with pytest.raises(Exception, match=r"record\.json: Expecting property name.*Type: bench run"):
        write_report(tmp_path, tmp_path / "report.html")


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in ("ids", "logits", "made_by"):
            packed.writestr(f"{name}.npy", bytes(30_000_000))
    return file.getvalue()


def npy(array: object) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(array), allow_pickle=True)
    return file.getvalue()


def npz(**arrays: object) -> bytes:
    file = io.BytesIO()
    held: dict[str, Any] = {name: np.asarray(one) for name, one in arrays.items()}
    np.savez(file, **held)
    return file.getvalue()


IDS = [f"test-{row:05d}" for row in range(N)]
ARRAYS: dict[str, tuple[str, bytes, str]] = {
    "pictures: a pickle": ("reconstructions.npy", pickle.dumps([1]), ""),
    "pictures: objects": ("reconstructions.npy", npy(np.array([{}], dtype=object)), ""),
    "pictures: an archive": ("reconstructions.npy", npz(a=[1]), "archive"),
    "pictures: too few": ("reconstructions.npy", npy(np.zeros((9, 32, 32, 3), np.uint8)), "60 pictures"),
    "pictures: floats": ("reconstructions.npy", npy(np.zeros((N, 32, 32, 3))), "float64"),
    "pictures: grey": ("reconstructions.npy", npy(np.zeros((N, 32, 32), np.uint8)), "shape"),
    "pictures: two channels": ("reconstructions.npy", npy(np.zeros((N, 32, 32, 2), np.uint8)), "60 pictures"),
    "pictures: no pixels": ("reconstructions.npy", npy(np.zeros((N, 0, 0, 3), np.uint8)), "shape"),
    "pictures: another size": ("reconstructions.npy", npy(np.zeros((N, 8, 8, 3), np.uint8)), "8x8 pixels"),
    "pictures: a huge header": (
        "reconstructions.npy",
        npy(np.zeros((N, 32, 32, 3), np.uint8)).replace(b"(60, 32, 32, 3)", b"(6000000000,32)"),
        "",
    ),
    "originals: cut": ("../../../originals.npy", npy(np.zeros((N, 32, 32, 3), np.uint8))[:5_000], ""),
    "originals: too few": ("../../../originals.npy", npy(np.zeros((9, 32, 32, 3), np.uint8)), "60 pictures"),
    "logits: empty": ("../../logits.npz", b"", ""),
    "logits: a bomb": ("../../logits.npz", bomb(), "unpacks to far more"),
    "logits: no archive": ("../../logits.npz", npy(np.zeros(5)), ""),
    "logits: lacking": ("../../logits.npz", npz(ids=IDS), ""),
    "logits: pickled ids": ("../../logits.npz", npz(ids=np.array([{}], dtype=object), logits=[[1.0]], made_by="x"), ""),
    "logits: one dimension": ("../../logits.npz", npz(ids=IDS, logits=np.zeros(N), made_by="x"), "shape"),
    "logits: fewer rows": ("../../logits.npz", npz(ids=IDS, logits=np.zeros((5, 10)), made_by="x"), "60 ids for 5"),
}


@pytest.mark.usefixtures("without_drawings")
@pytest.mark.parametrize("name", ARRAYS)
def test_a_damaged_array_is_left_out_and_named_on_the_page(name: str, good: Path, tmp_path: Path) -> None:
    place, data, reason = ARRAYS[name]
    runs = Path(shutil.copytree(good, tmp_path / "runs"))
    (cell,) = runs.glob("**/biggan-logit/*/")
    path = Path(os.path.normpath(cell / place))
    path.write_bytes(data)
    faults = Faults()
    page = Page(write_report(runs, tmp_path / "report.html", faults).read_text(encoding="utf-8"))
    assert [(fault.path, reason in fault.reason) for fault in faults] == [(path, True)], [f.reason for f in faults]
    (item,) = page.root.first("div", class_="left-out").all("li")
    assert item.text.startswith(path.relative_to(runs).as_posix())
    assert str(tmp_path) not in page.html
    assert "biggan-logit" in page.root.first("table", class_="scores").text


@pytest.mark.usefixtures("without_drawings")
@pytest.mark.parametrize("data", [b"", npy(np.zeros((N, 10), np.int64)), npy(np.zeros(N)), pickle.dumps(1)])
def test_damaged_logits_of_reconstructions_are_as_none(data: bytes, good: Path, tmp_path: Path) -> None:
    runs = Path(shutil.copytree(good, tmp_path / "runs"))
    (cell,) = runs.glob("**/biggan-logit/*/")
    np.savez(cell.parents[1] / "logits.npz", ids=IDS, logits=np.zeros((N, 10), np.float32), made_by=f"{'9f' * 32} cpu")
    (cell / "reconstruction_logits.npy").write_bytes(data)
    faults = Faults()
    html = write_report(runs, tmp_path / "report.html", faults).read_text(encoding="utf-8")
    assert [fault.path.name for fault in faults] == ["reconstruction_logits.npy"]
    assert NOT_STORED.partition(":")[0] in html


CAPTIONS: dict[str, tuple[str, bytes]] = {
    "empty": ("captions.json", b""),
    "a list": ("captions.json", b"[]"),
    "no rows": ("captions.json", b'{"columns": ["x", "y"], "judged": null}'),
    "rows are a number": ("captions.json", b'{"rows": 1, "columns": ["x", "y"], "judged": null}'),
    "rows are numbers": ("captions.json", b'{"rows": [1], "columns": ["x", "y"], "judged": null}'),
    "judged too few": ("captions.json", b'{"rows": ["a"], "columns": ["x", "y"], "judged": [["cat"]]}'),
    "judged a number": ("captions.json", b'{"rows": ["a"], "columns": ["x", "y"], "judged": 3}'),
    "nested": ("captions.json", b"[" * 100_000),
    "no UTF-8": ("captions.json", b"\xff\xfe"),
    "20 MB": ("captions.json", b" " * 20_000_000),
    "fewer columns": ("pictures.npy", npy(np.zeros((1, 1, 32, 32, 3), np.uint8))),
    "four dimensions": ("pictures.npy", npy(np.zeros((1, 2, 32, 3), np.uint8))),
    "floats": ("pictures.npy", npy(np.zeros((1, 2, 32, 32, 3)))),
    "a pickle": ("pictures.npy", pickle.dumps(b"x")),
}


def pictured(folder: Path) -> Entry:
    """A probe with two pictures and without levels, of which nothing would have to be drawn."""
    return with_pictures(folder, make_record("shift", levels=()), ["a"], ["x", "y"])[0]


def test_whole_pictures_of_a_probe_are_shown(tmp_path: Path) -> None:
    made = pictured(tmp_path)
    assert "data:image" in str(probe_pages([made]))
    assert not list(made.faults)


@pytest.mark.parametrize("name", CAPTIONS)
def test_damaged_pictures_of_a_probe_are_as_none(name: str, tmp_path: Path) -> None:
    file, data = CAPTIONS[name]
    made = pictured(tmp_path)
    assert made.directory is not None
    (made.directory / file).write_bytes(data)
    assert "data:image" not in str(probe_pages([made]))
    assert [fault.path.name for fault in made.faults] == [file]


def test_the_comparison_and_the_readme_go_on_too(good: Path, tmp_path: Path) -> None:
    runs = Path(shutil.copytree(good, tmp_path / "runs"))
    (runs / "bad").mkdir()
    (runs / "bad" / "record.json").write_text("{")
    (path,) = runs.glob("**/ridge/*/per_image.parquet")
    path.write_bytes(b"")
    faults = Faults()
    page = Page(write_comparison(good, runs, tmp_path / "c.html", faults).read_text(encoding="utf-8"))
    assert [fault.path for fault in faults] == [runs / "bad" / "record.json", path]
    listed = [item.text for item in page.root.first("div", class_="left-out").all("li")]
    assert [line.partition(": ")[0] for line in listed] == ["B", "B"]
    assert str(tmp_path) not in page.html
    sources = Sources(results=runs)
    assert "| biggan-logit |" in few(sources)
    assert "36 cases" in claims(sources)
    assert [fault.path for fault in sources.faults] == [runs / "bad" / "record.json"]


def test_links_among_the_runs_are_followed_once(good: Path, tmp_path: Path) -> None:
    """A folder behind a link is read, one that leads back is not read for ever, two ways to one cell give one row."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "elsewhere").symlink_to(good / "cifar10", target_is_directory=True)
    (tmp_path / "runs" / "again").symlink_to(good, target_is_directory=True)
    (tmp_path / "runs" / "loop").symlink_to(tmp_path / "runs", target_is_directory=True)
    faults = Faults()
    found = read_records(tmp_path / "runs", faults)
    assert sorted(record.method for record, _ in found) == ["biggan-logit", "ridge"]
    assert not list(faults)
    (one,) = group(Entry(record, folder) for record, folder in found)
    assert one.originals is not None
