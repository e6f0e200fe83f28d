"""Whether a series keeps coming back to a level or wanders off: the tests of Dickey-Fuller and KPSS.

The idea: both are statistics with a fixed limit at 5 %, one of which takes wandering for granted and the other
staying, so that a series is called one or the other only where both agree. statsmodels is the oracle in the tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["DICKEY_FULLER_LIMIT", "KPSS_LIMIT", "dickey_fuller", "differences_by_aic", "kpss", "lags_by_correlation"]

DICKEY_FULLER_LIMIT = -2.86159
"""5 % limit of the Dickey-Fuller statistic with a constant (MacKinnon 1994): below it there is no unit root."""

KPSS_LIMIT = 0.463
"""5 % limit of the KPSS statistic for level stationarity (Kwiatkowski et al. 1992, table 1): above it, no level."""


def dickey_fuller(y: Floats, *, differences: int | None = None) -> float:
    """Return the augmented Dickey-Fuller statistic of a series [T], the t-value of its last level.

    The change from one value to the next is regressed on a constant, the latest changes and the level before it
    (Dickey & Fuller 1979; Said & Dickey 1984); a series that comes back to a level is drawn there, so the t-value is
    far below 0. One orthogonal decomposition holds all of it: coefficient, residual and standard error.

    Parameters
    ----------
    y : ndarray [T]
        The series.
    differences : int, optional
        How many of the latest changes are regressors; by default as many as `differences_by_aic` says.

    Returns
    -------
    float
        0 where the level is a sum of the other regressors, as on a straight line, so that nothing speaks against
        wandering; infinite where the level explains all that they leave.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=80)
    >>> bool(dickey_fuller(noise) < DICKEY_FULLER_LIMIT), bool(dickey_fuller(noise.cumsum()) < DICKEY_FULLER_LIMIT)
    (True, False)
    """
    lags = differences_by_aic(y) if differences is None else differences
    steps = np.diff(y)
    columns = np.column_stack([np.ones(len(steps) - lags), *_lagged(steps, lags), y[lags:-1], steps[lags:]])
    triangle = _triangle(columns)
    own, effect, left = float(triangle[-2, -2]), float(triangle[-2, -1]), float(triangle[-1, -1])
    freedom = len(columns) - lags - 2
    level, change = np.linalg.norm(columns[:, -2:], axis=0)
    if freedom < 1 or abs(own) <= 1e-10 * level or abs(effect) <= 1e-10 * change:
        return 0.0
    effect *= float(np.sign(own) * np.sqrt(freedom))
    return effect / abs(left) if abs(left) > 1e-10 * change else float(np.copysign(np.inf, effect))


def differences_by_aic(y: Floats) -> int:
    """Return how many lagged differences the Dickey-Fuller regression of y [T] takes by Akaike's criterion.

    All regressions are columns of one orthogonal decomposition, so that none is fitted; statsmodels comes to the same
    by fitting each. The longest is Schwert's (1989) 12 (T / 100)^(1/4).

    Examples
    --------
    >>> differences_by_aic(np.random.default_rng(0).normal(size=80).cumsum())
    0
    """
    longest = min(int(np.ceil(12.0 * (len(y) / 100.0) ** 0.25)), len(y) // 2 - 2)
    steps = np.diff(y)
    count = len(steps) - longest
    columns = np.column_stack([np.ones(count), y[longest:-1], *_lagged(steps, longest), steps[longest:]])
    triangle = _triangle(columns)
    squares = np.cumsum(triangle[::-1, -1] ** 2)[::-1]  # what is left over after 0, 1, 2, ... columns
    least = max(1e-15 * float(squares[0]), 1e-300)  # below it there is rounding alone
    criterion = count * np.log(np.maximum(squares[2:], least)) + 2.0 * np.arange(len(squares) - 2)
    return int(np.argmin(criterion))


def kpss(x: Floats, *, lags: int | None = None) -> float:
    """Return the KPSS statistic of a series [T] against a constant level (Kwiatkowski et al. 1992, equation 13).

    ``sum_t S_t^2 / (T^2 s^2)`` with the partial sums S of ``e = x - mean`` and the long-run variance
    ``s^2 = (sum e_t^2 + 2 sum_l (1 - l / (L + 1)) sum_t e_t e_(t-l)) / T``; by default ``L = floor(3 sqrt(T) / 13)``.

    Examples
    --------
    >>> round(kpss(np.arange(100.0)), 2), round(kpss(np.tile([1.0, -1.0], 50)), 3)
    (3.42, 0.015)
    """
    n = len(x)
    lags = int(3.0 * np.sqrt(n) / 13.0) if lags is None else lags
    e = x - x.mean()
    variance = float(e @ e) + 2.0 * sum((1.0 - k / (lags + 1.0)) * float(e[k:] @ e[:-k]) for k in range(1, lags + 1))
    return float(np.sum(np.cumsum(e) ** 2) / (n * variance))


def lags_by_correlation(x: Floats) -> int:
    """Return the lags L of the long-run variance that suit the autocorrelations of a series [T] that is not constant.

    ``1.1447 (s^2 T)^(1/3)`` with ``s = 2 sum_l l r_l / (1 + 2 sum_l r_l)`` over the first ``T^(2/9)`` autocorrelations
    (Hobijn, Franses & Ooms 2004).

    Examples
    --------
    >>> lags_by_correlation(np.arange(100.0)), lags_by_correlation(np.tile([1.0, -1.0], 50))
    (5, 8)
    """
    n = len(x)
    e = x - x.mean()
    total, weighted = float(e @ e), 0.0
    for lag in range(1, int(n ** (2.0 / 9.0)) + 1):
        product = 2.0 * float(e[lag:] @ e[:-lag])
        total += product
        weighted += lag * product
    slope = weighted / total if total else float("inf")
    return int(min(1.1447 * (slope * slope) ** (1.0 / 3.0) * n ** (1.0 / 3.0), n - 1))


def _lagged(steps: Floats, lags: int) -> list[Floats]:
    """Return the changes 1, 2, ..., `lags` places before each of the changes that have so many before them."""
    return [steps[lags - lag : len(steps) - lag] for lag in range(1, lags + 1)]


def _triangle(columns: Floats) -> Floats:
    """Return the triangular matrix R of the orthogonal decomposition of a matrix."""
    return np.asarray(np.linalg.qr(columns, mode="r"), dtype=np.float64)
