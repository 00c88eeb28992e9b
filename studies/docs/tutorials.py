"""The guides are notebooks: ``python -m studies.docs.tutorials`` runs them and writes into their pages what they show.

A guide is a page of Markdown. Its blocks of Python are cells, one with a title is a file that its cell writes, and a
block of ``console`` is a cell where an output follows it. An output stands between two markers: text as a block,
pictures below ``docs/images/guides``; the words that describe a picture are the author's and stay. Beside the page lies
the notebook without outputs, ``NAME.ipynb``, for readers to run.

``--only NAME`` runs that one alone. ``--notebooks`` writes the notebooks and runs nothing.
"""

from __future__ import annotations

import argparse
import base64
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.store.files import write_atomically
from studies.docs import ROOT

COMMAND = "python -m studies.docs.tutorials"
GUIDES = ROOT / "docs" / "guides"
PICTURES = ROOT / "docs" / "images" / "guides"
TUTORIALS = ("inverter", "classifier", "images", "training", "probes")
LONGEST = 600  # seconds of one cell; a whole tutorial should take two minutes on two cores
BEGIN, END = "<!-- output -->", "<!-- end -->"
BLOCK = re.compile(
    rf'^```(?P<language>python|console)(?: title="(?P<title>[^"\n]+)")?\n(?P<source>.*?)^```\n'
    rf"(?:\n{BEGIN}\n(?P<output>.*?){END}\n)?",
    re.M | re.S,
)
MADE_ON = re.compile(r"\n<!-- made on (.*) -->\n\Z")
PICTURE = re.compile(r"!\[([^\]]*)\]\(\S+\)")


@dataclass(frozen=True)
class Output:
    """What a cell shows: text, and pictures as they are stored."""

    text: str = ""
    pictures: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Cell:
    """Prose (without a language) or a block of code.

    Attributes:
        source: the prose, or the code.
        language: ``python`` or ``console``.
        title: the file that the cell writes.
        stored: the output in the page, as it stands there.
    """

    source: str
    language: str = ""
    title: str = ""
    stored: str = ""
    output: Output = field(default_factory=Output)

    @property
    def notebook(self) -> str:
        """The source of the notebook's cell."""
        if self.language == "console":
            return "\n".join(f"!{line[2:]}" for line in self.source.splitlines() if line.startswith("$ "))
        return f"%%writefile {self.title}\n{self.source}" if self.title else self.source


def cells(page: str) -> list[Cell]:
    """A page as cells, in their order."""
    found, end, page = [], 0, MADE_ON.sub("", page)
    for block in BLOCK.finditer(page):
        language, title, source, output = block.group("language", "title", "source", "output")
        if language == "console" and output is None:
            continue
        found += [Cell(page[end : block.start()]), Cell(source.rstrip("\n"), language, title or "", output or "")]
        end = block.end()
    return [one for one in [*found, Cell(page[end:])] if one.language or one.source.strip()]


def notebook(parts: Sequence[Cell]) -> Any:
    """The notebook of a page, without outputs."""
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    made = []
    for k, part in enumerate(parts):
        if part.language:
            made.append(new_code_cell(part.notebook, id=f"cell-{k}"))
        else:
            made.append(new_markdown_cell(part.source.strip(), id=f"cell-{k}"))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=made, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def run(parts: Sequence[Cell], folder: Path) -> list[Cell]:
    """Every cell with what it shows, run offline in one thread as a notebook in an empty folder.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell fails.
    """
    from nbclient import NotebookClient

    book = notebook(parts)
    for one in book.cells:  # not on a terminal, where commands draw bars; errors beside answers
        one.source = re.sub(r"^!(.*)$", r"!(\1) 2>&1 | cat", one.source, flags=re.M)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    settings = {"PATH": path, "OMP_NUM_THREADS": "1", "TMPDIR": str(folder), "COLUMNS": "110", "TERM": "dumb"}
    with patch.dict(os.environ, settings):
        NotebookClient(
            book, timeout=LONGEST, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
        ).execute()
    return [
        replace(part, output=_output(one.outputs, folder)) if part.language and not part.title else part
        for part, one in zip(parts, book.cells, strict=True)
    ]


def _output(outputs: Sequence[Mapping[str, Any]], folder: Path) -> Output:
    """What a reader sees: standard output, the values of expressions and pictures, without where and how fast."""
    text, pictures = "", []
    for one in outputs:
        shown = one.get("data", {})
        if one["output_type"] == "stream":
            text += one["text"] if one["name"] == "stdout" else ""
        elif "image/png" in shown:
            pictures.append(_webp(base64.b64decode(shown["image/png"])))
        else:
            text += shown.get("text/plain", "") + "\n"
    text = re.sub(rf"{re.escape(str(folder))}/tmp\w+", ".", text.replace("\r\n", "\n"))
    text = re.sub(r"^.*(?: so far$| left$| a second\b).*\n| +$", "", text, flags=re.M)  # how a run gets on
    text = re.sub(r"\b[0-9a-f]{12,64}\b", "…", text)  # a digest, of a path among others
    return Output(text.strip("\n"), tuple(pictures))


def _webp(png: bytes) -> bytes:
    from PIL import Image

    stored = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").save(stored, "WEBP", quality=90, method=6)
    return stored.getvalue()


def here() -> str:
    """What decides the last digits: another processor or torch may give others."""
    import torch

    from bench.environment import describe

    return f"{describe(torch.device('cpu'))['processor']}, torch {torch.__version__.partition('+')[0]}, one thread"


def page(name: str, parts: Sequence[Cell]) -> tuple[str, dict[str, bytes]]:
    """The text of a page whose cells were run here, and its pictures by file name."""
    pictures: dict[str, bytes] = {}
    text = "\n\n".join(_written(name, part, pictures) for part in parts)
    return f"{text}\n\n<!-- made on {here()} -->\n", pictures


def _written(name: str, part: Cell, pictures: dict[str, bytes]) -> str:
    if not part.language:
        return part.source.strip("\n")
    title = f' title="{part.title}"' if part.title else ""
    shown = [f"```text\n{part.output.text}\n```\n"] if part.output.text else []
    alts = PICTURE.findall(part.stored)
    for k, picture in enumerate(part.output.pictures):
        file = f"{name}-{len(pictures) + 1}.webp"
        pictures[file] = picture
        shown.append(f"![{alts[k] if k < len(alts) else 'What the cell shows'}](../images/guides/{file})\n")
    output = "\n".join(["\n", BEGIN, *shown, END]) if shown or part.language == "console" else ""
    return f"```{part.language}{title}\n{part.source}\n```{output}"


def downloads() -> Iterator[tuple[Path, bytes]]:
    """Each notebook's file and what it should hold."""
    import nbformat

    for name in TUTORIALS:
        book = notebook(cells((GUIDES / f"{name}.md").read_text(encoding="utf-8")))
        yield GUIDES / f"{name}.ipynb", (nbformat.writes(book) + "\n").encode()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tutorials, and write their pages, pictures and notebooks."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.split("\n")[0])
    parser.add_argument("--only", action="append", choices=TUTORIALS, help="of the guides; repeats")
    parser.add_argument("--notebooks", action="store_true", help="write the notebooks alone, and run nothing")
    options = parser.parse_args(arguments)
    for name in () if options.notebooks else options.only or TUTORIALS:
        path = GUIDES / f"{name}.md"
        with tempfile.TemporaryDirectory() as folder:
            text, pictures = page(name, run(cells(path.read_text(encoding="utf-8")), Path(folder)))
        for old in PICTURES.glob(f"{name}-*.webp"):
            old.unlink()
        for file, picture in pictures.items():
            write_atomically(PICTURES / file, picture)
        write_atomically(path, text.encode())
    for path, held in downloads():
        write_atomically(path, held)


if __name__ == "__main__":
    main()
