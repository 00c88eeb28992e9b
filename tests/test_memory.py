import os
import subprocess
import sys

import pytest

from bench import memory

LIBRARY = os.confstr("CS_GNU_LIBC_VERSION") if "CS_GNU_LIBC_VERSION" in getattr(os, "confstr_names", {}) else None
glibc = pytest.mark.skipif(not LIBRARY, reason="needs glibc's malloc")

FAULTS = """
import resource, sys
import torch
from bench.memory import keep_freed_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def passes(count):
    for _ in range(count):
        torch.ones(12 * 2**20)  # 48 MiB, 12,288 pages

kept = keep_freed_memory() if sys.argv[1] == "keep" else None
passes(30)
before = faults()
passes(5)
print(kept, faults() - before)
"""


def faults(word: str) -> tuple[str, int]:
    """What was said, and the page faults of five tensors of 48 MiB, each freed before the next."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    command = [sys.executable, "-c", FAULTS, word]
    said, count = subprocess.run(command, env=clean, capture_output=True, text=True, check=True).stdout.split()
    return said, int(count)


@pytest.mark.processes
@glibc
def test_freed_memory_is_not_asked_for_again() -> None:
    _, before = faults("leave")
    said, after = faults("keep")
    assert said == "True"
    assert before > 100 + 5 * 48 // 2  # at least one fault for each large page
    assert after < 100


@glibc
def test_settings_of_the_user_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_ARENA_MAX", "2")
    assert not memory.keep_freed_memory()
    monkeypatch.delenv("MALLOC_ARENA_MAX")
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")
    assert not memory.keep_freed_memory()


@pytest.mark.parametrize("error", [OSError, TypeError, AttributeError])
def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def none(name: object) -> object:
        raise error

    monkeypatch.setattr("bench.memory.ctypes.CDLL", none)
    assert not memory.keep_freed_memory()
