"""Malformed inputs: words, images, records, side files, weights and plugins that no run should trip over.

A case prepares what it needs below a folder of its own and gives the command to type. ``runs`` below that folder is a
copy of finished runs, ``own`` among the damage is what the case itself may break.
"""

from __future__ import annotations

import gzip
import io
import json
import pickle
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

PLUGINS = Path(__file__).parent.parent / "plugins.py"
CLASSIFIER = f"{Path(__file__).parent.parent / 'probes' / 'tiny.py'}:tiles"
Prepare = Callable[[Path], list[str]]


@dataclass(frozen=True)
class Case:
    """One malformed input.

    Attributes:
        title: what is wrong.
        prepare: makes it below a folder and returns the words after ``bench``.
        damages: whether the case damages the finished runs themselves, so that they need not stay as they were.
    """

    title: str
    prepare: Prepare
    damages: bool = False


def every(seed: int) -> list[Case]:
    """All cases, in a fixed order; the seed decides where files are cut and which bytes are changed."""
    rng = random.Random(seed)
    return [*words(), *images(rng), *pairs(rng), *records(rng), *side_files(rng), *weights(rng), *plugins()]


def run(folder: Path, **options: object) -> list[str]:
    """``bench run`` of a small cell, with these options in place of its own."""
    given: dict[str, object] = {
        "method": f"{PLUGINS}:Grey",
        "classifier": CLASSIFIER,
        "num_images": 4,
        "out": folder / "own",
    } | options
    pairs = [(f"--{name.replace('_', '-')}", str(value)) for name, value in given.items()]
    return ["run", "--no-controls", *(word for pair in pairs for word in pair)]


def words() -> Iterator[Case]:
    """Command lines that nobody can honour."""
    odd = [
        "",
        " ",
        "-",
        "all,all",
        "biggan",
        "../..",
        "nothing.py:Class",
        "/:x",
        "a" * 5000,
        "bigган",
        "\udcff",
        "a\nb",
    ]
    odd += ["\x1b[31mred", "biggan-logit ", "BIGGAN-LOGIT", "{method}", "%s", "*", "folder:", "http://x/y.py:Z"]
    for option in ("method", "classifier", "dataset"):
        for word in odd:
            yield Case(f"--{option} {word[:20]!r}", lambda f, o=option, w=word: run(f, **{o: w}))  # type: ignore[misc]
    for word in ("0", "-1", "1e3", "99999999999999999999", "ten", "", "2500.5", "nan", "0x10", "²"):
        yield Case(f"--num-images {word!r}", lambda f, w=word: run(f, num_images=w))  # type: ignore[misc]
        yield Case(f"--seed {word!r}", lambda f, w=word: run(f, seed=w))  # type: ignore[misc]
    for option, word in (("preset", "slow"), ("device", "tpu"), ("device", "cuda:9"), ("preset", "")):
        yield Case(f"--{option} {word!r}", lambda f, o=option, w=word: run(f, **{o: w}))  # type: ignore[misc]
    for place in ("/proc/none", "/dev/null", "/dev/full", "/dev/null/below", "/sys/x"):
        yield Case(f"--out {place}", lambda f, p=place: run(f, out=p))  # type: ignore[misc]
        yield Case(f"report --out {place}", lambda f, p=place: _report(f, p))  # type: ignore[misc]
    for line in (
        "probe nothing --method biggan-logit --classifier resnet152",
        "probe noise --method nothing --classifier resnet152",
        "probe noise --method biggan-logit --classifier judge",
        "list nothing",
        "list runs --runs /proc/none",
        "report --runs /dev/null",
        "report --runs /proc/none",
        "report --compare /proc/none /dev/null",
        "data fetch nothing",
        "data fetch cifar10 --from /proc/none",
        "data fetch cifar10 --from /dev/null",
        "data verify nothing",
        "score --originals /proc/none --reconstructions /dev/null",
        "train inverter nothing --classifier resnet152",
        "train inverter biggan-logit --classifier nothing",
        "train classifier nothing",
        "train zoo --budget 0",
        "train zoo --budget -3",
        "nothing",
        "run",
    ):
        yield Case(line, lambda f, w=line: w.split())  # type: ignore[misc]


def _report(folder: Path, out: str) -> list[str]:
    return ["report", "--runs", str(folder / "runs"), "--out", out]


def images(rng: random.Random) -> Iterator[Case]:
    """Folders with files that are no images, or images that nobody expects."""
    formats = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
    for kind in formats:
        whole = picture(kind)
        for share in (0.0, 0.05, 0.5, 0.97):
            cut = whole[: int(share * len(whole))]
            yield Case(f"{kind} cut to {share:.0%}", _folder(f"x.{_ending(kind)}", cut))
        for _ in range(2):
            yield Case(f"{kind} with changed bytes", _folder(f"x.{_ending(kind)}", changed(whole, rng)))
    others = {
        "a bomb of 60,000 x 60,000": _png_header(60_000, 60_000),
        "a bomb of 2^31 - 1 pixels a side": _png_header(2**31 - 1, 2**31 - 1),
        "no pixels": _png_header(0, 0),
        "a text": b"not an image at all\n",
        "zeros": bytes(4_096),
        "gzip": gzip.compress(bytes(1_000_000)),
        "a pickle": pickle.dumps({"x": 1}),
        "an SVG": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    }
    for title, data in others.items():
        yield Case(f"{title} named .png", _folder("x.png", data))
    for mode in ("1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F", "YCbCr", "LAB"):
        ending = "png" if mode in ("1", "L", "LA", "P", "RGBA", "I;16") else "tif"
        yield Case(f"an image of mode {mode}", _folder(f"x.{ending}", picture(_format(ending), mode)))
    yield Case("a folder named like an image", lambda f: _odd_folder(f, "directory"))
    yield Case("a link that leads nowhere", lambda f: _odd_folder(f, "dangling"))
    yield Case("a link to the folder itself", lambda f: _odd_folder(f, "loop"))
    yield Case("a name that is no UTF-8", lambda f: _odd_folder(f, "bytes"))
    yield Case("a named pipe", lambda f: _odd_folder(f, "pipe"))
    yield Case("an image of 1 x 20,000 pixels", _folder("x.png", picture("PNG", size=(1, 20_000))))


def _folder(name: str, data: bytes) -> Prepare:
    def prepare(folder: Path) -> list[str]:
        _images(folder / "photos" / "a", 4)
        (folder / "photos" / "a" / name).write_bytes(data)
        return run(folder, dataset=f"folder:{folder / 'photos'}", num_images=5)

    return prepare


def _odd_folder(folder: Path, what: str) -> list[str]:
    import os

    place = folder / "photos" / "a"
    _images(place, 4)
    if what == "directory":
        (place / "x.png").mkdir()
    elif what == "dangling":
        (place / "x.png").symlink_to(folder / "nothing.png")
    elif what == "loop":
        (place / "x.png").symlink_to(place / "x.png")
    elif what == "bytes":
        (place / os.fsdecode(b"\xff\xfe.png")).write_bytes(picture("PNG"))
    else:
        os.mkfifo(place / "x.png")
    return run(folder, dataset=f"folder:{folder / 'photos'}", num_images=5)


def pairs(rng: random.Random) -> Iterator[Case]:
    """Two folders that do not match, for ``bench score``."""

    def score(name: str, data: bytes, *, extra: bool = False) -> Prepare:
        def prepare(folder: Path) -> list[str]:
            for side in ("a", "b"):
                _images(folder / side, 3)
            (folder / "b" / name).write_bytes(data)
            if extra:
                (folder / "a" / name).write_bytes(picture("PNG"))
            return ["score", "--originals", str(folder / "a"), "--reconstructions", str(folder / "b"), "--json"]

        return prepare

    yield Case("score: a lonely image", score("lonely.png", picture("PNG")))
    yield Case("score: two sizes", score("p.png", picture("PNG", size=(16, 16)), extra=True))
    yield Case("score: 16 bits", score("p.png", picture("PNG", "I;16"), extra=True))
    yield Case("score: a bomb", score("p.png", _png_header(50_000, 50_000), extra=True))
    yield Case("score: a text", score("p.png", b"text", extra=True))
    whole = picture("PNG")
    for _ in range(4):
        yield Case("score: a cut image", score("p.png", whole[: rng.randrange(len(whole) - 30)], extra=True))
        yield Case("score: changed bytes", score("p.png", changed(whole, rng), extra=True))


def records(rng: random.Random) -> Iterator[Case]:
    """Damaged records among finished runs."""

    def damaged(edit: Callable[[bytes], bytes], *command: str) -> Prepare:
        def prepare(folder: Path) -> list[str]:
            record = sorted((folder / "runs").glob("**/record.json"))[0]
            record.write_bytes(edit(record.read_bytes()))
            return [*command, "--runs", str(folder / "runs"), *_page(folder, command)]

        return prepare

    junk: tuple[object, ...] = (
        None,
        True,
        -1,
        1e400,
        float("nan"),
        "text",
        [],
        {},
        [[[]]],
        "\x1b[31m",
        "\ud800",
        2**70,
    )
    fields = ("status", "method", "classifier", "num_images", "metrics", "cost", "protocol", "levels", "schema_version")
    for name in fields:
        for value in rng.sample(junk, 5):
            yield Case(f"record: {name} is {value!r}", damaged(_with(name, value), "report"), damages=True)
    for part in ("value", "ci95", "n", "chance", "subsets"):
        for value in rng.sample(junk, 4):
            yield Case(f"score: {part} is {value!r}", damaged(_with_score(part, value), "report"), damages=True)
    for _ in range(6):
        share = rng.random()
        yield Case(f"record cut to {share:.0%}", damaged(lambda b, s=share: b[: int(s * len(b))], "report"), True)  # type: ignore[misc]
        yield Case("record with changed bytes", damaged(lambda b: changed(b, rng), "list", "runs"), damages=True)
    deep = b"[" * 100_000
    for title, data in (("empty", b""), ("zeros", bytes(100)), ("deep", deep), ("a pickle", pickle.dumps(1))):
        yield Case(f"record: {title}", damaged(lambda b, d=data: d, "report"), damages=True)  # type: ignore[misc]
        yield Case(f"list: record: {title}", damaged(lambda b, d=data: d, "list", "runs"), damages=True)  # type: ignore[misc]


def _page(folder: Path, command: tuple[str, ...]) -> list[str]:
    return ["--out", str(folder / "page.html")] if command[0] == "report" else []


def _with(name: str, value: object) -> Callable[[bytes], bytes]:
    return lambda data: json.dumps(json.loads(data) | {name: value}).encode()


def _with_score(part: str, value: object) -> Callable[[bytes], bytes]:
    def edit(data: bytes) -> bytes:
        raw = json.loads(data)
        raw["metrics"]["lpips"] |= {part: value}
        return json.dumps(raw).encode()

    return edit


def side_files(rng: random.Random) -> Iterator[Case]:
    """Damaged arrays beside finished or unfinished cells: for the page, and for a run that goes on."""
    names = ("per_image.parquet", "reconstructions.npy", "reconstruction_logits.npy", "originals.npy", "logits.npz")
    for name in names:
        for title, edit in _edits(rng).items():
            for command in ("report", "run") if name in ("originals.npy", "logits.npz") else ("report",):
                yield Case(f"{command}: {name} {title}", _side(name, edit, command), damages=True)


def _side(name: str, edit: Callable[[bytes], bytes], command: str) -> Prepare:
    def prepare(folder: Path) -> list[str]:
        for path in (folder / "runs").glob(f"**/{name}"):
            path.write_bytes(edit(path.read_bytes()))
        if command == "report":
            return ["report", "--runs", str(folder / "runs"), "--out", str(folder / "page.html")]
        return run(folder, out=folder / "runs", method=f"{PLUGINS}:Noisy")

    return prepare


def _edits(rng: random.Random) -> dict[str, Callable[[bytes], bytes]]:
    array = io.BytesIO()
    np.save(array, np.zeros((2, 2, 2, 3), np.uint8))
    objects = io.BytesIO()
    np.save(objects, np.array([{"x": 1}], dtype=object), allow_pickle=True)
    return {
        "is empty": lambda data: b"",
        "is cut": lambda data: data[: len(data) // 2],
        "has changed bytes": lambda data: changed(data, rng),
        "is another array": lambda data: array.getvalue(),
        "is a pickle": lambda data: objects.getvalue(),
    }


def weights(rng: random.Random) -> Iterator[Case]:
    """Files given as Inception's weights, and data given as CIFAR-10."""

    def given(data: bytes, name: str = "weights.pth") -> Prepare:
        def prepare(folder: Path) -> list[str]:
            (folder / name).write_bytes(data)
            return run(folder, inception_weights=folder / name)

        return prepare

    def fetched(data: bytes, name: str) -> Prepare:
        def prepare(folder: Path) -> list[str]:
            (folder / name).write_bytes(data)
            return ["data", "fetch", "cifar10", "--from", str(folder / name), "--force"]

        return prepare

    files = {"nothing": b"", "text": b"weights", "a pickle": pickle.dumps({"a": 1}), "zeros": bytes(10_000)}
    for title, data in files.items():
        yield Case(f"Inception's weights: {title}", given(data))
        for name in ("cifar-10-python.tar.gz", "test_batch.png", "x.zip", "x.npz"):
            yield Case(f"CIFAR-10 as {name}: {title}", fetched(data, name))
    yield Case("CIFAR-10: a gzip bomb", fetched(gzip.compress(bytes(200_000_000)), "cifar-10-python.tar.gz"))
    yield Case("Inception's weights: random bytes", given(rng.randbytes(5_000)))


METHOD = (
    "import bench, sys, torch\nclass Mine(bench.Inverter):\n    name = 'mine'\n    def invert(self, z, s):\n        "
)
BROKEN = {
    "SyntaxError": "class Mine(:\n",
    "ImportError": "import no_such_package\n",
    "SystemExit": "import sys\nsys.exit(3)\n",
    "raises": "raise RuntimeError('no')\n",
    "no class": "Mine = 3\n",
    "no method": "import bench\nclass Mine(bench.Inverter):\n    name = 'mine'\n",
    "no name": METHOD.replace("name = 'mine'", "pass") + "return z\n",
    "exits": METHOD + "sys.exit(0)\n",
    "recursion": METHOD + "return self.invert(z, s)\n",
    "a list": METHOD + "return []\n",
    "uint8": METHOD + "return torch.zeros(len(z), 3, 32, 32, dtype=torch.uint8)\n",
    "no UTF-8": "# \udcff\n",
}


def plugins() -> Iterator[Case]:
    """Methods and classifiers in files that cannot be used."""

    def given(text: str, option: str) -> Prepare:
        def prepare(folder: Path) -> list[str]:
            (folder / "mine.py").write_bytes(text.encode(errors="surrogateescape"))
            return run(folder, **{option: f"{folder / 'mine.py'}:Mine"})

        return prepare

    for title, text in BROKEN.items():
        yield Case(f"method file: {title}", given(text, "method"))
        yield Case(f"classifier file: {title}", given(text, "classifier"))


def picture(kind: str, mode: str = "RGB", size: tuple[int, int] = (32, 32)) -> bytes:
    """A file of this format and mode with a gradient in it."""
    ramp = Image.fromarray(np.linspace(0, 255, size[0] * size[1]).reshape(size[::-1]).astype(np.uint8))
    image = ramp.convert("RGB")
    if mode == "LAB":
        image = Image.frombytes("LAB", size, bytes(3 * size[0] * size[1]))
    elif mode == "I;16":
        image = Image.fromarray(np.asarray(ramp).astype(np.uint16) * 257)
    elif mode != "RGB":
        image = image.convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def changed(data: bytes, rng: random.Random) -> bytes:
    """The same with 8 bytes replaced by random ones."""
    out = bytearray(data)
    for _ in range(8 if out else 0):
        out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def _images(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    for k in range(count):
        Image.new("RGB", (32, 32), (40 * k, 80, 120)).save(folder / f"{k}.png")


def _png_header(width: int, height: int) -> bytes:
    """A PNG that promises this many pixels and holds none."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(head)) + chunk + struct.pack(">I", zlib.crc32(chunk))


def _ending(kind: str) -> str:
    return {"JPEG": "jpg", "TIFF": "tif"}.get(kind, kind.lower())


def _format(ending: str) -> str:
    return {"jpg": "JPEG", "tif": "TIFF"}.get(ending, ending.upper())
