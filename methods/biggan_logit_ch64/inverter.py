"""``biggan-logit-ch64``: reconstructions by the wide generator."""

from __future__ import annotations

from methods.biggan_logit.inverter import BigGANLogit


class BigGANLogitCh64(BigGANLogit):
    """The logit-conditioned BigGAN of Teterwak et al. 2021 with ch 64."""

    name = "biggan-logit-ch64"
