"""``biggan-logit``: reconstructions by the trained generator, one forward pass each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bench.errors import WeightsError
from bench.inverter import Inverter, Target
from bench.seeding import sample_noise
from bench.weights import inverter_weights, load_checked, metadata, sha256_of
from methods.biggan_logit.generator import NOISE_DIM, Generator


class BigGANLogit(Inverter):
    """The logit-conditioned BigGAN of Teterwak et al. 2021; see the package's docstring for what is ours."""

    name = "biggan-logit"
    access = "logits"
    training = "pairs"
    stochastic = True

    def __init__(self, target: Target, weights: Path | None = None) -> None:
        """Load the generator trained for this very classifier.

        Args:
            target: what to invert.
            weights: a file that ``bench train inverter biggan-logit`` wrote; by default the one that belongs to the
                classifier, the user's own before the shipped one.

        Raises:
            WeightsError: the weights are missing, damaged, or were trained for other classifier weights.
        """
        super().__init__(target)
        path, sha256 = (weights, sha256_of(weights)) if weights else self._find(target)
        state = load_checked(path, sha256)
        self.weights = {path.stem: sha256}
        facts = metadata(path)
        if facts.get("classifier_sha256") != target.classifier_sha256:
            raise WeightsError(
                f"{path.name} was trained for {facts.get('classifier')} with SHA-256 "
                f"{facts.get('classifier_sha256')}, and this classifier is {target.classifier} with SHA-256 "
                f"{target.classifier_sha256}. Train one for it: bench train inverter biggan-logit --classifier "
                f"{target.classifier}"
            )
        recipe: dict[str, Any] = json.loads(facts["recipe"])
        self.recipe = {key: recipe[key] for key in ("name", "hash", "steps")}
        self.train_seconds = float(facts["train_seconds"]) if "train_seconds" in facts else None
        self.generator = Generator(target.num_logits, recipe["channels"], recipe["hidden"])
        self.generator.load_state_dict(state)
        self.generator.eval().requires_grad_(False)
        self.generator.to(target.device).to(memory_format=torch.channels_last)
        self.parameters = sum(p.numel() for p in self.generator.parameters())

    @classmethod
    def skip(cls, target: Target) -> str | None:
        """Without weights for this classifier there is nothing to run; it makes 32x32 images."""
        if target.image_size != (32, 32):
            return f"{cls.name} makes 32x32 images and {target.dataset} is {target.image_size[0]} px here."
        if inverter_weights(cls.name, target.classifier_sha256) is None:
            return _untrained(cls.name, target)
        return None

    def _find(self, target: Target) -> tuple[Path, str]:
        found = inverter_weights(self.name, target.classifier_sha256)
        if found is None:
            raise WeightsError(_untrained(self.name, target))
        return found

    def invert(self, logits: Tensor, seeds: Sequence[int]) -> Tensor:
        """G(z, eps) with eps from the sample's seed: (N, K) to (N, 3, 32, 32) in [0, 1]."""
        eps = sample_noise(seeds, NOISE_DIM).to(logits.device)
        return self.generator(logits, eps)  # type: ignore[no-any-return]


def _untrained(method: str, target: Target) -> str:
    return (
        f"There are no weights of {method} for {target.classifier} with SHA-256 {target.classifier_sha256[:16]}. "
        f"Train them: bench train inverter {method} --classifier {target.classifier}"
    )
