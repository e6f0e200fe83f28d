"""Which learning rate? A short training in which the rate rises until the loss explodes.

The idea: rates far too small change nothing, rates far too large destroy; in between the loss falls, and a tenth of the
rate at which it is lowest is a good one to start from (Smith 2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecast.nn.losses import Loss
    from forecast.nn.network import Network
    from forecast.nn.optimizers import Optimizer
    from forecast.nn.training import Batch

    Array = np.ndarray[Any, np.dtype[Any]]

__all__ = ["RangeTest", "range_test"]

BLOWN = 4.0
"""A smoothed loss so many times the lowest ends the test."""


@dataclass(frozen=True)
class RangeTest:
    """The course of a range test.

    Parameters
    ----------
    rates, losses : ndarray [N]
        The rate of each step and the mean loss of the members, smoothed; `forecast.figures.learning_rate_curve` draws
        them.
    proposed : float
        A tenth of the rate at the lowest smoothed loss.
    """

    rates: Array
    losses: Array
    proposed: float


def range_test(
    network: Network,
    draw: Callable[[int], Batch],
    *,
    loss: Loss,
    optimizer: Optimizer,
    lowest: float = 1e-6,
    highest: float = 10.0,
    steps: int = 200,
    smoothing: float = 0.9,
) -> RangeTest:
    """Raise the rate from `lowest` to `highest` by equal factors and watch the loss; leave the network as it was.

    Parameters
    ----------
    network, draw, loss, optimizer
        As for `train`.
    lowest, highest : float
        The range of rates.
    steps : int
        Steps from the one to the other.
    smoothing : float
        Share of the old in the running mean of the losses, corrected for its start.

    Examples
    --------
    >>> from forecast import nn
    >>> x = np.linspace(-2, 2, 64).reshape(-1, 1)
    >>> network = nn.Network(nn.Linear(8), nn.Tanh(), nn.Linear(1), input_size=1)
    >>> found = range_test(network, lambda step: nn.Batch(x, np.sin(x)), loss=nn.MSE(), optimizer=nn.Adam())
    >>> 1e-3 < found.proposed < 1.0
    True
    """
    start = network.parameters.copy()
    optimizer.reset(network.parameters)
    rates, losses, mean, least = [], [], 0.0, np.inf
    with network.training_mode(), np.errstate(over="ignore", invalid="ignore"):
        for step, rate in enumerate(np.geomspace(lowest, highest, steps)):
            inputs, targets, weight = draw(step)
            values, gradient = loss.value_and_gradient(network.forward(inputs), targets, weight)
            mean = smoothing * mean + (1.0 - smoothing) * float(np.mean(values))
            smooth = mean / (1.0 - smoothing ** (step + 1))
            if not smooth < BLOWN * least and step:
                break
            least = min(least, smooth)
            rates.append(rate)
            losses.append(smooth)
            network.backward(gradient)
            optimizer.step(network.parameters, network.gradients, float(rate))
    network.parameters[...] = start
    return RangeTest(np.array(rates), np.array(losses), float(rates[int(np.argmin(losses))]) / 10.0)
