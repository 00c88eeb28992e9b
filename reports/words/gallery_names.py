"""What the gallery calls a class: the dataset's name for it, or a number."""

from __future__ import annotations

from bench.datasets.cifar10 import CLASS_NAMES
from reports.analysis.groups import Entry, Group
from reports.analysis.images import facts, image_id, names_classes


def class_name(dataset: str, label: float) -> str:
    """A class by name where the names are known, else by number."""
    return CLASS_NAMES[int(label)] if dataset == "cifar10" and 0 <= label < len(CLASS_NAMES) else f"class {int(label)}"


def true_class(group: Group, row: int) -> str:
    """An image's class; in a folder of pictures it is the name of the subfolder, which its id begins with."""
    labels = facts(group).get("label")
    if labels is None:
        return "class unknown"
    subfolder, slash, _ = image_id(group, row).partition("/")
    return subfolder if slash and group.dataset.startswith("folder:") else class_name(group.dataset, float(labels[row]))


def target_class(group: Group, number: float) -> str:
    """A class of the group's classifier: by name where its logits name the dataset's classes."""
    return class_name(group.dataset if names_classes(group) else "", number)


def predicted(group: Group, entry: Entry, row: int, by: str, of: str) -> str:
    """The class that ``target`` or ``judge`` gives the original or the reconstruction; empty where it gave none."""
    answers = entry.per_image.get(f"prediction_{by}_{of}")
    if answers is None or not answers[row] >= 0:
        return ""
    return target_class(group, answers[row]) if by == "target" else class_name(group.dataset, answers[row])
