"""Where exponential smoothing stands at the end of a series, and how what comes may spread from there.

The idea: the same recursion runs forward with errors drawn, with one error of 1, or with none. Without errors it gives
the forecasts; one error of 1 gives the weights of the variance of a linear form; a form whose errors multiply has no
such weights, and its quantiles are read off paths.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["State"]

PATHS = 2000
"""Paths from which the quantiles of a form with multiplying errors are read."""


@dataclass(frozen=True)
class State:
    """Level, slope and season after the last value, and the smoothing that leads on (Hyndman et al. 2008, table 2.2).

    Parameters
    ----------
    letters : str
        Error, trend and season, as ``MAM`` or ``ANN``; a damped trend is A, its damping `phi`.
    level, slope : float
        0 for no slope.
    season : ndarray [m]
        The indices of the last m steps, the one that returns first being first; empty for none.
    alpha, beta, gamma, phi : float
        How much of an error goes into level, slope and season, and what is left of a slope after a step.
    sigma : float
        The standard deviation of one-step errors, relative ones where they multiply; NaN where it is not known.

    Examples
    --------
    >>> state = State("AAN", level=10.0, slope=2.0, alpha=0.5, sigma=1.0)
    >>> state.ahead(3, quantiles=[0.5]).tolist()
    [[12.0, 12.0], [14.0, 14.0], [16.0, 16.0]]
    """

    letters: str
    level: float
    slope: float = 0.0
    season: Floats | None = None
    alpha: float = 0.0
    beta: float = 0.0
    gamma: float = 0.0
    phi: float = 1.0
    sigma: float = np.nan

    def ahead(self, horizon: int, *, quantiles: Sequence[float] = ()) -> Floats:
        """Return the forecasts [H, 1 + Q]: the middle, without errors, and the quantiles under normal errors.

        With additive errors ``var_h = sigma^2 (1 + c_1^2 + ... + c_(h-1)^2)``, c_j being what an error of 1 leaves
        after j steps (Hyndman et al. 2008, section 6.2): exact for linear forms. With errors that multiply they are
        the quantiles of `PATHS` paths, whose errors are the same for every series.
        """
        middle = self.paths(np.zeros((horizon, 1)))
        if not len(quantiles):
            return middle
        if not self.sigma > 0:
            return np.hstack([middle, np.full((horizon, len(quantiles)), np.nan)])
        if self.letters[0] == "A":
            impulse = np.eye(horizon, 1)
            flat = replace(self, level=0.0, slope=0.0, season=None if self.season is None else 0.0 * self.season)
            deviation = self.sigma * np.sqrt(np.cumsum(flat.paths(impulse) ** 2, axis=0))
            return np.hstack([middle, middle + deviation * ndtri(np.array(quantiles))])
        drawn = self.paths(self.sigma * _errors(horizon))
        return np.hstack([middle, np.quantile(drawn, quantiles, axis=1).T])

    def after(self, values: Floats) -> State:
        """Return where the series stands when these values [k] have come: each error is what they are off by.

        Examples
        --------
        >>> State("AAN", level=10.0, slope=2.0, alpha=0.5, beta=0.1).after(np.array([14.0])).level
        13.0
        """
        neutral = 1.0 if self.letters[2] == "M" else 0.0
        level, slope, season = self.level, self.slope, [neutral] if self.season is None else list(self.season)
        for y in values:
            base, index, slope = level + self.phi * slope, season.pop(0), self.phi * slope
            e = y - (base * index if neutral else base + index)
            level, slope, index = self._moved(base, slope, index, e)
            season.append(index)
        return replace(
            self, level=float(level), slope=float(slope), season=None if self.season is None else np.array(season)
        )

    def paths(self, errors: Floats) -> Floats:
        """Return what comes [H, N] when the errors are these [H, N]."""
        error, kind = self.letters[0], self.letters[2]
        level, slope = np.full(errors.shape[1], self.level), np.full(errors.shape[1], self.slope)
        neutral = 1.0 if kind == "M" else 0.0
        season = (
            [neutral + np.zeros(errors.shape[1])] if self.season is None else [s + 0.0 * level for s in self.season]
        )
        y = np.empty(errors.shape)
        for t, e in enumerate(errors):
            slope = self.phi * slope
            base, index = level + slope, season.pop(0)
            expected = base * index if kind == "M" else base + index
            e = expected * e if error == "M" else e
            y[t] = expected + e
            level, slope, index = self._moved(base, slope, index, e)
            season.append(index)
        return y

    def _moved(self, base: Any, slope: Any, index: Any, e: Any) -> tuple[Any, Any, Any]:
        """Return level, slope and index of the season after an error e: numbers, or arrays of as many paths."""
        by_season = self.letters[2] == "M"
        share = e / index if by_season else e
        seasonal = e / base if by_season else e
        return base + self.alpha * share, slope + self.beta * share, index + self.gamma * seasonal


@lru_cache(maxsize=8)
def _errors(horizon: int) -> Floats:
    """Return standard normal errors [H, N], at each step in equal shares from everywhere, in an order of their own."""
    grid = ndtri((np.arange(PATHS) + 0.5) / PATHS)
    return np.random.default_rng(0).permuted(np.tile(grid, (horizon, 1)), axis=1)
