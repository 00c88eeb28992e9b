"""What the command line does around a command, mostly in processes of their own."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.cli import console
from bench.errors import DataError

PRINTING = "from bench.cli import console; console.prepare(); print({text}, flush=True)"
# The command line with one more command, which writes a file when it has begun.
COMMAND = """
import time
from pathlib import Path
import bench.cli.app as cli

@cli.app.command()
def work(file: Path) -> None:
    file.write_text("begun")
    time.sleep(60)

@cli.app.command()
def talk(lines: int) -> None:
    for _ in range(lines):
        print("x" * 1000)

cli.main()
"""


def python(code: str, *words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, env=os.environ | environment, check=False
    )


@pytest.mark.processes
@pytest.mark.parametrize(
    ("environment", "encoding"),
    [
        ({"PYTHONIOENCODING": "ascii"}, "ascii"),
        ({"PYTHONIOENCODING": "latin-1"}, "latin-1"),
        ({"PYTHONIOENCODING": "cp1252"}, "cp1252"),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "ascii"),
    ],
)
def test_a_terminal_without_arrows_gets_readable_ascii(environment: dict[str, str], encoding: str) -> None:
    text = "↑ ↓ → 0.5±0.1 − 1 · a … b — µ ≥ é 中 \udcff"
    done = python(PRINTING.format(text=ascii(text)), **environment)
    assert done.returncode == 0, done.stderr.decode()
    shown = done.stdout.decode(encoding).strip()
    expected = {
        "ascii": r"^ v -> 0.5+-0.1 - 1 . a ... b - u >= e \u4e2d \xff",
        "latin-1": r"^ v -> 0.5±0.1 - 1 · a ... b - µ >= é \u4e2d \xff",
        "cp1252": r"^ v -> 0.5±0.1 - 1 · a … b — µ >= é \u4e2d \xff",
    }
    assert shown == expected[encoding]


@pytest.mark.processes
def test_utf8_stays_as_it_is_but_for_bytes_that_are_none() -> None:
    done = python(PRINTING.format(text=ascii("↑ 中 \udcff")), PYTHONIOENCODING="utf-8")
    assert done.stdout.decode() == "↑ 中 \\xff\n"


def test_every_character_that_bench_prints_has_a_word_in_ascii() -> None:
    """A table of all that stands in the code: nothing of it ends as a code."""
    root = Path(console.__file__).parents[2]
    files = [path for folder in ("bench", "baselines", "methods", "reports") for path in (root / folder).rglob("*.py")]
    characters = {c for path in files for c in path.read_text(encoding="utf-8") if ord(c) > 127}
    assert {"±", "↑"} <= characters
    assert not [c for c in characters if console.ascii_of(c).startswith("\\")]


@pytest.mark.processes
def test_the_list_of_metrics_in_ascii() -> None:
    done = python("import bench.cli.app; bench.cli.app.main()", "list", "metrics", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr.decode()
    assert b"fid" in done.stdout


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_in_one_line_that_says_how_to_go_on(number: signal.Signals, tmp_path: Path) -> None:
    words = ["work", str(tmp_path / "it has begun")]
    process = subprocess.Popen([sys.executable, "-c", COMMAND, *words], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (tmp_path / "it has begun").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == (
        f"bench: Interrupted by {number.name}. What is finished is kept. To go on, type the same command again: "
        f"bench work '{tmp_path / 'it has begun'}'\n"
    )


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("train inverter m --classifier c", "type: bench train inverter m --classifier c --resume"),
        ("train zoo --resume", "type the same command again: bench train zoo --resume"),
        ("train controls --classifier c", "type the same command again: bench train controls --classifier c"),
        ("run --method m", "type the same command again: bench run --method m"),
    ],
)
def test_a_training_goes_on_with_resume(command: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert console.ended(console.Interrupted("SIGTERM"), command.split()) == 130
    assert capsys.readouterr().err.endswith(said + "\n")


@pytest.mark.processes
@pytest.mark.parametrize("lines", [1, 1000])
def test_a_closed_pipe_ends_without_a_word(lines: int) -> None:
    """Noticed in the middle of the output, or when the last of it is flushed."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "talk", str(lines)], stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_errors_of_the_system_name_the_file_and_what_to_type(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))

    def said(error: BaseException) -> str:
        assert console.ended(error, ["run", "a b"]) == 1
        text = capsys.readouterr().err
        assert text.startswith("bench: ")
        assert len(text.splitlines()) == 1
        return text

    denied = PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "runs" / "x"))
    assert "another folder with --out" in said(denied)
    read_only = OSError(errno.EROFS, "Read-only file system", str(tmp_path / "home" / "x"))
    assert "export BENCH_HOME=/path/to/folder" in said(read_only)
    long = OSError(errno.ENAMETOOLONG, "File name too long", "/tmp/" + "x" * 5_000)
    assert "A path of 5,005 bytes is longer than the system allows" in said(long)
    assert len(said(long)) < 400
    assert "memory is not enough" in said(MemoryError())
    assert "bench --debug run 'a b'" in said(KeyError("x"))
    assert "gone" in said(DataError("gone"))


@pytest.mark.processes
def test_a_path_too_long_is_a_sentence(tmp_path: Path) -> None:
    code = "import bench.cli.app; bench.cli.app.main()"
    done = python(code, "report", "--runs", str(tmp_path / ("x" * 300)), "--out", str(tmp_path / ("y" * 5_000)))
    assert done.returncode in (1, 2)
    assert b"Traceback" not in done.stderr
    assert len(done.stderr.decode().strip().splitlines()) == 1


def test_an_interrupted_dry_run_is_not_told_to_resume() -> None:
    said = console._how_to_go_on(KeyboardInterrupt("SIGINT"), ["train", "inverter", "biggan-logit", "--dry-run"])
    assert said == "Interrupted by SIGINT. A dry run leaves nothing behind."
