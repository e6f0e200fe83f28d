"""Is the written-out derivative the derivative? Analytic against numeric, for any network and loss.

The idea: along a random direction v, ``(J(w + h v) - J(w - h v)) / 2h`` must equal ``dJ/dw . v``; a handful of
directions touches every parameter and every input, at the cost of a few forward passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from forecast.nn.losses import Loss
    from forecast.nn.network import Network

    Array = np.ndarray[Any, np.dtype[Any]]

__all__ = ["GradientReport", "gradcheck"]


@dataclass(frozen=True)
class GradientReport:
    """Directional derivatives, by parameters and inputs in turn: `analytic [D]`, `numeric [D]`, `size [D]`.

    `size` is the length of the gradient a direction was held against: what a derivative along a random direction is
    typically as large as.
    """

    analytic: Array
    numeric: Array
    size: Array
    tolerance: float

    @property
    def error(self) -> float:
        """The largest difference, relative to the length of the gradient."""
        return float(np.max(np.abs(self.analytic - self.numeric) / np.maximum(self.size, 1e-12)))

    @property
    def passed(self) -> bool:
        """Whether the error is below the tolerance."""
        return self.error < self.tolerance


def gradcheck(
    network: Network,
    loss: Loss,
    x: Array,
    y: Array,
    weight: Array | None = None,
    *,
    directions: int = 8,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> GradientReport:
    """Compare the gradients of `network` under `loss` with central differences.

    Parameters
    ----------
    network : Network
        Of dtype float64; its parameters are left as they were.
    loss : Loss
        Any loss.
    x, y, weight : ndarray
        A batch as for training; use B > 1, H > 1 and E > 1: errors of a factor hide at 1.
    directions : int
        Random directions for the parameters, and as many for the inputs.
    tolerance : float
        The relative error that passes.
    seed : int
        Of the directions.

    Examples
    --------
    >>> from forecast import nn
    >>> network = nn.Network(nn.Linear(5), nn.Tanh(), nn.Linear(2), input_size=3, members=2, dtype=np.float64)
    >>> rng = np.random.default_rng(0)
    >>> gradcheck(network, nn.MSE(), rng.normal(size=(4, 3)), rng.normal(size=(4, 2))).passed
    True
    """
    rng = np.random.default_rng(seed)
    inputs = np.broadcast_to(x, (network.members, *x.shape[-2:])).astype(np.float64)
    _, gradient = loss.value_and_gradient(network.forward(inputs), y, weight)
    by_input = network.backward(gradient, inward=True).copy()
    by_parameters = network.gradients.copy()
    analytic, numeric, size = [], [], []
    for point, derivative in ((network.parameters, by_parameters), (inputs, by_input)):
        start = point.copy()
        for _ in range(directions):
            v = rng.normal(size=point.shape)
            analytic.append(float(np.sum(derivative * v)))
            size.append(float(np.sqrt(np.sum(derivative**2))))
            numeric.append(_central_difference(network, loss, (inputs, y, weight), point, start, v))
    return GradientReport(np.array(analytic), np.array(numeric), np.array(size), tolerance)


def _central_difference(
    network: Network, loss: Loss, batch: tuple[Array, Array, Array | None], point: Array, start: Array, v: Array
) -> float:
    """Return dJ/dt at t = 0 of J(start + t v), summed over members; `point` is moved and put back."""
    h = 1e-5
    inputs, y, weight = batch
    ends = []
    for sign in (1.0, -1.0):
        point[...] = start + sign * h * v
        ends.append(loss.value_and_gradient(network.forward(inputs), y, weight)[0].sum())
    point[...] = start
    return float((ends[0] - ends[1]) / (2.0 * h))
