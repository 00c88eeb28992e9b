"""One cell, (method, classifier, dataset, N, seed): its names, its key and its folder, before anything is computed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench.cards import ClassifierCard
from bench.classifiers import LoadedClassifier, open_classifier
from bench.classifiers.provider import ALIASES, resolve
from bench.cli.printing import say_once
from bench.config import RunConfig
from bench.datasets import aliases_of, dataset_class, load_dataset
from bench.datasets.base import Dataset
from bench.datasets.contents import distrust_cache
from bench.describe import cards
from bench.environment import default_preset, device_kind
from bench.errors import BenchError, DataError, UsageError, WeightsError
from bench.identify import Method, identify_classifier, identify_method, trained_as
from bench.inverters.base import WITH_NETWORK, Target
from bench.inverters.control import Control
from bench.metrics.extractors import playing
from bench.protocol import protocol_of
from bench.store.fingerprint import digest
from bench.store.folder import CellFolder, slug
from bench.store.intact import own_changed
from bench.store.record import Record
from bench.weights.lookup import inverter_weights

if TYPE_CHECKING:
    import torch

    from bench.inverters.opened import OpenMethod
    from bench.metrics.networks import Networks


@dataclass(frozen=True)
class Cell:
    """What a configuration stands for.

    Attributes:
        config: as given, ``auto`` decided.
        dataset: its images are not read yet.
        num_images: N.
        method: the inverter or control, whose class is loaded where it is needed.
        draft: the record's fields that are known beforehand.
        folder: of this cell.
        classifier: the target's card.
        judge: the classifier that plays it, or None.
        broken: why the method, or the classifier, cannot be loaded: the cell fails, and no other.
        opens: whether the classifier can be opened.
    """

    config: RunConfig
    dataset: Dataset
    num_images: int
    method: Method
    draft: Record
    folder: CellFolder
    classifier: ClassifierCard
    judge: str | None = None
    broken: BenchError | None = None
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
        aliases = aliases_of(config.dataset)
        classifier, no_classifier = identify_classifier(config.classifier, config.classifier_weights, aliases)
        method = identify_method(config.method)
        dataset = load_dataset(config.dataset, image_size=_image_size(config, classifier))
        count = _count(config, dataset)
        judge = _judge(config, dataset, classifier.identity)
        rules = protocol_of(
            dataset.kind,
            dataset.fingerprint,
            dataset.gallery,
            judge=judge,
            inception=_inception(config),
            asked=config.metrics or (),
            dataset=dataset.labelled,
        )
        config = replace(config, device=device_kind(config.device))
        preset = config.preset or default_preset(config.device)
        precision = config.precision if config.precision in method.precisions else "float32"
        key = digest(
            {
                "method": method.name,
                "version": method.version,
                "source": method.source,
                "weights": _method_weights(config, method, classifier.identity, dataset),
                "classifier": classifier.identity,
                "dataset": dataset.fingerprint,
                "num_images": count,
                "seed": config.seed,
                "preset": preset,
                "precision": precision,
                "device": config.device,
            }
        )
        draft = Record(
            method=method.name,
            classifier=classifier.name,
            dataset=dataset.name,
            num_images=count,
            seed=config.seed,
            kind=method.kind,
            preset=preset,
            precision=precision,
            access=method.access,
            training=method.training,
            stochastic=method.stochastic,
            key=key,
            recipe=None if config.training_seed is None else {"seed": config.training_seed},
            protocol=rules,
            cards=cards(method, classifier, dataset.card),
        )
        folder = slug(dataset.name)
        if not dataset.fixed:  # other images, or the same at another size, under the same path
            folder += f"-{dataset.fingerprint[:12]}"
        path = config.out / folder / slug(classifier.name) / slug(method.name) / key
        broken, opens = no_classifier or method.broken, no_classifier is None
        return cls(config, dataset, count, method, draft, CellFolder(path), classifier, judge, broken, opens)

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

        Another cell's record counts as none, and so does a probe's beside which files are changed; which is said.
        """
        record = self.stored()
        if record is None and self.folder.record.exists():
            say_once(f"{self.folder.record} cannot be read, and the cell is run anew")
        if record is None or record.status != "complete":
            return None
        if foreign := self.foreign(record):
            say_once(f"{self.folder.record} is not of this cell ({foreign}), which is run anew")
            return None
        if record.probe and (changed := own_changed(record, self.folder.path)):
            say_once(f"{self.folder.path}: {'; '.join(changed)}: the probe is asked anew")
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
            "method", "classifier", "dataset", "num_images", "seed", "kind", "preset", "precision", "probe", "key",
        )  # fmt: skip
        for name in names:
            found, own = getattr(record, name), getattr(self.draft, name)
            if slug(str(found)) != slug(str(own)):
                return f"its {name} is {found}, and not {own}"
        return None

    def open_classifier(self, device: torch.device) -> LoadedClassifier:
        """The target on a device."""
        config = self.config
        weights, aliases = config.classifier_weights, aliases_of(config.dataset)
        return open_classifier(config.classifier, device, weights=weights, aliases=aliases)

    @property
    def classifier_sha256(self) -> str:
        """The target's identity."""
        return self.classifier.identity

    def too_dear(self) -> str | None:
        """Why a run that does not name this control leaves it out, as its class says; None of an inverter."""
        cls = self.method.load()
        return cls.too_dear(self.dataset, self.classifier_sha256, self.num_images) if issubclass(cls, Control) else None

    def open_method(
        self, classifier: LoadedClassifier, num_logits: int, image_size: tuple[int, ...], device: torch.device
    ) -> OpenMethod:
        """Construct the inverter or control; the network comes only with access beyond the logits."""
        from bench.inverters.opened import OpenMethod

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
            training_seed=self.config.training_seed,
        )
        return OpenMethod(self.method.load(), target, self.dataset, classifier, self.config.seed)

    def networks(self, classifier: LoadedClassifier | None, device: torch.device) -> Networks:
        """What the metrics look through."""
        found = networks(classifier, device, judge=self.judge, inception=_inception(self.config))
        return found.asked_about(self.dataset.labelled)

    def weights(self, classifier: LoadedClassifier) -> dict[str, str]:
        """SHA-256 of the classifier and of every extractor."""
        return {classifier.name: classifier.sha256} | dict(self.draft.protocol["extractors"])


def networks(
    target: LoadedClassifier | None, device: torch.device, *, judge: str | None = None, inception: Path | None = None
) -> Networks:
    """Target and extractors on a device; the extractors are opened when a metric needs them, once a process."""
    from bench.metrics.networks import Networks

    return Networks(target, device, playing(judge, inception))


def _judge(config: RunConfig, dataset: Dataset, classifier_sha256: str) -> str | None:
    """The judge that was asked for, or the dataset's.

    Raises:
        UsageError: there is no such classifier, or it is the target.
    """
    if config.judge is None:
        return None if playing(dataset.judge, None)["judge"].sha256() == classifier_sha256 else dataset.judge
    full = resolve(config.judge, aliases_of(config.dataset))
    meant = config.judge if full == ALIASES.get(config.judge) else full  # as typed where that means it everywhere
    check_judge(meant, classifier_sha256)
    return meant


def check_judge(name: str, classifier_sha256: str | None) -> None:
    """Nothing, if a classifier may judge.

    Raises:
        UsageError: there is no such classifier, or it is the target.
        WeightsError: its weights are not here.
    """
    resolve(name)
    judge = playing(name, None)["judge"]
    if judge.sha256() is None:
        raise WeightsError(judge.missing)
    if judge.sha256() == classifier_sha256:
        raise UsageError(f"--judge {name} is the network that is inverted, which would be its own judge: name another.")


def _method_weights(config: RunConfig, method: Method, classifier_sha256: str, dataset: Dataset) -> str | None:
    """SHA-256 of the method's trained weights for this classifier, dataset and size; null where it has none."""
    seed, name = config.training_seed, trained_as(config.method, method)
    found = inverter_weights(name, classifier_sha256, dataset.name, dataset.image_size, seed)
    return found[1] if found else None if seed is None else f"trained with seed {seed}"


def _image_size(config: RunConfig, classifier: ClassifierCard) -> int | None:
    """Side of the images where the dataset's name leaves it open: the classifier's input size.

    Of a classifier that cannot be asked any will do: the cell will fail, and only its place is wanted.
    """
    if dataset_class(config.dataset).side(config.dataset) is not None:
        return None
    if not classifier.input_size:
        return 32
    say_once(
        f"{config.dataset} is taken at {classifier.input_size} px, the input size of {config.classifier}; for another "
        f"size type --dataset {config.dataset}@SIZE"
    )
    return classifier.input_size


def _count(config: RunConfig, dataset: Dataset) -> int:
    if config.num_images is None:
        return min(dataset.default_num_images, len(dataset))
    if config.num_images > len(dataset):
        text = f"--num-images {config.num_images} asks for more than the {len(dataset)} images here."
        raise UsageError(f"{text} {dataset.more}".rstrip())
    return config.num_images


def _inception(config: RunConfig) -> Path | None:
    if config.inception_weights is not None and not config.inception_weights.is_file():
        raise DataError(f"--inception-weights names {config.inception_weights}, and there is no such file.")
    return config.inception_weights
