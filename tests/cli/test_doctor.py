from pathlib import Path

import pytest

from bench import environment
from bench.cli import doctor
from bench.datasets import fetch_cifar10
from bench.registry import DATASETS, INVERTERS
from tests.conftest import AddPlugin, AddWeights


def test_report_is_whole(bench_home: Path, zoo: AddWeights, tmp_path: Path) -> None:
    zoo("net", b"weights")
    report = doctor.report(tmp_path / "runs")
    titles = [check.title for check in report]
    expected = [
        "python",
        "torch",
        "weights net",
        "dataset cifar10",
        "weights inception",
        "runs folder",
        "cache",
        "device",
    ]
    assert [title for title in titles if title in expected] == expected
    assert all(check.hint for check in report if check.ok is not True)
    assert all("\n" not in check.detail + check.hint for check in report)
    assert not (tmp_path / "runs").exists()
    assert not bench_home.exists()


def test_versions_below_the_minimum(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"old": "1.9.3+cpu", "new": "1.10", "gone": None}
    monkeypatch.setattr(doctor, "requirements", lambda: dict.fromkeys(found, "1.10"))
    monkeypatch.setattr(doctor, "installed", found.get)
    checks = {check.title: check for check in doctor.packages()}
    assert [checks[name].ok for name in found] == [False, True, False]
    assert checks["old"].hint == "pip install -U 'old>=1.10'"
    assert checks["gone"].hint == "pip install 'gone>=1.10'"


def test_requirements_come_from_the_metadata() -> None:
    found = doctor.requirements()
    assert found["torch"] == "2.11"
    assert "pytest" not in found


@pytest.mark.parametrize(
    ("version", "parts"), [("2.11.0+cpu", (2, 11, 0)), ("0.26", (0, 26)), ("3rc1", (3,)), ("x", ())]
)
def test_numbers(version: str, parts: tuple[int, ...]) -> None:
    assert doctor.numbers(version) == parts


def test_old_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "MINIMUM_PYTHON", (9, 1))
    assert doctor.python().ok is False
    assert "Python 9.1 or later" in doctor.python().hint


def test_weights_missing_and_replaced(zoo: AddWeights) -> None:
    zoo("good", b"a")
    zoo("bad", b"b", sha256="0" * 64)
    zoo("gone", b"c").unlink()
    found = {check.title: check for check in doctor.weights()}
    assert found["weights good"].ok is True
    assert found["weights bad"].ok is False
    assert "SHA-256" in found["weights bad"].detail
    assert found["weights gone"].ok is False
    assert "no such file" in found["weights gone"].detail


def test_unreadable_manifest(zoo: AddWeights) -> None:
    zoo("net", b"a").with_name("manifest.json").write_text("{")
    (check,) = doctor.weights()
    assert check.ok is False
    assert "manifest" in check.detail


def test_datasets_say_what_is_here(bench_home: Path, monkeypatch: pytest.MonkeyPatch, plugin: AddPlugin) -> None:
    def cifar10() -> doctor.Check:
        return next(check for check in doctor.datasets() if check.title == "dataset cifar10")

    assert cifar10().ok is None
    assert "bench data fetch cifar10" in cifar10().hint
    (bench_home / "cifar10").mkdir(parents=True)
    assert cifar10().ok is False
    assert "--force" in cifar10().hint
    monkeypatch.setattr(fetch_cifar10, "whole", lambda _: True)
    assert cifar10().ok is True
    plugin("theirs", DATASETS, "stars = outsider_s:Stars", "raise RuntimeError('cloudy')")
    found = {check.title: check for check in doctor.datasets()}
    assert "dataset folder" not in found
    assert "cloudy" in found["dataset stars"].detail
    assert found["dataset stars"].hint.endswith("pip uninstall theirs")


def test_not_writable(tmp_path: Path) -> None:
    assert doctor.writable("runs folder", tmp_path / "a" / "b", "x").ok is True
    (tmp_path / "file").touch()
    check = doctor.writable("runs folder", tmp_path / "file" / "runs", "give another one with --out")
    assert check.ok is False
    assert check.hint == "give another one with --out"


def test_broken_plugin_is_named(plugin: AddPlugin) -> None:
    plugin("outsider", INVERTERS, "grey = outsider_i:Grey", "raise RuntimeError('not today\\nsecond line')")
    plugin("healthy", INVERTERS, "blue = outsider_j:Blue", "Blue = 1")
    found = {check.title: check for check in doctor.plugins()}
    assert found["plugin grey"].ok is False
    assert "(outsider_i:Grey) cannot be imported: RuntimeError: not today second line" in found["plugin grey"].detail
    assert found["plugin grey"].hint.endswith("pip uninstall outsider")
    assert found["inverters"].ok is True
    assert "blue" in found["inverters"].detail


def test_what_providers_need_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "installed", lambda name: None)
    assert list(doctor.optional()) == [
        doctor.Check(
            "transformers", None, "not installed", "pip install transformers   (for --classifier huggingface:NAME)"
        ),
        doctor.Check("timm", None, "not installed", "pip install timm   (for --classifier timm:NAME)"),
    ]
    monkeypatch.setattr(doctor, "installed", lambda name: "1.0")
    assert list(doctor.optional()) == [
        doctor.Check("transformers", True, "1.0"),
        doctor.Check("timm", True, "1.0"),
    ]


def test_networks_that_short_names_stand_for(bench_home: Path) -> None:
    found = {check.title: check for check in doctor.networks()}
    place = bench_home / "classifiers" / "fair" / "R152.npz"
    fair = found["weights fair:R152"]
    assert (fair.ok, fair.detail) == (None, "robust_resnet152 of imagenet and tiny-imagenet, not here")
    assert fair.hint.startswith("fetch https://github.com/facebookresearch/")
    assert fair.hint.endswith(f"and put it at {place}")
    torchvision = found["weights torchvision:resnet152@IMAGENET1K_V1"]
    assert torchvision.detail == "resnet152 of imagenet and tiny-imagenet, not here"
    assert torchvision.hint == "bench check torchvision:resnet152@IMAGENET1K_V1   (fetches it)"
    assert not any("zoo:" in title for title in found)
    place.parent.mkdir(parents=True)
    place.touch()
    assert {check.title: check.ok for check in doctor.networks()}["weights fair:R152"] is True


def test_duplicate_plugins_are_reported(plugin: AddPlugin) -> None:
    plugin("one", INVERTERS, "grey = outsider_k:Grey", "Grey = 1")
    plugin("two", INVERTERS, "grey = outsider_l:Grey", "Grey = 1")
    found = {check.title: check for check in doctor.plugins()}
    assert found["plugin grey"].ok is False
    assert "Two plugins" in found["plugin grey"].detail
    assert found["inverters"].ok is True
    assert "grey" not in found["inverters"].detail


def test_a_plugin_that_asks_to_exit_is_one_line_of_the_report(
    plugin: AddPlugin, capfd: pytest.CaptureFixture[str]
) -> None:
    plugin("outsider", INVERTERS, "grey = outsider_m:Grey", "import sys; print('hello'); sys.exit()")
    found = {check.title: check for check in doctor.plugins()}
    assert "SystemExit" in found["plugin grey"].detail
    assert found["probes"].ok is True
    assert capfd.readouterr() == ("", "hello\n")


def test_broken_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torchvision", None)
    check = doctor.device()
    assert check.ok is False
    assert "torchvision" in check.hint


def test_minimum_python_is_the_packages_own() -> None:
    from importlib.metadata import metadata

    wanted = ".".join(map(str, doctor.MINIMUM_PYTHON))
    assert metadata(environment.DISTRIBUTION)["Requires-Python"] == f">={wanted}"
