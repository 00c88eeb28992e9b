"""What labels are called by the judge, whose logits may name more classes than the dataset has, or others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.metrics.reid import logits_named

if TYPE_CHECKING:
    from bench.probes.scene import Scene


def logits_in_judge(scene: Scene, labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) the judge's logit that names each label; -1 where there is no label.

    Args:
        scene: whose judge it is.
        labels: (n,), below 0 where there is none.

    Raises:
        MetricError: the judge's logits do not name the labels.
    """
    return logits_named(labels, scene.networks.labels)
