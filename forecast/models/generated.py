"""Series that never were: what a network may learn the ways of time series from, before it sees any of a user's.

The idea: a series is a level that wanders, a trend that may tire, seasons, errors that remember, and now and then a
shift or an outlier, each drawn anew; their variety, not any one of them, is what teaches. All are made as arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["RECIPES", "Recipe", "generate"]

SEASONAL, SHIFTED, MIXED = 0.7, 0.15, 0.15
"""The shares of series with a season, with a shift of their level, and mixed of two."""
HARMONICS = 6


@dataclass(frozen=True)
class Recipe:
    """What is generated for a season.

    Parameters
    ----------
    structural, arima, smooth, counts : float
        How many of the series are made in which way; they add up to one.
    noise : float
        How large the noise of structural series is beside that of the others.
    outliers : float
        The share of values that are far off, in half of the series.
    """

    structural: float
    arima: float
    smooth: float
    counts: float
    noise: float
    outliers: float


_FIRST = Recipe(structural=0.5, arima=0.25, smooth=0.15, counts=0.1, noise=1.0, outliers=0.01)
RECIPES = {
    1: Recipe(structural=0.69, arima=0.25, smooth=0.02, counts=0.04, noise=1.0, outliers=0.01),
    4: Recipe(structural=0.69, arima=0.25, smooth=0.02, counts=0.04, noise=1.0, outliers=0.02),
    7: _FIRST,
    12: Recipe(structural=0.69, arima=0.25, smooth=0.02, counts=0.04, noise=20.0, outliers=0.02),
    24: _FIRST,
    52: _FIRST,
}
"""Chosen on the training parts of M3 and NN3, after short trainings, by the sMAPE on their last three horizons over
that of Theta: season 12 from 0.963 (the first recipe) by noise times 20 to 0.936, and almost without smooth ones to
0.929; season 4 from 0.949 to 0.946; season 1 from 0.990 to 0.985, where more noise was worse (0.995), as for season 4
(0.953). For the other seasons there was nothing to choose on."""


def generate(count: int, length: int, season_length: int, rng: np.random.Generator) -> Floats:
    """Return `count` series of `length` values [N, T], on the scale on which their changes add up.

    Parameters
    ----------
    count, length : int
        N and T.
    season_length : int
        Periods of the season that most of them have; 1 for none.
    rng : Generator
        Where all chance comes from.

    Examples
    --------
    >>> generate(3, 48, 12, np.random.default_rng(0)).shape
    (3, 48)
    """
    recipe = RECIPES.get(season_length, _FIRST)
    shares = (recipe.structural, recipe.arima, recipe.smooth, recipe.counts)
    kinds = rng.choice(len(shares), size=count, p=shares)
    structural = partial(_structural, noise=recipe.noise)
    makers: tuple[Callable[..., Floats], ...] = (structural, _arima, _smooth, _counts)
    series = np.empty((count, length))
    for kind, make in enumerate(makers):
        chosen = np.flatnonzero(kinds == kind)
        made = make(len(chosen), length, rng)
        series[chosen] = made / _size(made)
    if season_length > 1:
        series += _season(count, length, season_length, rng)
    series += _shifts(count, length, rng)
    mixed = np.flatnonzero(rng.random(count) < MIXED)
    share = rng.random((len(mixed), 1))
    series[mixed] = share * series[mixed] + (1 - share) * series[rng.permutation(mixed)]
    return _with_outliers(series, recipe.outliers, rng)


def _structural(count: int, length: int, rng: np.random.Generator, *, noise: float) -> Floats:
    """Return local levels with local trends, some of which are damped, and noise, some of which remembers.

    The innovations of Harvey (1989), with the damping of Gardner & McKenzie (1985)::

        level' = level + slope + a        slope' = d slope + b        y = level + noise
    """
    level_sd, slope_sd, noise_sd = (_log_uniform(low, high, count, rng) for low, high in _SIZES)
    damping = np.where(rng.random(count) < 0.5, 1.0, rng.uniform(0.8, 0.99, count))
    slope = rng.standard_normal(count) * _log_uniform(0.005, 0.5, count, rng) * (rng.random(count) < 0.8)
    slopes = _recursion(slope_sd[:, None] * rng.standard_normal((count, length)), damping, slope)
    levels = np.cumsum(slopes + level_sd[:, None] * rng.standard_normal((count, length)), axis=1)
    memory = np.where(rng.random(count) < 0.5, 0.0, rng.uniform(-0.4, 0.9, count))
    around = _recursion(noise * noise_sd[:, None] * rng.standard_normal((count, length)), memory, np.zeros(count))
    return levels + around


_SIZES = ((0.01, 1.0), (0.0005, 0.05), (0.02, 2.0))
"""From what to what the standard deviations of changes of level, of changes of slope and of noise reach."""


def _arima(count: int, length: int, rng: np.random.Generator) -> Floats:
    """Return ARIMA(2, d, 2) processes, d from 0 to 2, of random stationary and invertible coefficients.

    Partial autocorrelations between -1 and 1 give the coefficients (Barndorff-Nielsen & Schou 1973).
    """
    from scipy.signal import lfilter  # half a second, for those who train

    burn_in = 50
    series = np.empty((count, length))
    shocks = rng.standard_normal((count, length + burn_in))
    parts = rng.uniform(-0.9, 0.9, (count, 4)) * (rng.random((count, 4)) < 0.7)
    times_summed = rng.choice(3, size=count, p=[0.35, 0.5, 0.15])
    drift = rng.normal(0, 0.3, count) * (rng.random(count) < 0.5)
    for s in range(count):
        a1, a2, m1, m2 = parts[s]
        ar, ma = [1.0, -a1 * (1 - a2), -a2], [1.0, m1 * (1 - m2), m2]
        made = lfilter(ma, ar, shocks[s])[burn_in:]
        if times_summed[s]:
            made = np.cumsum(made + drift[s])
        series[s] = np.cumsum(made - made.mean()) if times_summed[s] == 2 else made
    return series


def _smooth(count: int, length: int, rng: np.random.Generator) -> Floats:
    """Return Gaussian processes of random length scale, with trend and noise.

    A process is a sum of cosines of random frequency and phase (Rahimi & Recht 2007).
    """
    features = 32
    scale = _log_uniform(0.05, 1.0, count, rng) * length
    frequency = rng.standard_normal((count, features)) / scale[:, None]
    phase = rng.uniform(0, 2 * np.pi, (count, features))
    time = np.arange(length)
    series: Floats = np.zeros((count, length))
    for k in range(features):
        series += np.cos(frequency[:, k : k + 1] * time + phase[:, k : k + 1])
    trend = rng.standard_normal((count, 1)) * rng.choice([0.0, 1.0, 4.0], (count, 1)) * time / length
    noise = _log_uniform(0.01, 1.0, count, rng)[:, None] * rng.standard_normal((count, length))
    return np.asarray(series * np.sqrt(2 / features) + trend + noise)


def _counts(count: int, length: int, rng: np.random.Generator) -> Floats:
    """Return counts of mean 0.1 to 30 whose rate wanders: at the low end most of the values are 0."""
    rate: Floats = np.log(_log_uniform(0.1, 30.0, count, rng))[:, None]
    wander = _log_uniform(0.005, 0.1, count, rng)[:, None] * rng.standard_normal((count, length))
    drawn = rng.poisson(np.exp(np.clip(rate + np.cumsum(wander, axis=1), -4, 5)))
    return np.asarray(drawn, dtype=np.float64)


def _season(count: int, length: int, season_length: int, rng: np.random.Generator) -> Floats:
    """Return seasons of a few harmonics whose shape changes slowly, or none; in the unit of a typical change."""
    present = rng.random(count) < SEASONAL
    strength = np.where(present, _log_uniform(0.2, 6.0, count, rng), 0.0)
    decay = rng.uniform(0.3, 1.0, count)
    change = _log_uniform(1e-4, 0.03, count, rng)
    angle = 2 * np.pi * (np.arange(length) + rng.integers(0, season_length, (count, 1))) / season_length
    season = np.zeros((count, length))
    for k in range(1, min(HARMONICS, season_length // 2) + 1):
        for wave in (np.cos, np.sin):
            steps = change[:, None] * rng.standard_normal((count, length))
            weights = rng.standard_normal((count, 1)) + np.cumsum(steps, axis=1)
            season += decay[:, None] ** (k - 1) * weights * wave(k * angle)
    return season * strength[:, None]


def _shifts(count: int, length: int, rng: np.random.Generator) -> Floats:
    """Return levels that change once, at a random time, or never."""
    size = np.where(rng.random(count) < SHIFTED, rng.normal(0, 5, count), 0.0)
    return size[:, None] * (np.arange(length) >= rng.integers(0, length, (count, 1)))


def _with_outliers(series: Floats, share: float, rng: np.random.Generator) -> Floats:
    """Return the series with a few values far off."""
    far = (rng.random(series.shape) < share) * (rng.random((len(series), 1)) < 0.5)
    return series + far * rng.normal(0, 5, series.shape) * _size(series)


def _recursion(steps: Floats, memory: Floats, start: Floats) -> Floats:
    """Return ``x[t] = memory x[t-1] + steps[t]`` for each row, from ``x[-1] = start``."""
    out = np.empty_like(steps)
    value = start
    for t in range(steps.shape[1]):
        value = memory * value + steps[:, t]
        out[:, t] = value
    return out


def _size(series: Floats) -> Floats:
    """Return the mean absolute change of each row, [N, 1]; 1 for one that never changes."""
    size = np.abs(np.diff(series, axis=1)).mean(axis=1, keepdims=True)
    return np.where(size > 0, size, 1.0)


def _log_uniform(low: float, high: float, count: int, rng: np.random.Generator) -> Floats:
    return np.asarray(np.exp(rng.uniform(np.log(low), np.log(high), count)))
