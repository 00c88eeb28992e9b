"""The guides are notebooks: they run as they stand, and their pages show what comes out."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studies.docs import tutorials
from studies.docs.tutorials import (
    GUIDES,
    PICTURE,
    PICTURES,
    TUTORIALS,
    Cell,
    cells,
    downloads,
    here,
    notebook,
    page,
    run,
)

LARGEST, ALL = 60_000, 400_000  # bytes of a picture, and of all
NUMBER = re.compile(r"(?<![\w.,/-])\d[\d,]*(?:\.\d+)?")
NEAR = 0.1  # of a number, or its absolute difference, on another processor
SMALL = """# A page

Prose with 3.

```python title="other.py"
WORD = "written"
```

```console
$ python -c "import other; print(other.WORD)"
```

<!-- output -->
<!-- end -->

```console
$ never run
```

```python
from PIL import Image

print("first")
Image.new("RGB", (8, 4), "red")
```

<!-- output -->
![A red field](gone.webp)

<!-- end -->

End.
"""


def text(name: str) -> str:
    return (GUIDES / f"{name}.md").read_text(encoding="utf-8")


def shown(part: Cell) -> str:
    found = re.search(r"```text\n(.*?)\n```", part.stored, re.S)
    return found[1] if found else ""


def test_a_page_is_cells_of_prose_files_commands_and_code() -> None:
    found = [one for one in cells(SMALL) if one.language]
    assert [one.language for one in found] == ["python", "console", "python"]
    assert found[0].notebook == '%%writefile other.py\nWORD = "written"'
    assert found[1].notebook == '!python -c "import other; print(other.WORD)"'
    kinds = [one.cell_type for one in notebook(cells(SMALL)).cells]
    assert kinds == ["markdown", "code", "code", "markdown", "code", "markdown"]
    assert "$ never run" in notebook(cells(SMALL)).cells[3].source


@pytest.mark.processes
def test_what_cells_show_is_written_below_them(tmp_path: Path) -> None:
    written, pictures = page("small", run(cells(SMALL), tmp_path))
    assert 'print(other.WORD)"\n```\n\n<!-- output -->\n```text\nwritten\n```\n\n<!-- end -->\n' in written
    assert "```text\nfirst\n```\n\n![A red field](../images/guides/small-1.webp)\n" in written
    assert Image.open(io.BytesIO(pictures["small-1.webp"])).size == (8, 4)
    again = page("small", run(cells(written), tmp_path))
    assert again == (written, pictures)
    assert written.endswith(f"End.\n\n<!-- made on {here()} -->\n")


@pytest.mark.processes
def test_a_cell_that_fails_stops_the_tutorial(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="ZeroDivisionError"):
        run(cells("```python\n1 / 0\n```\n"), tmp_path)


def test_each_guide_has_its_notebook_beside_it() -> None:
    assert [path.name for path, held in downloads() if not path.is_file() or path.read_bytes() != held] == []
    assert {path.stem for path in GUIDES.glob("*.ipynb")} == set(TUTORIALS)
    for name in TUTORIALS:
        assert f"({name}.ipynb)" in text(name)


def test_pictures_are_small_described_and_used() -> None:
    sizes = {path.name: path.stat().st_size for path in PICTURES.iterdir()}
    assert max(sizes.values()) <= LARGEST
    assert sum(sizes.values()) <= ALL
    stored = [one.stored for name in TUTORIALS for one in cells(text(name))]
    used = re.findall(r"!\[([^\]]+)\]\(\.\./images/guides/([\w.-]+)\)", "".join(stored))
    assert sorted(file for _, file in used) == sorted(sizes)
    assert "What the cell shows" not in [alt for alt, _ in used]


@pytest.mark.parametrize("name", TUTORIALS)
def test_every_number_of_the_prose_stands_in_the_code_or_in_what_it_shows(name: str) -> None:
    assert strangers(cells(text(name))) == []


def strangers(parts: list[Cell]) -> list[str]:
    """Numbers of the prose between the first cell and the last output that nothing run gives."""
    last = max(k for k, part in enumerate(parts) if part.language)
    ran = re.sub(r"(?<=\d)_(?=\d)", "", " ".join(f"{one.source} {shown(one)}" for one in parts if one.language))
    known = {found.replace(",", "") for found in NUMBER.findall(ran)}
    prose = " ".join(part.source for part in parts[1:last] if not part.language)
    prose = re.sub(r"`[^`]*`|\]\([^)]*\)", " ", prose)
    return [one for one in NUMBER.findall(prose) if one.replace(",", "") not in known]


def test_a_number_that_nothing_gives_is_noticed() -> None:
    made = "# A\n\n```python\nx = 2_500\n```\n\nOf 2,500 images 0.41 and `7`.\n\n```python\nx\n```\n"
    assert strangers(cells(made)) == ["0.41"]


@pytest.mark.slow
@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_gives_what_its_page_shows(name: str, tmp_path: Path) -> None:
    stored = text(name)
    exact = f"<!-- made on {here()} -->" in stored
    files = iter(sorted(PICTURES.glob(f"{name}-*.webp")))
    for part in run(cells(stored), tmp_path):
        if part.language:
            assert alike(shown(part), part.output.text, exact), part.output.text
            assert len(part.output.pictures) == len(PICTURE.findall(part.stored))
            for made in part.output.pictures:
                assert distance(next(files).read_bytes(), made) <= (1 if exact else 12)


def alike(stored: str, made: str, exact: bool) -> bool:
    """Whether two outputs are the same, on another processor but for digits."""
    if exact or stored == made:
        return stored == made
    pairs = zip(NUMBER.findall(stored), NUMBER.findall(made), strict=False)
    numbers = ((float(a.replace(",", "")), float(b.replace(",", ""))) for a, b in pairs)
    plain = [re.sub(r"\s+", " ", NUMBER.sub("#", one)) for one in (stored, made)]
    return plain[0] == plain[1] and all(abs(a - b) <= max(NEAR, NEAR * abs(a)) for a, b in numbers)


def test_another_number_is_noticed_and_on_another_processor_one_that_is_far() -> None:
    assert not alike("lpips 0.41", "lpips 0.42", exact=True)
    assert alike("lpips 0.41", "lpips 0.42", exact=False)
    assert not alike("lpips 0.41", "lpips 0.72", exact=False)
    assert not alike("lpips 0.41", "psnr 0.41", exact=False)


def distance(stored: bytes, made: bytes) -> float:
    """Mean difference of two pictures in grey levels."""
    a, b = (np.asarray(Image.open(io.BytesIO(one)).convert("RGB"), np.float64) for one in (stored, made))
    return float(np.abs(a - b).mean()) if a.shape == b.shape else 255.0


def test_the_command_writes_notebooks_and_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tutorials, "GUIDES", tmp_path)
    monkeypatch.setattr(tutorials, "TUTORIALS", ("small",))
    (tmp_path / "small.md").write_text(SMALL, encoding="utf-8")
    tutorials.main(["--notebooks"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.ipynb", "small.md"]
    assert (tmp_path / "small.md").read_text(encoding="utf-8") == SMALL
