"""Every setting of the training, and the switches that are off in the faithful recipe."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from bench.errors import UsageError
from bench.training.trainer import InverterRecipe

# Settings that came after the first weights: left out of ``settings()`` where they are off, so that names, hashes and
# files of the faithful recipe stay what they were.
LATER = ("consistency", "d_steps", "d_channels", "whiten", "ema_start", "match")


@dataclass(frozen=True)
class BigGANRecipe(InverterRecipe):
    """The comparison recipe: the same for every classifier, for every size of images and for ``onehot-biggan``.

    With one D step a G step D keeps up by its larger rate alone (two time scales, Heusel et al. 2017); Brock et al.
    2019 take two D steps on top of it, which ``d_steps`` turns on.

    Attributes:
        channels: BigGAN's ``ch`` in G and D.
        hidden: width of the conditioning MLPs.
        steps: generator steps.
        lr_g, lr_d: Adam(0, 0.999) rates, constant.
        consistency: weight of the balanced consistency regularisation of D (Zhao et al. 2021); published: 10.
        d_steps: D steps a G step, each on a batch of its own.
        d_channels: ``ch`` of D where it is not G's.
        whiten: decorrelate the logits instead of standardising each by itself.
        ema_start: steps during which the average follows the weights closely.
        match: weight of the classifier's own answer to G's images against the logits, see ``matching``.
    """

    name: str = "cpu"
    steps: int = 10_000
    channels: int = 24
    hidden: int = 128
    lr_g: float = 2e-4
    lr_d: float = 4e-4
    consistency: float = 0.0
    d_steps: int = 1
    d_channels: int | None = None
    whiten: bool = False
    ema_start: int = 0
    match: float = 0.0

    def __post_init__(self) -> None:
        if self.d_steps < 1 or self.consistency < 0 or self.ema_start < 0 or self.match < 0:
            raise UsageError(
                f"d_steps is at least 1, consistency, ema_start and match at least 0; got {self.d_steps}, "
                f"{self.consistency:g}, {self.ema_start} and {self.match:g}."
            )

    @property
    def width_d(self) -> int:
        """``ch`` of D."""
        return self.channels if self.d_channels is None else self.d_channels

    def settings(self) -> dict[str, Any]:
        """All settings by name, later ones only where they are on."""
        off = {field.name: field.default for field in fields(self) if field.name in LATER}
        return {name: value for name, value in super().settings().items() if name not in off or value != off[name]}


def scaled(recipe: BigGANRecipe, batch: int) -> BigGANRecipe:
    """The recipe with another batch, both rates times the square root of its growth.

    The square-root rule of Krizhevsky 2014 (section 5), which Malladi et al. 2022 derive for Adam; they move its betas
    and epsilon too, which stay here. The number of steps stays: a time budget sets it.
    """
    factor = (batch / recipe.batch) ** 0.5
    name = f"{recipe.name}-batch{batch}"
    return replace(recipe, name=name, batch=batch, lr_g=recipe.lr_g * factor, lr_d=recipe.lr_d * factor)


def _imagenet(name: str, channels: int) -> BigGANRecipe:
    """Brock et al. 2019 (section 3, appendix C): two D steps, Adam(0, 0.999) with 5e-5 in G and 2e-4 in D, an average
    from step 20,000 on, as in their PyTorch code. 250,000 steps are those of compare_gan's ``biggan_imagenet128``.
    """
    return BigGANRecipe(
        name, steps=250_000, batch=2_048, channels=channels, lr_g=5e-5, lr_d=2e-4, d_steps=2, ema_start=20_000
    )


# By name, as ``--recipe`` takes them. ``gpu`` is meant for half an hour on one data-centre GPU: ch 64 as in the public
# CIFAR-10 configuration of BigGAN-PyTorch, and the smallest batch in table 1 of Brock et al. 2019. Rates are those of
# the smaller batch: their rates are no higher for 2,048 images, and scaled ones did worse in the switches.json of
# ``studies.biggan_logit``. What it reaches, and how many steps half an hour has, was not measured; --budget fits the
# steps. ``gpu64`` is meant for images of 64 px and ten minutes of such a GPU: its batch is that of IC-GAN's ImageNet
# recipe at that size (Casanova et al. 2021), its rates are ours, and ch 32 in place of its 64 is what a file of some 15
# MB holds with 1,000 logits. It was not compared with other widths. ``imagenet64`` and ``imagenet128`` are for eight
# GPUs: the paper's ``ch`` 96 at 128 px, and 64 at 64 px, which the paper does not have. They were never run.
RECIPES = {
    "cpu": BigGANRecipe(),
    "gpu": BigGANRecipe("gpu", steps=20_000, batch=256, channels=64),
    "gpu64": BigGANRecipe("gpu64", steps=5_000, batch=256, channels=32),
    "imagenet64": _imagenet("imagenet64", 64),
    "imagenet128": _imagenet("imagenet128", 96),
}
