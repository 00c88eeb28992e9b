"""A metric of each level: one looks at pairs of images, one at sets of features, one at the logits of both networks."""

import numpy as np
from numpy.typing import NDArray

import bench


class Brightness(bench.Metric):
    """Per image, from pixels, batch by batch."""

    card = bench.MetricCard(
        "brightness_error",
        "brightness error",
        "absolute difference of the mean brightness",
        higher_is_better=False,
        level="image",
        family="Brightness",
        digits=3,
        question="Is the reconstruction as bright as the original?",
    )
    needs = bench.Needs(pixels=True)

    def look(self, block: bench.Block) -> NDArray[np.float64]:
        """(n,) in [0, 1]."""
        a, b = (images.mean((1, 2, 3)) / 255 for images in (block.original, block.reconstruction))
        difference: NDArray[np.float64] = np.abs(a - b)
        return difference


class Confidence(bench.Metric):
    """Per image, from what a network said."""

    card = bench.MetricCard(
        "margin_kept",
        "margin kept",
        "the target's largest logit of the reconstruction less that of the original",
        higher_is_better=None,
        level="image",
        family="Brightness",
        question="Is the target as sure as before?",
    )
    needs = bench.Needs(logits=("target",))

    def compute(self, data: bench.Data) -> bench.PerImage:
        """(N,)."""
        z, z_hat = data.logits("target")
        return bench.PerImage((z_hat.max(1) - z.max(1)).astype(np.float64))


class MeanDistance(bench.ExtractorMetric):
    """One number for all images, over any extractor: ``mean_colours``, ``mean_judge``, ..."""

    prefix = "mean"
    facts = bench.MetricCard(
        "mean",
        "mean of",
        "distance of the means of {about}",
        higher_is_better=False,
        level="set",
        family="Brightness",
        digits=5,
        question="Are the reconstructions right on average?",
    )
    least_images = 10

    def between(self, a: NDArray[np.float32], b: NDArray[np.float32]) -> bench.Score:
        """At least 0."""
        return bench.Score(float(np.linalg.norm(a.mean(0) - b.mean(0))))


METRICS = (Brightness, Confidence(), MeanDistance("colours"), MeanDistance)
