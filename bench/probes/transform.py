"""How far do logits and reconstruction move when the image is transformed (Teterwak et al. 2021, section 4)?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.cards import Look, Sheet
from bench.datasets.base import Pixels, to_images, to_pixels
from bench.metrics import logits as logit_metrics
from bench.metrics import reid
from bench.probes.base import Compute, Findings, Measured, Pictures, Probe, interleaved, measured, side_by_side
from bench.progress import each
from bench.seeding import sample_noise, seed_of

if TYPE_CHECKING:
    from torch import Tensor

    from bench.probes.scene import Scene, View


HORIZONTAL, VERTICAL = 0, 1


@dataclass(frozen=True)
class Change:
    """One transformation of images, by torchvision.

    Attributes:
        name: of the level.
        value: its strength; lengths are fractions of the side; of a flip 0 (horizontal) or 1 (vertical).
        apply: (N, 3, H, W) in [0, 1], the strength and N seeds to the same shape.
    """

    name: str
    value: float
    apply: Callable[[Tensor, float, Sequence[int]], Tensor]


def _rotate(images: Tensor, degrees: float, seeds: Sequence[int]) -> Tensor:
    """Counter-clockwise, bilinear; what comes in from outside is the mirrored image."""
    F, modes = _torchvision()
    height, width = images.shape[-2:]
    wide = F.pad(images, [width // 2, height // 2], padding_mode="reflect")
    turned: Tensor = F.rotate(wide, degrees, interpolation=modes.BILINEAR)
    return turned[..., height // 2 : height // 2 + height, width // 2 : width // 2 + width]


def _flip(images: Tensor, axis: float, seeds: Sequence[int]) -> Tensor:
    F, _ = _torchvision()
    flipped: Tensor = (F.horizontal_flip if axis == HORIZONTAL else F.vertical_flip)(images)
    return flipped


def _shift(images: Tensor, fraction: float, seeds: Sequence[int]) -> Tensor:
    """To the right and down; what comes in from outside is the mirrored image."""
    F, _ = _torchvision()
    height, width = images.shape[-2:]
    by = max(1, round(fraction * width))
    wide: Tensor = F.pad(images, [by, by, 0, 0], padding_mode="reflect")
    return wide[..., :height, :width]


def _crop(images: Tensor, fraction: float, seeds: Sequence[int]) -> Tensor:
    """The middle, enlarged to the whole (bicubic, antialiased)."""
    F, modes = _torchvision()
    size = list(images.shape[-2:])
    middle = F.center_crop(images, [max(1, round(fraction * side)) for side in size])
    enlarged: Tensor = F.resize(middle, size, interpolation=modes.BICUBIC, antialias=True)
    return enlarged


def _blur(images: Tensor, fraction: float, seeds: Sequence[int]) -> Tensor:
    """Gaussian, cut off at three standard deviations."""
    F, _ = _torchvision()
    sigma = fraction * images.shape[-1]
    kernel = 2 * max(1, round(3 * sigma)) + 1
    blurred: Tensor = F.gaussian_blur(images, [kernel, kernel], [sigma, sigma])
    return blurred


def _brightness(images: Tensor, factor: float, seeds: Sequence[int]) -> Tensor:
    F, _ = _torchvision()
    changed: Tensor = F.adjust_brightness(images, factor)
    return changed


def _noise(images: Tensor, deviation: float, seeds: Sequence[int]) -> Tensor:
    """Gaussian, an image's from its own seed: torchvision's has one seed for all."""
    drawn = sample_noise([seed_of("transform noise", seed) for seed in seeds], *images.shape[1:])
    return images + deviation * drawn


def _torchvision() -> tuple[Any, Any]:
    """Its functions and its interpolation modes."""
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms.v2 import functional

    return functional, InterpolationMode


CHANGES = (
    *(Change(f"rotate {degrees}", degrees, _rotate) for degrees in (5, 15, 45, 90)),
    Change("flip horizontal", HORIZONTAL, _flip),
    Change("flip vertical", VERTICAL, _flip),
    *(Change(f"shift {part}/32", part / 32, _shift) for part in (1, 2, 4)),
    *(Change(f"crop {part:g}", part, _crop) for part in (0.875, 0.75, 0.5)),
    *(Change(f"blur {part:g}/32", part / 32, _blur) for part in (0.5, 1, 2)),
    *(Change(f"brightness {factor:g}", factor, _brightness) for factor in (0.5, 0.75, 1.25, 1.5)),
    *(Change(f"noise {deviation:g}", deviation, _noise) for deviation in (0.02, 0.05, 0.1)),
)


class Transform(Probe):
    """Logits and reconstruction of the transformed image against those of the image itself; the noise stays."""

    name = "transform"
    question = "Which changes of the image do classifier and inverter pass over, and which do they follow?"
    levels = (
        "none; rotations in degrees; flips; shifts to the right and down by a fraction of the side; the middle "
        "fraction of the side, enlarged; Gaussian blur, its standard deviation a fraction of the side; brightness "
        "factors; Gaussian noise, its standard deviation in [0, 1]; here lpips is to the transformed image"
    )
    measures = (
        "lpips_input", "logit_move", "logit_move_cosine", "class_target_kept", "lpips_neutral", "lpips",
        "class_judge_neutral",
    )  # fmt: skip
    place = 8
    looks = (
        Look(
            "curve", ("logit_move", "lpips_neutral"),
            "A panel a record, a point a transformation: further right, the classifier's logits move further; further "
            "up, the reconstruction does. Lines join the strengths of one transformation, from no change on.",
            origin="none", origins={"crop": 1.0, "brightness": 1.0}, unordered=("flip",),
        ),
    )  # fmt: skip
    sheet = Sheet(
        period=2,
        fewer=(
            "none", "rotate 15", "flip horizontal", "shift 4/32", "crop 0.5", "blur 2/32", "brightness 0.5",
            "noise 0.1",
        ),
    )  # fmt: skip

    def measure(self, scene: Scene) -> Findings:
        """No change, then every change."""
        inputs, backs = {"none": scene.original}, {"none": scene.neutral}
        levels = [_level(scene, "none", 0.0, scene.original, scene.neutral)]
        for change in each(CHANGES, self.name):
            view = scene.view(transformed(change, scene.originals, scene.seeds))
            back = scene.view(scene.invert(scene.given_for(view)))
            inputs[change.name], backs[change.name] = view, back
            levels.append(_level(scene, change.name, change.value, view, back))
        return Findings(levels, _pictures(scene, inputs, backs))


def transformed(change: Change, pixels: Pixels, seeds: Sequence[int]) -> Pixels:
    """(N, H, W, 3) uint8 to the same, by one transformation, rounded again."""
    return to_pixels(change.apply(to_images(pixels), change.value, seeds))


def _level(scene: Scene, name: str, value: float, view: View, back: View) -> Measured:
    logits = scene.logits if view is scene.original else view.target_logits
    computes: dict[str, Compute] = {
        "lpips_input": lambda: view.lpips(scene.original),
        "logit_move": lambda: logit_metrics.logit_error(scene.logits, logits),
        "logit_move_cosine": lambda: logit_metrics.logit_cosine(scene.logits, logits),
        "class_target_kept": lambda: reid.same_class(scene.logits, logits),
        "lpips_neutral": lambda: back.lpips(scene.neutral),
        "lpips": lambda: back.lpips(view),
        "class_judge_neutral": lambda: back.same_judge_class(scene.neutral),
    }
    return measured(name, value, scene.images, computes)


def _pictures(scene: Scene, inputs: dict[str, View], backs: dict[str, View]) -> Pictures:
    """Two rows an image: what the classifier saw, and what came back."""
    names = scene.cell.dataset.class_names
    tables = [
        side_by_side(scene.images, {name: view.pixels for name, view in views.items()}, names)
        for views in (inputs, backs)
    ]
    return interleaved(tables[0], tables[1], ("image", "reconstruction"))
