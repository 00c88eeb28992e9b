"""Datasets by name, and what ``bench data`` can fetch. Importing this loads neither numpy nor torch."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import PluginError, UnknownNameError, UsageError
from bench.once import kept
from bench.paths import expanded
from bench.registry import DATASETS, EXTRACTORS, load, registered

if TYPE_CHECKING:
    from bench.datasets.base import Dataset

# What else ``bench data`` brings here, each by a module with ``fetch`` and ``verify``.
FETCHED = {"inception": "bench.datasets.fetch_inception", "fashion-mnist": "bench.datasets.fashion_mnist"}


def dataset_class(name: str) -> type[Dataset]:
    """The dataset that ``NAME`` or ``NAME:REST`` stands for.

    Raises:
        UnknownNameError: there is none of that name.
        PluginError: it cannot be loaded, or is no dataset.
    """
    entry, _, rest = name.partition(":")
    if entry in registered(DATASETS):
        from bench.datasets.base import Dataset

        cls = load(DATASETS, "dataset", entry)
        if not (isinstance(cls, type) and issubclass(cls, Dataset)):
            raise PluginError(f"{entry} cannot be used", f"it should be a subclass of bench.Dataset and is {cls!r}")
        if bool(cls.takes) if rest else not cls.takes or cls.takes.startswith("["):
            return cls
        if cls.takes:
            raise UsageError(f"--dataset {name} lacks what follows its name. Type: {entry}{cls.takes} ({cls.summary})")
    if expanded(Path(name)).is_dir():
        raise UsageError(f"--dataset {name} is a folder and lacks its prefix. Type: --dataset folder:{name}")
    raise UnknownNameError("dataset", name, registered(DATASETS))


def aliases_of(name: str) -> dict[str, str]:
    """Full ids of classifiers by the short names that a dataset gives them, and those that mean the same everywhere.

    Raises:
        UnknownNameError, PluginError: as ``dataset_class``.
    """
    return dataset_class(name).short_names()


def judge_of(name: str) -> str | None:
    """The classifier that scores a dataset's images as judge; None where it names none, or nobody knows it."""
    entry = name.partition(":")[0]
    return load(DATASETS, "dataset", entry).judge if entry in registered(DATASETS) else None


def load_dataset(name: str, split: str = "test", image_size: int | None = None) -> Dataset:
    """A dataset in its published order.

    Args:
        name: a registered one (``bench list datasets``), for instance ``cifar10`` or ``folder:PATH@SIZE``.
        split: ``test``, ``train`` or ``val``.
        image_size: height and width where the name leaves them open, as that of a folder may, for instance
            ``classifier.input_size``.

    Raises:
        UsageError: unknown name, unknown split, images without a size or with two, or a path that cannot be meant.
        DataError: the images are not here or cannot be read.
    """
    cls = dataset_class(name)
    side = cls.side(name)
    if None not in (side, image_size) and side != image_size:
        raise UsageError(f"The images of {name} are {side}x{side} and cannot be had at {image_size}x{image_size}.")
    wanted = image_size if side is None else side
    if wanted is None:
        raise UsageError(
            f"{name} does not say at which size its images are wanted, and it is never guessed. Type "
            f"load_dataset({name + '@224'!r}), or give image_size=, for instance image_size=classifier.input_size."
        )
    made = {} if (found := kept()) is None else found
    if (known := ("dataset", name, split, wanted)) not in made:
        made[known] = cls.open(name, split, wanted)
    return made[known]  # type: ignore[no-any-return]


def load_training(name: str, image_size: int | None = None) -> tuple[Dataset, Dataset]:
    """What something is trained on, and what is held out of it: ``train`` and ``val``.

    Args:
        name: as for ``load_dataset``. A tenth of a folder is held out, and it is no folder to evaluate on then.
        image_size: where the name leaves it open; a folder's is 32 then, what the shipped recipes make.

    Raises:
        UsageError, DataError: as ``load_dataset``.
    """
    return dataset_class(name).training(name, image_size)


def fetched(name: str) -> Any:
    """What fetches and verifies ``name``: a dataset's class, an extractor, or a module with the same two functions.

    Raises:
        UnknownNameError: nothing of that name is fetched.
    """
    if name in FETCHED:
        return import_module(FETCHED[name])
    if name in registered(DATASETS):
        return load(DATASETS, "dataset", name)
    if name in registered(EXTRACTORS) and hasattr(extractor := load(EXTRACTORS, "extractor", name), "fetch"):
        return extractor()
    fetching = [one for one in registered(EXTRACTORS) if hasattr(load(EXTRACTORS, "extractor", one), "fetch")]
    raise UnknownNameError("thing to fetch or verify", name, [*registered(DATASETS), *FETCHED, *fetching])
