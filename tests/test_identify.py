"""What the names of a method and a classifier stand for, and what is no method."""

import hashlib
import importlib
import inspect
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import PluginError, UsageError
from bench.identify import (
    NOT_LOADED,
    Method,
    _source,
    identify_classifier,
    identify_method,
    method_class,
    seeds_of_training,
    trained_as,
)
from bench.inverters.base import Inverter
from bench.inverters.control import Control
from bench.registry import CONTROLS, INVERTERS, registered
from methods.biggan_logit.inverter import BigGANLogit
from tests.conftest import AddPlugin

GROUPS = (INVERTERS, CONTROLS)


def test_an_installed_method_is_known_by_its_version_and_a_linked_one_by_its_module_too() -> None:
    assert (
        identify_method("biggan-logit").source
        == hashlib.sha256(Path(inspect.getfile(BigGANLogit)).read_bytes()).hexdigest()
    )
    installed = type("Installed", (), {"__module__": "numpy"})
    assert _source(installed, "installed") is None


@pytest.mark.parametrize(("group", "name"), [(group, name) for group in GROUPS for name in registered(group)])
def test_what_is_read_of_a_method_is_what_its_class_says(
    group: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cls = method_class(name)
    loaded = Method.of(cls, name, name, _source(cls, name))
    monkeypatch.delitem(sys.modules, cls.__module__)
    read = identify_method(name)
    assert read.loaded is None
    assert cls.__module__ not in sys.modules
    assert replace(read, loaded=cls) == loaded


def test_what_cannot_be_read_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plugin: AddPlugin) -> None:
    """And what is read follows the text, also of the same process."""
    code = "from bench.inverters.base import Inverter\nclass Mine(Inverter):\n    name = 'mine'\n    version = "
    module = plugin("theirs", INVERTERS, "theirs = outsider_r:Mine", "")
    monkeypatch.setattr("bench.identify.OURS", ("outsider_r",))
    for version in ("2", "3"):
        module.write_text(f"{code}'{version}'\n")
        found = identify_method("theirs")
        assert (found.version, found.loaded) == (version, None)
    with pytest.raises(PluginError, match="its version is '3' and reads as '4': give the class a literal"):
        replace(found, version="4").load()
    module.write_text(f"{code}str(2 + 2)\n")
    importlib.invalidate_caches()
    del sys.modules["outsider_r"]
    found = identify_method("theirs")
    assert (found.version, found.loaded) == ("4", sys.modules["outsider_r"].Mine)


@pytest.mark.parametrize(
    ("method", "found"),
    [
        ("biggan-logit", (2, 1)),
        ("onehot-biggan", (2, 1)),
        ("engstrom", (None,)),
        ("ridge", (None,)),
        ("oracle", (None,)),
    ],
)
def test_only_what_is_trained_by_a_seed_has_one(method: str, found: tuple[int | None, ...]) -> None:
    assert seeds_of_training(method, [2, 1, 2]) == found
    assert seeds_of_training(method, None) == (None,)


def test_weights_are_known_by_the_training_that_made_them() -> None:
    assert trained_as("biggan-logit", BigGANLogit) == "biggan-logit"
    other = type("Other", (BigGANLogit,), {"name": "other", "trained_as": "biggan-logit"})
    assert trained_as("other.py:Other", other) == "biggan-logit"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("access = 'whitebox'", "its access is 'whitebox', and should be one of: 'logits', 'features', 'white-box'"),
        ("training = 'some'", "its training is 'some', and should be one of: 'none', 'pairs'"),
        ("stochastic = 'yes'", "its stochastic is 'yes', and should be one of: False, True"),
        ("precisions = ('bf16',)", r"its precisions are \('bf16',\), and should be \('float32',\) or with 'bf16'"),
        ("precisions = ['float32']", "its precisions are"),
        ("version = 2", "its version is 2, and should be a text like '1' or '2.0-beta'"),
        ("version = 'a b'", "its version is 'a b'"),
        ("name = 3", "it has no name. Add a line to the class: name = 'my-inverter'"),
    ],
)
def test_a_class_that_declares_what_cannot_be_is_named(body: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        f"from bench import Inverter\nclass Mine(Inverter):\n    name = 'mine'\n    {body}\n"
    )
    with pytest.raises(PluginError, match=f"mine.Mine cannot be used: {words}"):
        method_class(f"{tmp_path / 'mine.py'}:Mine")


def test_a_method_that_cannot_be_loaded_still_has_a_name_and_a_key(tmp_path: Path, plugin: AddPlugin) -> None:
    plugin("theirs", INVERTERS, "theirs = outsider_i:Mine", "import no_such_module")
    plugin("controls", CONTROLS, "floor = outsider_f:Mine", "import no_such_module")
    (tmp_path / "mine.py").write_text("Mine = 1\n")
    local = f"{tmp_path / 'mine.py'}:Mine"
    for name, short, kind, stand_in in (
        ("theirs", "theirs", "inverter", Inverter),
        ("floor", "floor", "control", Control),
        (local, "mine.Mine", "inverter", Inverter),
    ):
        found = identify_method(name)
        assert (found.name, found.kind, found.source) == (short, kind, NOT_LOADED)
        assert found.access == stand_in.access
        with pytest.raises(PluginError):
            found.load()


def test_the_code_of_a_local_method_is_its_file_and_what_that_imports(tmp_path: Path) -> None:
    (tmp_path / "shade_helper.py").write_text("LEVEL = 0.5\n")
    code = "from bench import Inverter\nfrom shade_helper import LEVEL\nclass Mine(Inverter):\n    name = 'shade'\n"
    (tmp_path / "mine.py").write_text(code)
    reference = f"{tmp_path / 'mine.py'}:Mine"
    found = identify_method(reference)
    assert (found.name, found.load().name, found.broken) == ("shade", "shade", None)
    assert identify_method(reference).source == found.source
    (tmp_path / "shade_helper.py").write_text("LEVEL = 0.25\n")
    assert identify_method(reference).source != found.source


def test_a_judge_is_never_a_target_and_a_classifier_that_fails_is_told_about(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"judge scores .* is never a target\. Targets: .*robust_resnet152"):
        identify_classifier("judge")
    (tmp_path / "net.py").write_text("def network():\n    raise ValueError('no weights')\n")
    card, error = identify_classifier(f"{tmp_path / 'net.py'}:network")
    assert (card.name, card.identity, card.num_logits) == ("net.network", NOT_LOADED, 0)
    assert "ValueError: no weights" in str(error)
