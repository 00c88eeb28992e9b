"""One cell, (method, classifier, dataset, N, seed): its names, its key and its folder, before anything is computed."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.classifiers import CATALOGUE, JUDGE, LoadedClassifier, open_classifier
from bench.config import DEFAULT_NUM_IMAGES, RunConfig
from bench.control import Control
from bench.datasets import folder_and_size, load_dataset
from bench.datasets.base import Dataset
from bench.datasets.contents import distrust_cache
from bench.datasets.fetch_inception import inception_path
from bench.describe import cards, classifier_card, dataset_card
from bench.environment import default_preset, resolve_device
from bench.errors import DataError, PluginError, UsageError
from bench.fingerprint import digest
from bench.identify import identify_classifier, identify_method
from bench.inverter import WITH_NETWORK, Inverter, Target
from bench.printing import say_once
from bench.protocol import protocol
from bench.record import Kind, Record
from bench.store import CellFolder, slug
from bench.weights import entry, inverter_weights

if TYPE_CHECKING:
    import torch

    from bench.methods import OpenMethod
    from bench.metrics.evaluate import Networks


@dataclass(frozen=True)
class Cell:
    """What a configuration stands for.

    Attributes:
        config: as given.
        dataset: its images are not read yet.
        num_images: N.
        method: the inverter's or control's class.
        draft: the record's fields that are known beforehand.
        folder: of this cell.
        classifier_sha256: of the target's weights.
        broken: why the method, or the classifier, cannot be loaded: the cell fails, and no other.
        opens: whether the classifier can be opened.
    """

    config: RunConfig
    dataset: Dataset
    num_images: int
    method: type[Inverter] | type[Control]
    draft: Record
    folder: CellFolder
    classifier_sha256: str
    broken: PluginError | None = None
    opens: bool = True

    @classmethod
    def open(cls, config: RunConfig) -> Cell:
        """Resolve every name and derive the key.

        Raises:
            UsageError: a name is unknown, or N is larger than the dataset.
        """
        # A plugin that cannot be loaded has a cell, too: it is where its failure is written down.
        if config.force:
            distrust_cache()
        classifier, sha256, no_classifier = identify_classifier(config.classifier)
        name, method, source, no_method = identify_method(config.method)
        dataset = load_dataset(config.dataset, image_size=_any_size(config) if no_classifier else _image_size(config))
        count = _count(config, dataset)
        rules = protocol(dataset, _inception(config))
        device = resolve_device(config.device).type
        preset = config.preset or default_preset(device)
        precision = config.precision if config.precision in method.precisions else "float32"
        key = digest(
            {
                "method": name,
                "version": method.version,
                "source": source,
                "weights": _method_weights(name, sha256, config.dataset),
                "classifier": sha256,
                "dataset": dataset.fingerprint,
                "num_images": count,
                "seed": config.seed,
                "preset": preset,
                "precision": precision,
                "device": device,
            }
        )
        kind: Kind = "control" if issubclass(method, Control) else "inverter"
        draft = Record(
            method=name,
            classifier=classifier,
            dataset=dataset.name,
            num_images=count,
            seed=config.seed,
            kind=kind,
            preset=preset,
            precision=precision,
            access=method.access,
            training=method.training,
            stochastic=method.stochastic,
            key=key,
            protocol=rules,
            cards=cards(method, name, kind, classifier_card(classifier, sha256), dataset_card(dataset)),
        )
        folder = slug(dataset.name)
        if dataset.name != "cifar10":  # other images, or the same at another size, under the same path
            folder += f"-{dataset.fingerprint[:12]}"
        path = config.out / folder / slug(classifier) / slug(name) / key
        broken, opens = no_classifier or no_method, no_classifier is None
        return cls(config, dataset, count, method, draft, CellFolder(path), sha256, broken, opens)

    @property
    def classifier_folder(self) -> Path:
        """``runs/<dataset>/<classifier>``."""
        return self.folder.path.parent.parent

    @property
    def dataset_folder(self) -> Path:
        """``runs/<dataset>``."""
        return self.classifier_folder.parent

    def finished(self) -> Record | None:
        """The complete record, if there is one; failed and skipped cells are tried again.

        A record that lies here and is another cell's counts as none, which is said.
        """
        record = self.stored()
        if record is None or record.status != "complete":
            return None
        if foreign := self.foreign(record):
            print(f"bench: {self.folder.record} is not of this cell ({foreign}), which is run anew", file=sys.stderr)
            return None
        return record

    def stored(self) -> Record | None:
        """Whatever record can be read here."""
        try:
            return Record.from_json(self.folder.record.read_text())
        except (OSError, ValueError, KeyError, TypeError, AttributeError, DataError):
            return None

    def foreign(self, record: Record) -> str | None:
        """In what a record differs from this cell, or None; names are compared as they stand in the folders' names."""
        names = (
            "method",
            "classifier",
            "dataset",
            "num_images",
            "seed",
            "kind",
            "preset",
            "precision",
            "probe",
            "key",
        )
        for name in names:
            found, own = getattr(record, name), getattr(self.draft, name)
            if slug(str(found)) != slug(str(own)):
                return f"its {name} is {found}, and not {own}"
        return None

    def open_method(
        self, classifier: LoadedClassifier, num_logits: int, image_size: tuple[int, ...], device: torch.device
    ) -> OpenMethod:
        """Construct the inverter or control; the network comes only with access beyond the logits."""
        from bench.methods import OpenMethod

        target = Target(
            classifier=classifier.name,
            classifier_sha256=classifier.sha256,
            dataset=self.dataset.name,
            num_logits=num_logits,
            image_size=(image_size[0], image_size[1]),
            device=device,
            preset=self.draft.preset,
            precision=self.draft.precision,
            network=classifier.network if self.method.access in WITH_NETWORK else None,
        )
        return OpenMethod(self.method, target, self.dataset, classifier, self.config.seed)

    @property
    def inception(self) -> Path | None:
        """Torch-fidelity's weights, if they are here."""
        return _inception(self.config)

    def networks(self, classifier: LoadedClassifier, device: torch.device) -> Networks:
        """What the metrics look through; there is a judge for cifar10 only."""
        judged = self.dataset.name in CATALOGUE[JUDGE].datasets
        return networks(classifier, device, self.inception, judged=judged)

    def weights(self, classifier: LoadedClassifier) -> dict[str, str]:
        """SHA-256 of the classifier and of every extractor."""
        return {classifier.name: classifier.sha256} | dict(self.draft.protocol["extractors"])


def networks(
    classifier: LoadedClassifier | None, device: torch.device, inception: Path | None, *, judged: bool
) -> Networks:
    """Target, judge and extractors on a device; the extractors are opened once a process."""
    from bench.metrics.evaluate import Networks

    judge = _extractor(JUDGE, str(device)) if judged else None
    lite0 = _extractor("efficientnet_lite0", str(device))
    shas = {"judge": entry(JUDGE).sha256, "efficientnet_lite0": entry("efficientnet_lite0").sha256}
    if classifier is not None:
        shas["classifier"] = classifier.sha256
    network = classifier.network if classifier is not None else None
    return Networks(network, judge, lite0, _lpips(str(device)), inception, device, shas)


@cache
def _extractor(name: str, device: str) -> Any:
    return open_classifier(name, device).network


@cache
def _lpips(device: str) -> Any:
    from bench.metrics.lpips import load_lpips

    return load_lpips(device)


def _method_weights(method: str, classifier_sha256: str, dataset: str) -> str | None:
    """SHA-256 of the method's trained weights for this classifier; null where it has none."""
    found = inverter_weights(method, classifier_sha256, dataset)
    return found[1] if found else None


def _image_size(config: RunConfig) -> int | None:
    """Side of a folder's images where its name does not say it: the classifier's input size."""
    if not config.dataset.startswith("folder:") or folder_and_size(config.dataset)[1] is not None:
        return None
    if ".py:" in config.classifier:
        size = open_classifier(config.classifier).input_size
    else:
        size = CATALOGUE[config.classifier].input_size
    say_once(
        f"{config.dataset} is taken at {size} px, the input size of {config.classifier}; for another size type "
        f"--dataset {config.dataset}@SIZE"
    )
    return size


def _any_size(config: RunConfig) -> int | None:
    """The same where the classifier cannot be asked: the cell will fail, and only its place is wanted."""
    return 32 if config.dataset.startswith("folder:") and folder_and_size(config.dataset)[1] is None else None


def _count(config: RunConfig, dataset: Dataset) -> int:
    if config.num_images is None:
        return min(DEFAULT_NUM_IMAGES, len(dataset))
    if config.num_images > len(dataset):
        more = " To have all 10,000, type: bench data fetch cifar10" if dataset.name == "cifar10" else ""
        raise UsageError(f"--num-images {config.num_images} asks for more than the {len(dataset)} images here.{more}")
    return config.num_images


def _inception(config: RunConfig) -> Path | None:
    if config.inception_weights is None:
        return inception_path()
    if not config.inception_weights.is_file():
        raise DataError(f"--inception-weights names {config.inception_weights}, and there is no such file.")
    return config.inception_weights
