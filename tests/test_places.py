"""Same name, same place: ``bench/metrics/lpips.py`` is tested by ``tests/metrics/test_lpips.py``.

What lies below ``bench`` is tested below ``tests``, what lies below the others in a folder of their name. A package's
``__init__`` has no name of its own to test under.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOPS = ("bench", "methods", "baselines", "reports", "studies")
WITHOUT = {  # modules that nothing can be tested of
    "bench/metrics/extractors/base.py": "an interface: names, types and what its methods must give",
    "reports/analysis/claims/language.py": "names of values, conditions and claims",
}


def modules() -> list[Path]:
    """Relative to the root; none with underscores around its name."""
    paths = (path for top in TOPS for path in sorted((ROOT / top).rglob("*.py")))
    return [path.relative_to(ROOT) for path in paths if not path.name.startswith("__")]


def place_of(module: Path) -> Path:
    """Where a module is tested, relative to the root."""
    below = module.relative_to("bench") if module.parts[0] == "bench" else module
    return Path("tests", below.parent, f"test_{module.name}")


def test_the_rule_is_what_it_says() -> None:
    assert place_of(Path("bench/line.py")) == Path("tests/test_line.py")
    assert place_of(Path("bench/metrics/lpips.py")) == Path("tests/metrics/test_lpips.py")
    assert place_of(Path("reports/page/scores.py")) == Path("tests/reports/page/test_scores.py")
    assert {module.parts[0] for module in modules()} == set(TOPS)


def test_every_module_is_tested_under_its_own_name() -> None:
    lacking = [module.as_posix() for module in modules() if not (ROOT / place_of(module)).is_file()]
    assert [module for module in lacking if module not in WITHOUT] == []


def test_every_exception_is_there_and_has_no_test_yet() -> None:
    for module in map(Path, WITHOUT):
        assert (ROOT / module).is_file(), f"{module} is gone"
        assert not (ROOT / place_of(module)).exists(), f"{module} has a test by now"
