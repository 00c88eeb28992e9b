"""``robustbench:DATASET/THREAT/MODEL``: networks of the RobustBench model zoo, by its own names.

Nothing of RobustBench is installed: ``robustbench.tsv`` says of each file what network it belongs to, and that is built
here, of torchvision's and timm's blocks where they are equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.classifiers.files import FoundFile, PublishedFile
from bench.classifiers.library import Described, LibraryProvider
from bench.classifiers.states import read_state
from bench.environment import installed
from bench.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from bench.classifiers.wrapped import LibraryNetwork

TABLE = Path(__file__).with_suffix(".tsv")
DRIVE = "https://drive.google.com/uc?export=download&id="
CLASSES = {"cifar10": 10, "cifar100": 100, "imagenet": 1000}
ROBUST = {  # what a place in RobustBench's tables means
    ("cifar10", "Linf"): "Linf 8/255",
    ("cifar100", "Linf"): "Linf 8/255",
    ("imagenet", "Linf"): "Linf 4/255",
    ("cifar10", "L2"): "L2 0.5",
}
NORMALISATIONS = {
    "none": ((0.0,) * 3, (1.0,) * 3),
    "half": ((0.5,) * 3, (0.5,) * 3),
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.2471, 0.2435, 0.2616)),
    "madry": ((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)),
    "augustin": ((0.4913997552, 0.4821585593, 0.4465309134), (0.2470322514, 0.2434851650, 0.2615878393)),
    "rony": ((0.491, 0.482, 0.447), (0.247, 0.243, 0.262)),
    "cifar100": ((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)),
    "chen100": ((0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)),
    "cifar100-long": ((0.5070751592, 0.4865488733, 0.4409178434), (0.2673342859, 0.2564384629, 0.2761504713)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}
LICENCES = {  # all others: MIT
    "Hendrycks2019Using": "Apache-2.0",
    "Gowal20": "Apache-2.0",
    "Rebuffi2021Fixing": "Apache-2.0",
    "Rony2019Decoupling": "BSD-3-Clause",
}


def _group(match: re.Match[str]) -> str:
    """Groups counted from 0 in place of 1."""
    return f"layers.{int(match[1]) - 1}."


# Names of tensors there and here, by the beginning of the architecture's name; what has none here is never used.
NAMES: Mapping[str, tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]] = {
    "wrn": (
        (r"^sub_block1\..*", ""),
        (r"^block(\d)\.layer\.", _group),
        (r"\.convShortcut\.", ".shortcut."),
        (r"^bn1\.", "bn."),
    ),
    "preact": (
        (r"^model_preact_hl1\..*", ""),
        (r"^layer(\d)\.", _group),
        (r"\.shortcut\.0\.", ".shortcut."),
        (r"^linear\.", "fc."),
    ),
    "dm": (
        (r"^init_conv\.|^conv_2d\.", "conv1."),
        (r"^layer\.(\d)\.block\.|^layer_(\d)\.", r"layers.\1\2."),
        (r"\.batchnorm_0\.", ".bn1."),
        (r"\.batchnorm_1\.", ".bn2."),
        (r"\.conv_0\.|\.conv_2d_1\.", ".conv1."),
        (r"\.conv_1\.|\.conv_2d_2\.", ".conv2."),
        (r"^batchnorm\.", "bn."),
        (r"^logits\.", "fc."),
    ),
}


@dataclass(frozen=True)
class Row:
    """A line of the table; a dash where bench does not build the network."""

    dataset: str
    threat: str
    model: str
    architecture: str
    normalisation: str
    preprocessing: str
    file: str


@cache
def table() -> dict[str, Row]:
    """Every model of the zoo by ``DATASET/THREAT/MODEL``."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()[1:]
    rows = [Row(*line.split("\t")) for line in lines]
    return {f"{row.dataset}/{row.threat}/{row.model}": row for row in rows}


class RobustBenchProvider(LibraryProvider):
    """The zoo publishes no hash of its files, which lie on Google Drive."""

    form = "DATASET/THREAT/MODEL"
    summary = "networks of the RobustBench model zoo, for instance robustbench:cifar10/Linf/Engstrom2019Robustness"

    def describe(self, name: str) -> Described:
        """See ``LibraryProvider.describe``."""
        row = _row(name)
        mean, std = NORMALISATIONS[row.normalisation]
        standard = row.model.startswith("Standard")
        robust = ROBUST.get((row.dataset, row.threat), "common corruptions")
        side = 32 if row.dataset != "imagenet" else 288 if row.preprocessing == "Crop288" else 224
        linear = row.dataset == "imagenet" and not row.preprocessing.startswith("Bicubic")
        return Described(
            PublishedFile(f"robustbench:{name}", f"{name}.pt", f"{DRIVE}{row.file}", ""),
            num_logits=CLASSES[row.dataset],
            input_size=side,
            mean=mean,
            std=std,
            interpolation="bilinear" if linear else "bicubic",
            classes=row.dataset,
            robust=None if standard else robust,
            summary=f"RobustBench's {row.model} for {row.dataset}",
            licence=next((licence for start, licence in LICENCES.items() if row.model.startswith(start)), "MIT"),
            citation=("croce2021robustbench",),
        )

    def state(self, found: FoundFile) -> dict[str, Tensor]:
        """See ``LibraryProvider.state``."""
        return read_state(found, checkpoint=True)

    def network(self, name: str, state: dict[str, Tensor]) -> LibraryNetwork:
        """See ``LibraryProvider.network``."""
        from bench.classifiers.unwrapped import network_state
        from bench.classifiers.wrapped import HeadedNetwork

        row = _row(name)
        own, described = network_state(state, self.describe(name))
        body = build(row.architecture, CLASSES[row.dataset])
        body.load_state_dict(renamed(row.architecture, own, body))
        return HeadedNetwork(body, described)


def _row(name: str) -> Row:
    rows = table()
    if name not in rows:
        place, _, model = name.rpartition("/")
        inside = [row.model for row in rows.values() if f"{row.dataset}/{row.threat}" == place]
        if inside:
            raise UnknownNameError(f"model of RobustBench's {place}", model, inside)
        raise UnknownNameError("part of RobustBench", place or name, {full.rpartition("/")[0] for full in rows})
    if rows[name].file == "-":
        raise UsageError(
            f"robustbench:{name} is of an architecture that bench does not build. Give it as path/to/file.py:function, "
            "a function that returns robustbench.load_model(...), where RobustBench is installed."
        )
    return rows[name]


def build(architecture: str, num_classes: int) -> nn.Module:
    """The network of an architecture's name, for instance ``wrn-28-10``, with fresh weights.

    Raises:
        UsageError: it needs timm, which is not installed.
    """
    from torch import nn
    from torchvision.models import get_model

    from bench.classifiers.cifar_resnet import cifar_resnet
    from bench.classifiers.preactivation import Form, preact_resnet18, wide_resnet

    kind, _, rest = architecture.partition(":" if ":" in architecture else "-")
    if kind == "torchvision":
        return get_model(rest, weights=None, num_classes=num_classes)  # type: ignore[no-any-return]
    if kind == "timm":
        return _timm().create_model(rest, num_classes=num_classes)  # type: ignore[no-any-return]
    if kind == "resnet":
        return cifar_resnet(int(rest), num_classes)
    if wide := re.fullmatch(r"(dm-)?wrn-(\d+)-(\d+)", architecture):
        form = Form(nn.SiLU, same=True) if wide[1] else Form()
        return wide_resnet(int(wide[2]), int(wide[3]), num_classes, form)
    forms = {
        "preact-18": Form(),
        "preact-18-raw": Form(activated=False, norm_last=False),
        "dm-preact-18": Form(nn.SiLU, same=True, activated=False, shortcut=3),
    }
    return preact_resnet18(num_classes, forms[architecture])


def renamed(architecture: str, state: dict[str, Tensor], body: nn.Module) -> dict[str, Tensor]:
    """The tensors of a file by the names that they have in the network that ``build`` gives."""
    from bench.classifiers import cifar_resnet

    kind = re.split("[:-]", architecture)[0]
    if kind == "resnet":
        return cifar_resnet.renamed(state)
    if architecture.startswith("timm:swin"):
        return _timm().models.swin_transformer.checkpoint_filter_fn(state, body)  # type: ignore[no-any-return]
    found: dict[str, Tensor] = {}
    for name, value in state.items():
        for theirs, ours in NAMES.get(kind, ()):
            name = re.sub(theirs, ours, name)
        found |= {name: value} if name else {}
    return found


def _timm() -> Any:
    if installed("timm") is None:
        raise UsageError("This network of RobustBench's is built by timm. Type: pip install timm")
    import timm

    return timm
