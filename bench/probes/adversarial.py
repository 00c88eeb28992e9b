"""What comes back from the logits of an attacked image (Teterwak et al. 2021, section 4)?

The attack is secml-torch's PGD (Madry et al. 2018), in an L-infinity ball of 8/255 with 20 signed steps of 2/255 from
a random start; of the points on the way the one with the largest cross-entropy is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bench.cards import Look
from bench.datasets.base import Pixels, to_images, to_pixels
from bench.errors import UsageError
from bench.metrics import logits as logit_metrics
from bench.metrics import reid
from bench.probes.base import Compute, Findings, Measured, Probe, measured, side_by_side
from bench.probes.judging import logits_in_judge
from bench.seeding import seed_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from bench.probes.scene import Scene, View

EPSILON, STEP, STEPS = 8 / 255, 2 / 255, 20


class Adversarial(Probe):
    """Clean images and the same images attacked, away from the class that the target sees in the clean one."""

    name = "adversarial"
    question = "Does an attacked image come back as what it shows, or as what the attack made of it?"
    levels = "radius of the L-infinity ball in units of [0, 1] images: 0 (clean) and 8/255 (PGD-20, untargeted)"
    measures = (
        "lpips", "lpips_neutral", "lpips_input", "logit_move", "logit_move_cosine", "class_target_kept",
        "reid_label_judge", "reid_class_judge", "class_judge_neutral", "class_judge_given", "label_judge_input",
    )  # fmt: skip
    place = 6
    looks = (
        Look(
            "whiskers",
            ("reid_label_judge", "class_judge_given", "class_judge_neutral", "lpips", "lpips_neutral", "logit_move"),
            "From the logits of the clean and of the attacked image: what the judge sees in the reconstruction, how "
            "far it is from the clean image and from the clean reconstruction, and how far the logits moved.",
        ),
    )

    def check(self) -> None:
        """The attack comes from a library of its own.

        Raises:
            UsageError: it is not installed.
        """
        if find_spec("secmlt") is None:
            raise UsageError(
                "The probe 'adversarial' attacks images with the library secml-torch, which is not installed. Type: "
                "pip install 'secml-torch>=1.5' (it is also what the extra 'probes' of logit-inversion-bench brings)."
            )

    def depends(self) -> tuple[str, ...]:
        """The library's version."""
        return (f"secml-torch {version('secml-torch')}",)

    def measure(self, scene: Scene) -> Findings:
        """Clean, then attacked."""
        classes = scene.logits.argmax(axis=1)
        pixels = attack(scene.classifier.network, scene.originals, classes, scene.seeds, scene.device)
        attacked = scene.view(pixels)
        back = scene.view(scene.invert(scene.given_for(attacked)))
        levels = [
            _level(scene, "clean", 0.0, (scene.original, scene.logits, scene.neutral)),
            _level(scene, "attacked", EPSILON, (attacked, attacked.target_logits, back)),
        ]
        columns = {
            "clean image": scene.originals,
            "its reconstruction": scene.neutral.pixels,
            "attacked image": attacked.pixels,
            "its reconstruction from the attacked logits": back.pixels,
        }
        pictures = side_by_side(scene.images, columns, scene.cell.dataset.class_names)
        return Findings(levels, pictures, note=f"PGD-{STEPS} by {self.depends()[0]}, step {STEP:.4f}, random start")


def _level(scene: Scene, name: str, radius: float, seen: tuple[View, NDArray[np.float32], View]) -> Measured:
    """Image, its logits and its reconstruction, against the clean ones."""
    image, logits, back = seen
    given = scene.labels_given(logits)
    unknown = "the target's logits do not name the judge's classes"
    computes: dict[str, Compute] = {
        "lpips": lambda: back.lpips(scene.original),
        "lpips_neutral": lambda: back.lpips(scene.neutral),
        "lpips_input": lambda: image.lpips(scene.original),
        "logit_move": lambda: logit_metrics.logit_error(scene.logits, logits),
        "logit_move_cosine": lambda: logit_metrics.logit_cosine(scene.logits, logits),
        "class_target_kept": lambda: reid.same_class(scene.logits, logits),
        "reid_label_judge": lambda: back.judged(logits_in_judge(scene, scene.images.labels)),
        "reid_class_judge": lambda: back.same_judge_class(scene.original),
        "class_judge_neutral": lambda: back.same_judge_class(scene.neutral),
        "class_judge_given": lambda: back.judged(logits_in_judge(scene, given), unknown),
        "label_judge_input": lambda: image.judged(logits_in_judge(scene, scene.images.labels)),
    }
    return measured(name, radius, scene.images, computes)


def attack(
    network: nn.Module, pixels: Pixels, classes: NDArray[np.int64], seeds: Sequence[int], device: torch.device
) -> Pixels:
    """PGD-20 away from a class each; every image has a start of its own, so that no result depends on the batch.

    Args:
        network: [0, 1] images (n, 3, H, W) to logits.
        pixels: (n, H, W, 3) uint8.
        classes: (n,) int64.
        seeds: n integers.
        device: of the network.

    Returns:
        (n, H, W, 3) uint8, each pixel at most 8 steps of 1/255 from the original.
    """
    import torch

    from bench.metrics.features import default_batch

    size = default_batch(device)
    parts = []
    for start in range(0, len(pixels), size):
        rows = np.minimum(np.arange(start, start + size), len(pixels) - 1)  # whole batches: rounding depends on them
        images, labels = to_images(pixels[rows]), torch.from_numpy(classes[rows])
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False), torch.enable_grad():
            parts.append(to_pixels(_attack_batch(network, images, labels, [seeds[row] for row in rows])))
    return np.concatenate(parts)[: len(pixels)]


def _attack_batch(network: nn.Module, images: Tensor, labels: Tensor, seeds: Sequence[int]) -> Tensor:
    """One batch through the library, which moves it to the network's device by itself."""
    from torch.utils.data import DataLoader, TensorDataset

    pgd, native = _library()
    looks = STEPS + 1  # the library looks before each step and never at the point after the last one
    method = pgd(
        perturbation_model="linf", epsilon=EPSILON, num_steps=looks, step_size=STEP, random_start=True, backend=native
    )
    method.initializer = lambda x: random_start(seeds, tuple(x.shape[1:]))
    loader = DataLoader(TensorDataset(images, labels), batch_size=len(images))
    ((attacked, _),) = method(network, loader)
    attacked_images: Tensor = attacked
    return attacked_images


def _library() -> tuple[Any, str]:
    """secml-torch's PGD and the name of its own implementation.

    Where foolbox is installed too it is imported along, and that warns of names that SciPy moved.
    """
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from secmlt.adv.backends import Backends
        from secmlt.adv.evasion.pgd import PGD
    return PGD, Backends.NATIVE


def random_start(seeds: Sequence[int], shape: tuple[int, ...]) -> Tensor:
    """(n, *shape) uniform in [-epsilon, epsilon], row i drawn from ``seeds[i]`` alone."""
    import torch

    generators = [torch.Generator().manual_seed(seed_of("attack", seed)) for seed in seeds]
    return torch.stack([(2 * torch.rand(shape, generator=g) - 1) * EPSILON for g in generators])
