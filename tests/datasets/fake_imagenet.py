"""Tiny copies of ImageNet, of noise, in every layout that is understood."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from bench.datasets import imagenet, imagenet_truth

FEW = imagenet.WNIDS[:3]
EACH, TESTED = 6, 2  # training and validation images of a class
Files = dict[str, bytes]


def shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole ImageNet has three classes from now on; of a class two training images are held out."""
    monkeypatch.setattr(imagenet, "WNIDS", FEW)
    monkeypatch.setattr(imagenet, "TRAINING", EACH * len(FEW))
    monkeypatch.setattr(imagenet, "VALIDATION", TESTED * len(FEW))
    monkeypatch.setattr(imagenet, "HELD_OUT", 2)
    monkeypatch.setattr(imagenet_truth, "COUNT", TESTED * len(FEW))


def label_of(name: str) -> int:
    """By its official name."""
    return FEW.index(name[:9]) if name.startswith("n") else (int(name[-8:]) * 2) % len(FEW)


def images() -> Files:
    """JPEG files of several sizes and modes by official name."""
    rng, found = np.random.default_rng(0), {}
    names = [f"{wnid}_{k * k + 3}" for wnid in FEW for k in range(EACH)]
    names += [f"ILSVRC2012_val_{k + 1:08d}" for k in range(TESTED * len(FEW))]
    for k, name in enumerate(names):
        noise = Image.fromarray(rng.integers(0, 256, (20 + k, 30, 3), dtype=np.uint8))
        buffer = io.BytesIO()
        noise.convert(("RGB", "L", "CMYK")[k % 3]).save(buffer, "JPEG")
        found[name] = buffer.getvalue()
    return found


def is_validation(name: str) -> bool:
    return name.startswith("ILSVRC")


def packed(files: Files, kind: str = "w") -> bytes:
    """A tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=kind) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def written(root: Path, files: Files) -> Path:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def devkit() -> Files:
    """The devkit's two files: its numbers are not those of the sorted ids, and it knows more synsets."""
    numbers = {FEW[0]: 2, FEW[1]: 3, FEW[2]: 1, "n00001740": 1001}
    kind = [("ILSVRC2012_ID", "O"), ("WNID", "O")]
    meta: Any = np.array([(number, wnid) for wnid, number in numbers.items()], dtype=kind)
    buffer = io.BytesIO()
    savemat(buffer, {"synsets": meta.reshape(-1, 1)})
    lines = [f"{numbers[FEW[label_of(name)]]}\n" for name in images() if is_validation(name)]
    folder = "ILSVRC2012_devkit_t12/data"
    return {
        f"{folder}/meta.mat": buffer.getvalue(),
        f"{folder}/ILSVRC2012_validation_ground_truth.txt": "".join(lines).encode(),
    }


def truth(line: str) -> bytes:
    """A text with a line a validation image."""
    names = [name for name in images() if is_validation(name)]
    return "".join(line.format(name=name, label=label_of(name), wnid=FEW[label_of(name)]) for name in names).encode()


def training(root: str = "train", known: Files | None = None) -> Files:
    return {f"{root}/{name[:9]}/{name}.JPEG": data for name, data in (known or images()).items() if name[0] == "n"}


def validation(root: str = "val") -> Files:
    return {f"{root}/{name}.JPEG": data for name, data in images().items() if is_validation(name)}


def class_tars() -> Files:
    every = images()
    return {f"{wnid}.tar": packed({f"{n}.JPEG": every[n] for n in every if n.startswith(wnid)}) for wnid in FEW}


def shards(key: str, ending: str, facts: str = "") -> Files:
    """WebDataset shards of four samples; ``facts`` is what the .json holds, else there is a .cls."""
    found: Files = {}
    for part in (False, True):
        names = [name for name in images() if is_validation(name) == part]
        for start in range(0, len(names), 4):
            inside: Files = {}
            for k, name in enumerate(names[start : start + 4], start):
                stem, label = key.format(name=name, k=k), label_of(name)
                told = json.dumps(json.loads(facts) | {"filename": f"{name}.JPEG", "label": label}) if facts else label
                inside[f"{stem}.{'json' if facts else 'cls'}"] = str(told).encode()
                inside[f"{stem}.{ending}"] = images()[name]
            found[f"imagenet-{'validation' if part else 'train'}-{start:06d}.tar"] = packed(inside)
    return found


def layouts() -> dict[str, Files]:
    """The same copy in every form, by a name."""
    kaggle, kit = "ILSVRC/Data/CLS-LOC", packed(devkit(), "w:gz")
    folders = {f"val/{FEW[label_of(name)]}/{name}.JPEG": d for name, d in images().items() if is_validation(name)}
    named = {f"{n}_{FEW[label_of(n)]}.JPEG": data for n, data in images().items()}
    return {
        "folders": training() | folders,
        "flat, devkit": training() | validation() | devkit(),
        "flat, Kaggle": training(f"{kaggle}/train") | validation(f"{kaggle}/val") | {
            f"{kaggle}/test/ILSVRC2012_test_00000001.JPEG": images()[f"{FEW[0]}_3"],
            "ILSVRC/ImageSets/CLS-LOC/val.txt": truth("{name} 5000\n"),
            "LOC_val_solution.csv": b"ImageId,PredictionString\n" + truth("{name},{wnid} 85 1 499 272 \n"),
        },
        "flat, val.txt": training() | validation() | {"val.txt": truth("val/{name}.JPEG {label}\n")},
        "flat, ids": training() | validation() | {"imagenet_2012_validation_synset_labels.txt": truth("{wnid}\n")},
        "names with classes": {f"all/{name}": data for name, data in named.items()},
        "official archives": {
            "ILSVRC2012_img_train.tar": packed(class_tars()),
            "ILSVRC2012_img_val.tar": packed({name[4:]: data for name, data in validation().items()}),
            "ILSVRC2012_devkit_t12.tar.gz": kit,
        },
        "archives of classes": {f"train/{name}": data for name, data in class_tars().items()} | folders,
        "one archive": {"copy.tar": packed(training("x/train") | validation("x/val") | devkit())},
        "shards, names and .cls": shards("{name}", "jpg"),
        "shards, numbers and .json": shards("{k:08d}", "jpeg", '{"width": 30}'),
        "both forms": training() | folders | {"ILSVRC2012_img_train.tar": packed(class_tars())},
    }  # fmt: skip
