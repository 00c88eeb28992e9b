"""A recipe that trains in seconds, and the field whose flow is known in closed form."""

import torch
from torch import Tensor

from methods.flow_matching.solvers import Field
from methods.flow_matching.train import FlowRecipe

TINY = FlowRecipe(name="tiny", channels=16, coarse=32, blocks=1, middle=1, width=8, steps=6, batch=8, warm_up=1)


def gaussian_field(mean: Tensor, covariance: Tensor) -> Field:
    """E[x_1 - x_0 | x_t = x] of x_0 ~ N(0, I) and x_1 ~ N(mean, covariance), independent, in float64.

    (x_0, x_1, x_t) is Gaussian: x_1 - x_0 has the mean m, and with x_t the covariance t S - (1 - t) I.
    """
    eye = torch.eye(len(mean), dtype=torch.float64)

    def field(x: Tensor, t: float) -> Tensor:
        spread = (1 - t) ** 2 * eye + t**2 * covariance
        slope: Tensor = torch.linalg.solve(spread, t * covariance - (1 - t) * eye)
        return mean + (x - t * mean) @ slope

    return field
