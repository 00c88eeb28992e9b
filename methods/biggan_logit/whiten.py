"""Logits, whitened with training statistics: the switch ``whiten`` in place of ``bench.inverters.standardise``."""

from __future__ import annotations

import torch
from torch import Tensor

from bench.inverters.standardise import Standardise
from bench.weights.files import rounded

FLOOR = 0.01  # of the mean eigenvalue, which is 1; our choice: no direction is enlarged more than tenfold
BLOCK = 10_000
MANTISSA = 7  # bits that a weight file keeps


class Whiten(Standardise):
    """z to W (z - mean) / std / sqrt(K) with mean squared norm 1, as ``Standardise`` has it, and covariance I / K.

    W = P^(-1/2), P the correlation matrix of the training logits (ZCA-cor of Kessy et al. 2018): of all whitened
    logits these are closest to the standardised ones. Eigenvalues of P below ``FLOOR`` are taken as ``FLOOR`` and all
    is scaled to mean squared norm 1 again: among 1,000 logits many directions carry next to nothing, and so does the
    sum of any logits that were trained by cross-entropy.

    All buffers are rounded to the precision of the weight file, so that training sees what ships: W enlarges
    differences in the last bits.
    """

    matrix: Tensor

    def __init__(self, num_logits: int) -> None:
        super().__init__(num_logits)
        self.register_buffer("matrix", torch.eye(num_logits))

    def fit(self, logits: Tensor) -> None:
        """Take mean, standard deviation and correlations from training logits (M, K)."""
        super().fit(logits)
        for buffer in (self.mean, self.std):
            buffer.copy_(rounded(buffer, MANTISSA))
        values, vectors = torch.linalg.eigh(self._covariance(logits))
        floored = values.clamp_min(FLOOR)
        scale = (len(values) / (values.clamp_min(0) / floored).sum()).sqrt()
        self.matrix.copy_(rounded(scale * (vectors * floored.rsqrt()) @ vectors.T, MANTISSA))

    def forward(self, logits: Tensor) -> Tensor:
        """(N, K) to (N, K), never in bfloat16: small directions are enlarged."""
        with torch.autocast(logits.device.type, enabled=False):
            return super().forward(logits) @ self.matrix

    def _covariance(self, logits: Tensor) -> Tensor:
        """Of the standardised logits, (K, K) float64: nearly their correlations, P."""
        k = logits.shape[1]
        mean, second = logits.new_zeros(k, dtype=torch.float64), logits.new_zeros(k, k, dtype=torch.float64)
        for part in torch.split(logits, BLOCK):
            z = (part.double() - self.mean.double()) / self.std.double()
            mean += z.sum(0) / len(logits)
            second += z.T @ z / len(logits)
        return second - torch.outer(mean, mean)
