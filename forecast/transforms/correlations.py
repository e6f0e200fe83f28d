"""How alike a series is to itself some steps earlier: differences of rows, and autocorrelations of these.

The idea: nearly all series are whole and move plainly, and of these a few calculations on rows as they stand say all;
those with gaps, and those that hardly move, are brought to a size of one and looked at with care.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from forecast.transforms.arrays import rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["correlated", "differences", "lagged_products"]

FEW = 32
"""Up to so many lagged products are summed as they are defined, which is quicker than two Fourier transforms."""
STILL = 1e-20
"""A mean square below this share of the largest square is rounding, and no movement."""
PLAIN = (1e-200, 1e200)
"""Sums of squares between these are exact, and so are their products with a share."""


def differences(panel: Panel, block: Ints, lag: int, *, line: bool = False) -> tuple[Floats, Ints, Floats]:
    """Return differences of series about their mean, or about their straight line, and what is needed to judge them.

    Parameters
    ----------
    panel : Panel
        The series; NaN marks a gap.
    block : ndarray [B]
        The numbers of the series, all longer than `lag`.
    lag : int
        The distance of the values that are subtracted.
    line : bool
        Whether a least-squares line is taken off, and not the mean alone.

    Returns
    -------
    x : ndarray [B, T - lag]
        Every row in a unit of its own; 0 after its end, in gaps, and where a series does not move.
    counts : ndarray [B]
        How many differences are known.
    total : ndarray [B]
        The sums of the squares of x.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> x, counts, total = differences(read_series("airline").panel, np.array([0]), 12)
    >>> x.shape, counts.tolist(), bool(np.isclose(total[0], (x * x).sum()))
    ((1, 132), [132], True)
    """
    y = rows(panel.values, panel.offsets[block], panel.lengths[block])
    x = y[:, lag:] - y[:, :-lag]
    counts = np.full(len(block), x.shape[1])
    even = bool((panel.lengths[block] == y.shape[1]).all())
    total = _levelled(x, y, lag, line=line) if even else np.zeros(len(block))
    others = np.flatnonzero(total == 0)
    if len(others):
        x[others], counts[others] = _known_differences(y[others], lag, line=line)
        total[others] = _squares(x[others])
    return x, counts, total


def _levelled(x: Floats, y: Floats, lag: int, *, line: bool) -> Floats:
    """Take mean or line off the differences x of y, in place; return their sums of squares, 0 where to look with care.

    That is where a difference is not known, a square may be no number, or movement may be rounding. No value is
    farther from 0 than the first ones and all steps together, for which the squares say enough (Cauchy-Schwarz).
    """
    n, slope, spread = x.shape[1], np.zeros(len(x)), 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        mean = (y[:, -lag:].sum(axis=1) - y[:, :lag].sum(axis=1)) / n
        level = np.broadcast_to(mean[:, None], x.shape)
        if line:
            places = np.arange(n) - (n - 1) / 2
            spread = max(float(places @ places), 1.0)
            slope = np.einsum("ij,j->i", x, places) / spread
            level = slope[:, None] * places
            level += mean[:, None]
        x -= level
        total = _squares(x)
        farthest = np.abs(y[:, :lag]).max(axis=1) + np.sqrt(n * (total + n * mean**2 + spread * slope**2))
        plain = (total > STILL * n * farthest**2) & (total > PLAIN[0]) & (total < PLAIN[1])
    return np.where(plain, total, 0.0)


def _known_differences(y: Floats, lag: int, *, line: bool) -> tuple[Floats, Ints]:
    """Return the differences [B, T - lag] of rows y [B, T] at a size of one, and how many of them are known."""
    size = np.fmax(np.fmax.reduce(y, axis=1, initial=0.0), -np.fmin.reduce(y, axis=1, initial=0.0))[:, None]
    x = (y[:, lag:] - y[:, :-lag]) / np.where(size > 0, size, 1.0)
    known = ~np.isnan(x)
    counts = np.count_nonzero(known, axis=1)
    n = np.maximum(counts, 1)[:, None]
    x = np.where(known, x, 0.0)
    x = np.where(known, x - x.sum(axis=1, keepdims=True) / n, 0.0)
    if line:
        places = np.arange(x.shape[1])[None, :] * known
        places = np.where(known, places - places.sum(axis=1, keepdims=True) / n, 0.0)
        spread = (places * places).sum(axis=1, keepdims=True)
        x -= places * ((places * x).sum(axis=1, keepdims=True) / np.where(spread > 0, spread, 1.0))
    x[_squares(x) <= STILL * n[:, 0]] = 0.0
    return x, counts


def _squares(x: Floats) -> Floats:
    """Return the sum of the squares of each row [B]."""
    return np.asarray(np.einsum("ij,ij->i", x, x))


def lagged_products(x: Floats, longest: int) -> Floats:
    """Return the sums of the rows x [B, T] times themselves 0, 1, ..., `longest` steps earlier, [B, longest + 1].

    A few are summed as they are defined; many are read off the inverse transform of the periodogram (Wiener-Khinchin),
    at T log T for all lags together.

    Examples
    --------
    >>> lagged_products(np.array([[1.0, 2.0, 3.0]]), 2).tolist()
    [[14.0, 8.0, 3.0]]
    """
    if longest > FEW:
        size = fft.next_fast_len(x.shape[1] + longest, real=True)
        spectrum = fft.rfft(x, size, axis=1)
        many: Floats = fft.irfft(spectrum.real**2 + spectrum.imag**2, size, axis=1)[:, : longest + 1]
        return many
    products = np.zeros((len(x), longest + 1))
    for lag in range(min(longest + 1, x.shape[1])):
        np.einsum("ij,ij->i", x[:, lag:], x[:, : x.shape[1] - lag], out=products[:, lag])
    return products


def correlated(x: Floats, total: Floats, lag: int, least: Floats) -> tuple[Floats, Ints, Floats]:
    """Return the autocorrelation of rows x [B, T] at `lag`, which rows have more, and all that these have up to it.

    What a row that is below its `least` has at other lags is not asked for, which of noise are nearly all.

    Parameters
    ----------
    x : ndarray [B, T]
        Rows about 0, 0 where nothing is known; T is larger than `lag`.
    total : ndarray [B]
        The sums of their squares.
    lag : int
        At least 1.
    least : ndarray [B]
        Not negative.

    Returns
    -------
    found : ndarray [B]
        The autocorrelation at `lag`; 0 for a row of zeros.
    above : ndarray [N]
        The rows in which it is more than `least`.
    r : ndarray [N, lag + 1]
        Their autocorrelations at 0, 1, ..., `lag`.

    Examples
    --------
    >>> x = np.array([[1.0, -1, 1, -1], [1, 1, -1, -1]])
    >>> found, above, r = correlated(x, np.array([4.0, 4.0]), 2, np.zeros(2))
    >>> found.tolist(), above.tolist(), r.tolist()
    ([0.5, -0.5], [0], [[1.0, -0.75, 0.5]])
    """
    found = np.einsum("ij,ij->i", x[:, lag:], x[:, :-lag])
    found = np.divide(found, total, out=np.zeros_like(found), where=total > 0)
    above = np.flatnonzero(found > least)
    products = lagged_products(x if len(above) == len(x) else x[above], lag)
    return found, above, products / total[above, None]
