"""The learning rate as a function of the step.

The idea: a schedule is called with the step, counted from 0, and returns a rate; it keeps no state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi

__all__ = ["Constant", "Cosine", "Schedule", "Step"]

Schedule = Callable[[int], float]


@dataclass(frozen=True)
class Constant:
    """Always ``rate``."""

    rate: float

    def __call__(self, step: int) -> float:
        """Return the rate at `step`."""
        return self.rate


@dataclass(frozen=True)
class Step:
    """``rate * factor^(step // every)``: constant for `every` steps, then multiplied by `factor`.

    Examples
    --------
    >>> [Step(0.1, every=10, factor=0.5)(step) for step in (0, 9, 10, 20)]
    [0.1, 0.1, 0.05, 0.025]
    """

    rate: float
    every: int
    factor: float = 0.5

    def __call__(self, step: int) -> float:
        """Return the rate at `step`."""
        return self.rate * self.factor ** (step // self.every)


@dataclass(frozen=True)
class Cosine:
    """From `rate` at step 0 down half a cosine to `floor` at step `total`, and `floor` after it.

    ``floor + (rate - floor) (1 + cos(pi step / total)) / 2`` (Loshchilov & Hutter 2017, without restarts).

    Examples
    --------
    >>> [round(Cosine(0.1, 100)(step), 3) for step in (0, 50, 100, 150)]
    [0.1, 0.05, 0.0, 0.0]
    """

    rate: float
    total: int
    floor: float = 0.0

    def __call__(self, step: int) -> float:
        """Return the rate at `step`."""
        progress = min(step / self.total, 1.0)
        return self.floor + (self.rate - self.floor) * (1.0 + cos(pi * progress)) / 2.0
