import sys

import pytest

from bench.errors import PluginError, UnknownNameError, UsageError
from bench.registry import INVERTERS, expanded, load, methods_of, points, registered
from tests.conftest import AddPlugin

CODE = "class Grey:\n    name = 'grey'\n"


def test_entry_points_are_found_without_importing_them(plugin: AddPlugin) -> None:
    plugin("outsider", INVERTERS, "grey = outsider_a:Grey", "raise RuntimeError('imported')")
    point = registered(INVERTERS)["grey"]
    assert point.value == "outsider_a:Grey"
    assert "outsider_a" not in sys.modules


def test_load_imports(plugin: AddPlugin) -> None:
    plugin("outsider", INVERTERS, "grey = outsider_b:Grey", CODE)
    assert load(INVERTERS, "method", "grey").name == "grey"


def test_other_groups_stay_apart(plugin: AddPlugin) -> None:
    plugin("outsider", "bench.elsewhere", "grey = outsider_c:Grey", CODE)
    assert "grey" not in registered(INVERTERS)
    assert list(registered("bench.elsewhere")) == ["grey"]


def test_two_plugins_of_one_name_raise_where_that_name_is_asked_for_alone(plugin: AddPlugin) -> None:
    plugin("one", INVERTERS, "grey = outsider_d:Grey", CODE)
    plugin("two", INVERTERS, "grey = outsider_e:Grey", CODE)
    assert {"grey", "biggan-logit"} <= registered(INVERTERS).keys()
    claims = [point.value for point in points(INVERTERS) if point.name == "grey"]
    assert claims == [
        "outsider_d:Grey",
        "outsider_e:Grey",
    ]
    assert load(INVERTERS, "method", "engstrom").name == "engstrom"
    with pytest.raises(PluginError, match="Two plugins are registered as 'grey': outsider_d:Grey and outsider_e:Grey"):
        load(INVERTERS, "method", "grey")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise RuntimeError('not today')", r"RuntimeError: not today \(in outsider_\d+.py, line 1, <module>\)"),
        ("def :", r"SyntaxError: invalid syntax \(outsider_\d+.py, line 1\)"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("pass", "AttributeError: .* has no attribute 'Grey'"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_named(code: str, words: str, plugin: AddPlugin) -> None:
    module = f"outsider_{abs(hash(code))}"
    plugin("outsider", INVERTERS, f"grey = {module}:Grey", code)
    with pytest.raises(PluginError, match=f"The method 'grey' .*cannot be imported: {words}.*pip uninstall outsider"):
        load(INVERTERS, "method", "grey")


def test_ctrl_c_while_a_plugin_is_imported_interrupts(plugin: AddPlugin) -> None:
    plugin("outsider", INVERTERS, "grey = outsider_g:Grey", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load(INVERTERS, "method", "grey")


def test_misspelt_name_gets_a_suggestion(plugin: AddPlugin) -> None:
    plugin("outsider", INVERTERS, "dosovitskiy-brox = outsider_f:Grey", CODE)
    with pytest.raises(UnknownNameError, match=r"no method called 'dosovitsky-brox'\. Did you mean 'dosovitskiy-brox'"):
        load(INVERTERS, "method", "dosovitsky-brox")


def test_all_stands_for_everything_and_doubles_are_dropped() -> None:
    assert expanded(["b", "all", "c"], ("a", "b")) == ["b", "a", "c"]


def test_an_access_chooses_among_all_methods_and_what_is_named_stays(plugin: AddPlugin) -> None:
    code = "class Grey:\n    name, access = 'grey', 'features'\n"
    plugin("outsider", INVERTERS, "grey = outsider_access:Grey", code)
    everything = methods_of(["all"], None)
    parts = [methods_of(["all"], access) for access in ("logits", "features", "white-box")]
    assert sorted(name for part in parts for name in part) == sorted(everything)
    assert "biggan-logit" in parts[0]
    assert "grey" in parts[1]
    assert "mahendran-vedaldi" in parts[2]
    assert methods_of(["engstrom", "all"], "logits") == ["engstrom", *parts[0]]
    with pytest.raises(UsageError, match="give --method all"):
        methods_of(["engstrom"], "logits")
