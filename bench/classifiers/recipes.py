"""How each classifier of the zoo is trained. Imports no torch.

The values are common practice, the epochs what the time at hand allowed: none was searched for, on ``val`` or
elsewhere. ``resnet152`` was given 22 epochs after 13 had left it under-trained (89.0 % on ``train``, 86.3 % on
``val``); the test accuracy of those weights, 85.4 %, was known then. All but the last are of CIFAR-10.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from bench.config import DEFAULT_DATASET


@dataclass(frozen=True)
class ClassifierRecipe:
    """Everything that decides a classifier's weights, besides the code.

    Attributes:
        epsilon: Linf radius of adversarial training; 0 trains on clean images.
        auxiliary: weight of the auxiliary heads' losses; null where a network has none.
        dataset: whose ``train`` and ``val`` are used.
    """

    name: str
    epochs: int
    batch: int = 128
    peak_lr: float = 0.2
    momentum: float = 0.9
    weight_decay: float = 5e-4
    warmup: float = 0.15
    shift: int = 4
    label_smoothing: float = 0.0
    epsilon: float = 0.0
    average: float = 0.998
    seed: int = 1
    auxiliary: float | None = None
    dataset: str = DEFAULT_DATASET

    def settings(self) -> dict[str, Any]:
        """What applies to this network."""
        said = {key: value for key, value in asdict(self).items() if value is not None}
        if self.dataset == DEFAULT_DATASET:  # weights of earlier versions were for it and do not say so
            del said["dataset"]
        return said

    def digest(self) -> str:
        """SHA-256 of the recipe, short."""
        return hashlib.sha256(json.dumps(self.settings(), sort_keys=True).encode()).hexdigest()[:16]


RECIPES = {
    "robust_resnet152": ClassifierRecipe("robust_resnet152", epochs=14, epsilon=8 / 255),
    "resnet152": ClassifierRecipe("resnet152", epochs=22),
    "inception_v3": ClassifierRecipe("inception_v3", epochs=20, auxiliary=0.4),
    "judge": ClassifierRecipe("judge", epochs=14, peak_lr=0.4, shift=2, label_smoothing=0.1, seed=2),
    "judge-tiny-imagenet": ClassifierRecipe(
        "judge-tiny-imagenet", epochs=12, peak_lr=0.3, label_smoothing=0.1, seed=2, dataset="tiny-imagenet"
    ),
}
