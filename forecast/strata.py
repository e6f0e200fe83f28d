"""Some of many series that stand for all of them: drawn by lot within strata of length and volatility.

The idea: what is slow is tried on as many short and long, calm and wild series as there are among all, so that no kind
of series is missed by chance; the strata are told from the past alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["drawn_by_strata", "volatility"]

QUARTERS = (0.25, 0.5, 0.75)
"""Where lengths and volatilities are parted: into four parts each, sixteen strata."""


def drawn_by_strata(past: Panel, size: int, *, seed: int) -> Ints:
    """Return the places of `size` series, ascending: of each stratum as many as its part of all, to the nearest.

    Parameters
    ----------
    past : Panel
        S series, of which nothing later is known.
    size : int
        How many are drawn; S or more: all.
    seed : int
        Of the draw.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> drawn_by_strata(read_series("airline").panel, 5, seed=0).tolist()
    [0]
    """
    if size >= past.n_series:
        return np.arange(past.n_series, dtype=np.int64)
    stratum = 4 * _quarter(past.lengths.astype(np.float64)) + _quarter(volatility(past))
    rng, drawn = np.random.default_rng(seed), []
    for one, count in enumerate(_shares(np.bincount(stratum, minlength=16), size)):
        drawn.append(rng.choice(np.flatnonzero(stratum == one), count, replace=False))
    return np.sort(np.concatenate(drawn)).astype(np.int64)


def volatility(past: Panel) -> Floats:
    """Return the mean size of the steps of each series over the mean size of its values, [S]; 0 where none are known.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> volatility(read_series("airline").panel).round(3).tolist()
    [0.092]
    """
    steps = np.abs(np.diff(past.values, prepend=np.nan))
    steps[past.offsets[:-1]] = np.nan
    (step, n_steps), (level, n_levels) = (
        (np.add.reduceat(np.nan_to_num(sizes), past.offsets[:-1]), _known(sizes, past))
        for sizes in (steps, np.abs(past.values))
    )
    mean_step, mean_level = step / np.maximum(n_steps, 1), level / np.maximum(n_levels, 1)
    return np.asarray(np.divide(mean_step, mean_level, out=np.zeros_like(mean_step), where=mean_level > 0))


def _known(values: Floats, past: Panel) -> Ints:
    return np.asarray(np.add.reduceat(np.isfinite(values).astype(np.int64), past.offsets[:-1]))


def _quarter(values: Floats) -> Ints:
    """Return in which quarter of all values each lies, 0 to 3; equal values lie in the same."""
    return np.asarray(np.searchsorted(np.quantile(values, QUARTERS), values, side="left"), dtype=np.int64)


def _shares(counts: Ints, size: int) -> Ints:
    """Return how many of `size` fall to each stratum, in proportion to its count: by largest remainders."""
    exact = counts * size / counts.sum()
    shares: Ints = np.floor(exact).astype(np.int64)
    first = np.argsort(-(exact - shares), kind="stable")[: size - shares.sum()]
    shares[first] += 1
    return shares
