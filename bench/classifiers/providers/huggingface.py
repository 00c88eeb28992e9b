"""``huggingface:MODEL[@REVISION]``: the image classifiers of transformers, from the hub or a folder.

Files are looked for in a folder of that name, in the hub's own cache, and among what bench fetched; then they are
fetched, the weights by the hash that the hub tells.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.cards import ClassifierCard
from bench.classifiers.files import HUB, PublishedFile, on_hub
from bench.classifiers.library import Described, LibraryProvider
from bench.datasets.download import download, scratch_folder
from bench.environment import installed
from bench.errors import DataError, UsageError, WeightsError
from bench.paths import expanded, home

if TYPE_CHECKING:
    from torch import Tensor, nn

    from bench.classifiers.wrapped import LibraryNetwork

CONFIG, PROCESSOR, SAFETENSORS = "config.json", "preprocessor_config.json", "model.safetensors"
WEIGHTS = (SAFETENSORS, "pytorch_model.bin")  # in the order of preference
NAME = re.compile(r"(?:\w[\w.-]*/)?\w[\w.-]*")
REVISION = re.compile(r"(?:\w[\w.-]*/)*\w[\w.-]*")  # a branch, tag or commit; becomes a folder, and leads up nowhere
OLDEST, UPGRADE = 5, "pip install -U 'transformers>=5'"  # version of transformers
TEXT = 1 << 20  # bytes that a configuration may have
BILINEAR = 2  # as Pillow numbers it
PROVENANCE = ("architectures", "dtype", "torch_dtype", "transformers_version")  # of a configuration: change no logits


class HuggingFaceProvider(LibraryProvider):
    """Nothing from the hub is run: a model that brings code of its own is refused."""

    form = "MODEL[@REVISION] or FOLDER"
    summary = "image classifiers of transformers (pip install transformers), e.g. huggingface:microsoft/resnet-50"
    needs = ("transformers",)

    def describe(self, name: str) -> Described:
        """See ``LibraryProvider.describe``."""
        file = _file(name)
        config, processor = _opened(name, file.place.parent)
        mean, std, channels = _colours(processor, name)
        return Described(
            file,
            num_logits=config.num_labels,
            input_size=_side(processor, name),
            mean=mean,
            std=std,
            interpolation="bilinear" if processor.resample == BILINEAR else "bicubic",
            channels=channels,
            also=_architecture(file.place.parent / CONFIG),
            classes=_classes([config.id2label[k] for k in range(config.num_labels)]),
            summary=f"transformers' {config.model_type}, {name}",
            citation=("wolf2020transformers",),
        )

    def card(self, name: str, weights: Path | None = None) -> ClassifierCard:
        """See ``LibraryProvider.card``."""
        _require_weights(name, weights)
        return super().card(name, weights)

    def build(self, name: str, weights: Path | None = None) -> nn.Module:
        """See ``LibraryProvider.build``."""
        _require_weights(name, weights)
        return super().build(name, weights)

    def network(self, name: str, state: dict[str, Tensor]) -> LibraryNetwork:
        """See ``LibraryProvider.network``: built by transformers, which is handed the state instead of a download."""
        import torch
        from transformers import AutoModelForImageClassification

        from bench.classifiers.wrapped import TransformersNetwork

        described = self.describe(name)
        config, _ = _opened(name, described.file.place.parent)
        with _quiet():
            with torch.device("meta"):  # only to learn the class
                cls = type(AutoModelForImageClassification.from_config(config, trust_remote_code=False))
            body, told = cls.from_pretrained(
                None,
                config=config,
                state_dict=state,
                output_loading_info=True,
                ignore_mismatched_sizes=True,
                dtype=torch.float32,
            )
        for what in ("missing", "unexpected", "mismatched"):
            if keys := sorted(map(str, told[f"{what}_keys"])):
                raise ValueError(f"{what} {keys[0]}" + (f" and {len(keys) - 1} other tensors" if keys[1:] else ""))
        return TransformersNetwork(body, described)


def _file(name: str) -> PublishedFile:
    """The weights of ``MODEL[@REVISION]``, beside which its configurations are."""
    model, _, revision = name.partition("@")
    if name and (folder := expanded(Path(name))).is_dir():
        weights = next((one for one in WEIGHTS if (folder / one).is_file()), SAFETENSORS)
        if lacks := [one for one in (CONFIG, PROCESSOR) if not (folder / one).is_file()]:
            raise WeightsError(f"huggingface:{name} {_content(lacks)}")
        return PublishedFile(f"huggingface:{name}", weights, "", "", where=folder / weights)
    revision = revision or "main"
    if not (NAME.fullmatch(model) and REVISION.fullmatch(revision)):
        raise UsageError(
            f"huggingface:{name} is neither a folder that is here nor a model of {HUB}. Give ORG/NAME, "
            "ORG/NAME@REVISION or a folder that save_pretrained wrote."
        )
    full = f"huggingface:{model}@{revision}"
    if (cached := _cached(model, revision)) is not None:
        digits = cached.resolve().name  # the hub's cache calls a file by its SHA-256
        sha256 = digits if re.fullmatch("[0-9a-f]{64}", digits) else ""
        return PublishedFile(full, cached.name, f"{HUB}/{model}", sha256, where=cached)
    folder = home() / "classifiers" / "huggingface" / model / revision
    weights = next((one for one in WEIGHTS if (folder / one).is_file()), SAFETENSORS)
    file = replace(on_hub(full, weights, model, weights, revision), where=folder / weights)
    _fetch_texts(file, model, revision)
    return file


def _cached(model: str, revision: str) -> Path | None:
    """The weights in the hub's own cache, where the configurations are there as well."""
    from huggingface_hub import hf_hub_download

    def here(file: str) -> Path:
        return Path(hf_hub_download(model, file, revision=revision, local_files_only=True))

    for weights in WEIGHTS:
        with suppress(Exception):  # whatever the hub makes of a name that it does not know
            here(CONFIG), here(PROCESSOR)
            return here(weights)
    return None


def _fetch_texts(file: PublishedFile, model: str, revision: str) -> None:
    """Bring the two configurations beside the weights' place.

    Raises:
        WeightsError: they cannot be had; names all that is needed, where it comes from and where it belongs.
    """
    folder = file.place.parent
    try:
        for name in (CONFIG, PROCESSOR):
            if not (folder / name).is_file():
                with scratch_folder(folder, name) as scratch:
                    download(f"{HUB}/{model}/resolve/{revision}/{name}", scratch / name, f"fetching {name}", TEXT)
                    (scratch / name).replace(folder / name)
    except DataError as error:
        raise WeightsError(
            f"{file.network} needs the files {CONFIG}, {PROCESSOR} and {file.name} (whose SHA-256 stands at "
            f"{file.pointer}), which are not here, and they cannot be fetched: {error}. Fetch them from "
            f"{HUB}/{model}/tree/{revision} where there is a network and put them at {folder}, or name a folder of "
            "yours that holds them: huggingface:FOLDER."
        ) from error


def _require_weights(name: str, own: Path | None) -> None:
    file = _file(name)
    if own is None and not file.url and not file.place.is_file():
        raise WeightsError(f"{file.network} {_content([file.name])}")


def _content(lacks: Sequence[str]) -> str:
    return (
        f"should be a folder with {CONFIG}, {PROCESSOR} and {SAFETENSORS}, and has no {' and no '.join(lacks)}. Write "
        "them with model.save_pretrained(FOLDER) and processor.save_pretrained(FOLDER) of transformers."
    )


def _opened(name: str, folder: Path) -> tuple[Any, Any]:
    """The model's configuration and its image processor, as transformers understands them."""
    version = installed("transformers") or ""
    if int(version.partition(".")[0] or OLDEST) < OLDEST:
        raise UsageError(f"huggingface: needs transformers {OLDEST}, and {version} is installed. Type: {UPGRADE}")
    from transformers import AutoConfig, AutoImageProcessor

    try:
        with _quiet():
            config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
            return config, AutoImageProcessor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # whatever the library makes of what it does not know
        reason = " ".join(str(error).split())[:300]
        raise WeightsError(
            f"huggingface:{name} cannot be opened, because {CONFIG} or {PROCESSOR} in {folder} is none that the "
            f"installed transformers knows without running code: {reason or type(error).__name__}"
        ) from error


def _architecture(path: Path) -> str:
    """All that a configuration says and that changes logits, as text."""
    held = json.loads(path.read_text(encoding="utf-8"))
    decisive = {key: value for key, value in held.items() if key not in PROVENANCE and not key.startswith("_")}
    return json.dumps(decisive, sort_keys=True)


def _side(processor: Any, name: str) -> int:
    """Of the images that the network is shown: of the crop, or of the whole where nothing is cut off."""
    size = dict(processor.crop_size if processor.do_center_crop else processor.size)
    sides = {size[key] for key in ("shortest_edge", "height", "width") if size.get(key)}
    if len(sides) != 1:
        raise UsageError(
            f"huggingface:{name} takes images that are no squares ({size}), and bench shows squares alone."
        )
    return int(sides.pop())


def _colours(processor: Any, name: str) -> tuple[tuple[float, ...], tuple[float, ...], str]:
    """Mean, std and order of the channels, by what the processor makes of black, red, green and blue.

    Processors rescale, shift and normalise in many ways, once or twice; all of them come down to these numbers.
    """
    import numpy as np

    images = np.zeros((4, 8, 8, 3), np.uint8)
    images[1:] += 255 * np.eye(3, dtype=np.uint8)[:, None, None]
    try:
        shown = [processor(one, do_resize=False, do_center_crop=False, return_tensors="np") for one in images]
        black, *lit = (np.asarray(one["pixel_values"], np.float64)[0, :, 0, 0] for one in shown)
        gains = np.stack(lit) - black  # (colour, channel)
        order = next(
            step for step in (1, -1) if np.count_nonzero(gains[:, ::step]) == 3 and gains[:, ::step].diagonal().all()
        )
    except Exception as error:  # whatever a processor does that is none of this
        raise UsageError(
            f"huggingface:{name} shows its network something else than three channels, each shifted and scaled: bench "
            f"cannot do what its {type(processor).__name__} does. Give the network as path/to/file.py:function."
        ) from error
    std = 1 / gains[:, ::order].diagonal()
    mean = -black[::order] * std
    rounded = (tuple(round(float(value), 6) for value in values) for values in (mean, std))
    return *rounded, "RGB" if order == 1 else "BGR"  # type: ignore[return-value]


def _classes(labels: Sequence[str]) -> str:
    """Whose classes the logits name, by their labels."""
    from bench.datasets.cifar10 import CLASS_NAMES
    from bench.datasets.imagenet_classes import IMAGENET, imagenet_classes

    told = [label.lower() for label in labels]
    if told == list(CLASS_NAMES):
        return "cifar10"
    known = [name.lower() for name in imagenet_classes().values()]
    same = sum(ours in theirs for ours, theirs in zip(known, told, strict=False))
    return IMAGENET if len(told) == len(known) and same >= 0.9 * len(known) else ""


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the library's own progress bars and tables: what is wrong is said in our words."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
