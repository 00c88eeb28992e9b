"""What the trainings of both decoders share: the decoder that ships is the average of the trained one's weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from baselines.dosovitskiy_brox.decoders import Decoder, Table
from bench.classifiers import LoadedClassifier
from bench.seeding import seed_of
from bench.training.engine import Engine
from bench.training.inverters import InverterTask, Reconstruct
from bench.training.loop import WeightAverage
from bench.training.pairs import TrainingPairs
from bench.training.trainer import InverterRecipe

FACTOR = 1 / 4


@dataclass(frozen=True)
class DecoderRecipe(InverterRecipe):
    """What both recipes have.

    Attributes:
        factor: of the decoder's widths; see ``Decoder``.
        lr: Adam's rate, constant.
        beta1: Adam's; the other is 0.999.
    """

    factor: float = FACTOR
    lr: float = 2e-4
    beta1: float = 0.9


class DecoderTask(InverterTask):
    """A decoder on the device with its optimiser and its average; a subclass adds the loss."""

    recipe: DecoderRecipe

    table: ClassVar[Table]

    def __init__(
        self, recipe: DecoderRecipe, pairs: TrainingPairs, classifier: LoadedClassifier, engine: Engine
    ) -> None:
        super().__init__(recipe, pairs, classifier, engine)
        torch.manual_seed(seed_of("init", recipe.seed))
        self.g = engine.place(self._decoder())
        self._g = engine.parallel(self.g)
        self.g.standardise.fit(pairs.reference())
        self.g_optimizer = torch.optim.Adam(self.g.parameters(), recipe.lr, (recipe.beta1, 0.999))
        self.networks, self.optimizers = {"g": self.g}, {"g": self.g_optimizer}
        self.average = WeightAverage(self.g.state_dict(), recipe.ema_decay)

    def _decoder(self) -> Decoder:
        return Decoder(self.pairs.num_logits, self.table, self.recipe.factor, self.pairs.image_size)

    def averaged(self) -> Decoder:
        """The decoder with the averaged weights."""
        decoder = self._decoder().to(self.device).to(memory_format=torch.channels_last)
        decoder.load_state_dict(self.average.average)
        return decoder.eval()

    def reconstructing(self) -> Reconstruct:
        """The averaged decoder; there is no noise, so all draws are the same."""
        decoder = self.averaged()

        def reconstruct(z: Tensor, draw: int) -> Tensor:
            return torch.cat([decoder(part) for part in torch.split(z, 250)]).clamp(0, 1)

        return reconstruct
