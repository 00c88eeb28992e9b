"""What the command line does around a command: text that any terminal shows, quiet ends, errors as one paragraph."""

from __future__ import annotations

import codecs
import errno
import io
import os
import shlex
import signal
import sys
import unicodedata
from types import FrameType

from bench.errors import BenchError

INTERRUPTED = 130
CLOSED_PIPE = 141  # as the shell reports it of a program that the closed pipe ends
READABLE = "bench.readable"  # of the error handler
ASCII = {
    "↑": "^", "↓": "v", "→": "->", "←": "<-", "±": "+-", "×": "x", "·": ".", "…": "...", "—": "-", "–": "-", "−": "-",
    "≥": ">=", "≤": "<=", "≈": "~", "µ": "u", "‘": "'", "’": "'", "“": '"', "”": '"', "│": "|", "├": "|", "└": "`",
    "‖": "||", "√": "sqrt", "⊙": "*", "′": "'", "∇": "grad ", "₋": "-", "\u0302": "^", "\u0304": "_mean",
    "─": "-", "○": "o", "✓": "yes", "✗": "no", "•": "*",
}  # fmt: skip


def prepare() -> None:
    """Let stdout and stderr show what their encoding lacks, and let SIGINT and SIGTERM end in ``Interrupted``."""
    codecs.register_error(READABLE, _replace)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=READABLE)
    for number, default in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
        if signal.getsignal(number) == default:  # one that is ignored, as under nohup, stays so
            signal.signal(number, _interrupt)


def _replace(error: UnicodeError) -> tuple[str, int]:
    """What Python writes in place of characters that an encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(ascii_of, error.object[error.start : error.end])), error.end


def ascii_of(character: str) -> str:
    """A character in readable ASCII: the letter under an accent, ``sigma``, ``->`` for an arrow, else its code."""
    if character in ASCII:
        return ASCII[character]
    if "\udc80" <= character <= "\udcff":  # a byte of a file name that is no UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    name = unicodedata.name(character, "").split(" ")
    if name[0] == "GREEK":
        return name[-1].capitalize() if "CAPITAL" in name else name[-1].lower()
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return plain or character.encode("ascii", "backslashreplace").decode()


class Interrupted(BaseException):
    """The user or the system asked for the end. No KeyboardInterrupt, which the command line's library answers."""


def _interrupt(number: int, _frame: FrameType | None) -> None:
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_DFL)  # the second time it ends at once
    raise Interrupted(signal.Signals(number).name)


def ended(error: BaseException, arguments: list[str]) -> int:
    """Say in one paragraph on stderr why a command ended; the exit status.

    Args:
        error: what it raised.
        arguments: of the command line.
    """
    if isinstance(error, Interrupted | KeyboardInterrupt):
        if os.environ.get("RANK", "0") != "0":  # of several processes the first says it
            return INTERRUPTED
        return _say(_how_to_go_on(error, arguments), INTERRUPTED)
    if ended_by_closed_pipe(error):
        return CLOSED_PIPE
    if isinstance(error, BenchError):
        return _say(str(error), error.exit_status)
    if isinstance(error, OSError):
        return _say(os_error_text(error), 1)
    if isinstance(error, MemoryError):
        return _say("The memory is not enough. Give fewer images with --num-images, or end other programs.", 1)
    text = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return _say(f"{text}. To see where, type: bench --debug {shlex.join(arguments)}", 1)


def _say(text: str, status: int) -> int:
    try:
        print(f"bench: {text}", file=sys.stderr)
    except OSError:  # the terminal is gone
        return status
    return status


def ended_by_closed_pipe(error: BaseException) -> bool:
    """Whether whoever read the output went away; what is left of it then goes nowhere, without a word.

    Typer notices it by itself in the middle of a command, and ends with status 1.
    """
    found = error.__context__ if isinstance(error, SystemExit) else error
    closed = isinstance(found, OSError) and found.errno == errno.EPIPE
    if closed:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return closed


def _how_to_go_on(error: BaseException, arguments: list[str]) -> str:
    """One line: nothing is lost, and what to type."""
    name = str(error) or "SIGINT"
    if "--dry-run" in arguments:
        return f"Interrupted by {name}. A dry run leaves nothing behind."
    command = [word for word in arguments if not word.startswith("-")]
    again = list(arguments)
    if command[:1] == ["train"] and command[1:2] != ["controls"] and "--resume" not in arguments:
        again.append("--resume")
        how = "To go on from the last checkpoint, type"
    else:
        how = "What is finished is kept. To go on, type the same command again"
    return f"Interrupted by {name}. {how}: bench {shlex.join(again)}"


def os_error_text(error: OSError) -> str:
    """Which file, what is wrong with it, and what to type next."""
    if error.filename is None:
        return f"The operating system refused: {error}. To see where, type: bench --debug ..."
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else str(error.filename)
    if error.errno == errno.ENAMETOOLONG:
        size = len(os.fsencode(name))
        return (
            f"A path of {size:,} bytes is longer than the system allows (most allow 4,096, and 255 between two "
            f"slashes): {name[:60]}... Give a shorter one, for instance another folder with --out."
        )
    text = f"{name} could not be read or written: {error.strerror}. Check the path and its permissions, or choose"
    if _below_home(name):
        return f"{text} another folder for what bench keeps: export BENCH_HOME=/path/to/folder"
    return f"{text} another folder with --out."


def _below_home(name: str) -> bool:
    """Whether a file belongs to what bench fetches and caches."""
    from bench.paths import home

    try:
        return os.path.abspath(name).startswith(os.path.abspath(home()))
    except BenchError:
        return False
