"""The words of the report: the bands of its tables, directions, what each control answers, standing caveats."""

from __future__ import annotations

from collections.abc import Iterable

from bench.metrics.base import MIN_SET_IMAGES
from reports.analysis.groups import Entry, Group

CONTROLS: dict[str, str] = {
    "oracle": "The original itself: the ceiling of each metric.",
    "real-train": "Training images, class-matched, in place of the reconstructions: the floor of the set-level scores.",
    "train-nearest": "The training image whose logits are nearest: how far does memorising go?",
    "same-class-random": "A random training image of the predicted class: what is the class alone worth?",
    "class-mean": "The mean training image of the predicted class.",
    "ridge": "Linear regression from logits to pixels: what is linearly there?",
    "onehot-biggan": "The BigGAN inverter fed only with the arg-max class: do the other logits matter?",
}

BANDS = ("Inverters", "Given features in place of logits, and not ranked", "Controls: floors and ceilings")

DIRECTIONS = {
    True: ("↑", "higher is better"),
    False: ("↓", "lower is better"),
    None: ("", "no direction is better in itself"),
}

ACCESS: dict[str, str] = {
    "logits": "nothing but the logits",
    "white-box": "the logits, and the classifier with its gradients",
    "features": "the penultimate features in place of the logits, and the classifier with its gradients",
    "original": "the original image (controls only)",
}

THIN_CLASSIFIERS = ("robust_resnet152", "resnet152", "inception_v3")


def bands(group: Group) -> list[tuple[str, list[Entry]]]:
    """Rows that stand together, with their titles, without bands that nobody stands in."""
    return [(title, entries) for title, entries in zip(BANDS, group.bands, strict=True) if entries]


def thin(classifiers: Iterable[str]) -> list[str]:
    """The warning for each classifier that is not the published network of its name."""
    shown = set(classifiers)
    return [
        f"{classifier} is a thin, 32x32 version of the published architecture, trained by this project on "
        "CIFAR-10. Its scores do not speak for the ImageNet network of that name."
        for classifier in THIN_CLASSIFIERS
        if classifier in shown
    ]


def warnings(classifier: str, num_images: int, keys: Iterable[str], *, judged: bool) -> list[str]:
    """What a reader of these scores must know beforehand; ``judged``: some record has a value of ``fd_judge``."""
    found = thin([classifier])
    if num_images < MIN_SET_IMAGES:
        found.append(
            f"With {num_images:,} images the set-level distances are not defined (they need {MIN_SET_IMAGES:,}) "
            "and stand as a dash."
        )
    same = [key for key in keys if key in (f"fd_{classifier}", f"kid_{classifier}")]
    if same:
        found.append(
            f"{' and '.join(same)} look through the very network that was inverted, which favours what that network "
            "likes to see." + (" Read fd_judge instead." if judged else "")
        )
    return found
