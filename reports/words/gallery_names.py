"""What the gallery calls a class: the dataset's name for it, or a number."""

from __future__ import annotations

from collections.abc import Sequence

from bench.datasets.labels import names_by_judge
from bench.store.table import TARGET
from reports.analysis.groups import Entry, Group
from reports.analysis.images import facts, image_id, logit_names


def class_name(names: Sequence[str], label: float) -> str:
    """A class by name where the names are known, else by number."""
    return names[int(label)] if 0 <= label < len(names) else f"class {int(label)}"


def true_class(group: Group, row: int) -> str:
    """An image's class; where nobody knows the names it is the folder that the image's id begins with."""
    labels, names = facts(group).get("label"), group.cards.dataset.class_names
    if labels is None:
        return "class unknown"
    subfolder, slash, _ = image_id(group, row).partition("/")
    return subfolder if slash and not names else class_name(names, float(labels[row]))


def target_class(group: Group, number: float) -> str:
    """A class of the group's classifier: by name where it is known what its logits are called."""
    return class_name(logit_names(group), number)


def predicted(group: Group, entry: Entry, row: int, by: str, of: str) -> str:
    """The class that target or judge gives the original or the reconstruction; empty where it gave none."""
    answers = entry.per_image.get(f"prediction_{by}_{of}")
    if answers is None or not answers[row] >= 0:
        return ""
    if by == TARGET:
        return target_class(group, answers[row])
    return class_name(names_by_judge(group.cards.dataset, entry.record.protocol), answers[row])
