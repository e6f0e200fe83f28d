"""The learning rate as a function of the step.

The idea: a schedule is called with the step, counted from 0, and returns a rate; it keeps no state. The one exception,
`ReduceOnPlateau`, is told the validation loss at each look (`observe`) and forgets it all at `reset`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, inf, pi

__all__ = [
    "SCHEDULES",
    "Constant",
    "Cosine",
    "CosineRestarts",
    "Exponential",
    "InverseTime",
    "OneCycle",
    "ReduceOnPlateau",
    "Schedule",
    "Step",
    "Warmup",
]

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
class Exponential:
    """``rate * factor^(step / every)``: the smooth form of `Step`.

    Examples
    --------
    >>> [round(Exponential(0.1, every=10, factor=0.25)(step), 3) for step in (0, 5, 10)]
    [0.1, 0.05, 0.025]
    """

    rate: float
    every: int
    factor: float = 0.5

    def __call__(self, step: int) -> float:
        """Return the rate at `step`."""
        return float(self.rate * self.factor ** (step / self.every))


@dataclass(frozen=True)
class InverseTime:
    """``rate / (1 + step / halving)``: half after `halving` steps, a third after twice as many.

    With plain gradient descent, rates that fall as 1 / t are what convergence takes (Robbins & Monro 1951).

    Examples
    --------
    >>> [InverseTime(0.1, halving=10)(step) for step in (0, 10, 30)]
    [0.1, 0.05, 0.025]
    """

    rate: float
    halving: int

    def __call__(self, step: int) -> float:
        """Return the rate at `step`."""
        return self.rate / (1.0 + step / self.halving)


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


@dataclass(frozen=True)
class CosineRestarts:
    """A `Cosine` of `period` steps that starts again from `rate`, each time `growth` as long (SGDR).

    A warm restart throws the weights out of the valley they are in (Loshchilov & Hutter 2017).

    Examples
    --------
    >>> [round(CosineRestarts(0.1, period=10, growth=2)(step), 3) for step in (0, 5, 10, 20, 30)]
    [0.1, 0.05, 0.1, 0.05, 0.1]
    """

    rate: float
    period: int
    growth: float = 1.0
    floor: float = 0.0

    def __call__(self, step: int) -> float:
        """Return the rate at `step`."""
        start, period = 0.0, float(self.period)
        while step >= start + period:
            start += period
            period *= self.growth
        return self.floor + (self.rate - self.floor) * (1.0 + cos(pi * (step - start) / period)) / 2.0


@dataclass(frozen=True)
class OneCycle:
    """Up to `rate` along half a cosine over the first `rise` of `total` steps, then down to nearly nothing.

    The first rate is ``rate / start``, the last ``rate / end`` (Smith 2018, with cosines for straight lines).

    Examples
    --------
    >>> [round(OneCycle(0.1, 100, rise=0.25)(step), 4) for step in (0, 25, 100)]
    [0.004, 0.1, 0.0]
    """

    rate: float
    total: int
    rise: float = 0.3
    start: float = 25.0
    end: float = 1e4

    def __call__(self, step: int) -> float:
        """Return the rate at `step`."""
        peak = self.rise * self.total
        if step < peak:
            low, progress = self.rate / self.start, 1.0 - step / peak
        else:
            low, progress = self.rate / self.end, min((step - peak) / (self.total - peak), 1.0)
        return low + (self.rate - low) * (1.0 + cos(pi * progress)) / 2.0


@dataclass(frozen=True)
class Warmup:
    """A straight line from ``1 / steps`` of the first rate of `then` up to it over `steps`, then that schedule.

    Examples
    --------
    >>> [Warmup(Constant(0.1), steps=4)(step) for step in (0, 1, 3, 4)]
    [0.025, 0.05, 0.1, 0.1]
    """

    then: Schedule
    steps: int

    def __call__(self, step: int) -> float:
        """Return the rate at `step`."""
        if step < self.steps:
            return self.then(0) * (step + 1) / self.steps
        return self.then(step - self.steps)


class ReduceOnPlateau:
    """`rate`, times `factor` whenever the validation loss has not improved for `patience` looks.

    Parameters
    ----------
    rate : float
        At the start.
    factor : float
        What a plateau multiplies the rate by.
    patience : int
        Looks in a row without improvement that make a plateau.
    floor : float
        The least rate.

    Examples
    --------
    >>> schedule = ReduceOnPlateau(0.1, factor=0.5, patience=2)
    >>> for loss in (3.0, 2.0, 2.0, 2.0):
    ...     schedule.observe(loss)
    >>> schedule(99)
    0.05
    """

    def __init__(self, rate: float, *, factor: float = 0.5, patience: int = 5, floor: float = 0.0) -> None:
        self.rate = rate
        self.factor = factor
        self.patience = patience
        self.floor = floor
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self._now, self._best, self._waited = self.rate, inf, 0

    def observe(self, loss: float) -> None:
        """Take the validation loss of a look."""
        if loss < self._best:
            self._best, self._waited = loss, 0
            return
        self._waited += 1
        if self._waited >= self.patience:
            self._now, self._waited = max(self._now * self.factor, self.floor), 0

    def __call__(self, step: int) -> float:
        """Return the rate of the moment, whatever the step."""
        return self._now


SCHEDULES: dict[str, Callable[..., Schedule]] = {
    "constant": Constant,
    "cosine": Cosine,
    "cosine_restarts": CosineRestarts,
    "exponential": Exponential,
    "inverse_time": InverseTime,
    "one_cycle": OneCycle,
    "reduce_on_plateau": ReduceOnPlateau,
    "step": Step,
    "warmup": Warmup,
}
