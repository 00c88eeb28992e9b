"""The outsider's package, installed by pip into a folder of its own."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.metrics import registry


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it is installed."""
    source, target = tmp_path_factory.mktemp("source") / "outsider", tmp_path_factory.mktemp("site")
    shutil.copytree(Path(__file__).parent, source, ignore=shutil.ignore_patterns("*.egg-info", "build", "__pycache__"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True, capture_output=True)
    return target


@pytest.fixture
def install(site: Path) -> Iterator[Callable[[bool], None]]:
    """Call it with True, and the package is there; with False, and it is gone again."""

    def there(yes: bool) -> None:
        if str(site) in sys.path:
            sys.path.remove(str(site))
        if yes:
            sys.path.insert(0, str(site))
        for name in [name for name in sys.modules if name.partition(".")[0] == "outsider"]:
            del sys.modules[name]
        registry.forget()

    yield there
    there(False)
