"""Is one model really better than another, or was it luck?

The idea: two models are compared on the losses of the same units (the windows of one series, or the series of a
panel), and the answer is one of four wordings; with fewer than `MIN_UNITS` units there is no answer, but an estimate
of how many it would take.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["MIN_UNITS", "Comparison", "compare", "diebold_mariano", "mean_interval", "ratio_interval", "units_needed"]

MIN_UNITS = 8
POWER = 0.8
"""The chance of finding a true difference for which `units_needed` asks."""
BETTER, TIE, WORSE = "better", "cannot be told apart", "worse"
TOO_LITTLE = "too little data to tell"


@dataclass(frozen=True)
class Comparison:
    """What can be said of two models.

    Parameters
    ----------
    word : str
        "better", "cannot be told apart", "worse" or "too little data to tell".
    ratio : float
        Mean loss of the one over that of the other; below 1 the one is ahead.
    ratio_low, ratio_high : float or None
        Where the ratio lies with confidence 1 - alpha: see `ratio_interval`. None when there is too little data.
    p_value : float or None
        Two-sided; None when there is too little data.
    units : int
        How many pairs of losses were compared.
    units_needed : int or None
        About how many it would take to tell a difference as large as the one observed: see `units_needed`.
    """

    word: str
    ratio: float
    ratio_low: float | None
    ratio_high: float | None
    p_value: float | None
    units: int
    units_needed: int | None


def compare(losses: ArrayLike, others: ArrayLike, *, alpha: float = 0.05, overlap: int = 1) -> Comparison:
    """Compare two models by their mean losses on the same units.

    Parameters
    ----------
    losses, others : array_like [N]
        The loss of the one and of the other model in each unit; a pair with a NaN is left out.
    alpha : float
        How small the p-value must be to speak of better or worse.
    overlap : int
        Units less than this apart share data, as windows do that begin before the one before has ended.

    Examples
    --------
    >>> compare([1, 2, 1, 2, 1, 2, 1, 2], [2, 3, 2, 4, 2, 3, 2, 3]).word
    'better'
    >>> compare([1, 2], [2, 3]).word
    'too little data to tell'
    """
    a, b = np.asarray(losses, np.float64), np.asarray(others, np.float64)
    both = ~(np.isnan(a) | np.isnan(b))
    a, b = a[both], b[both]
    ratio = float(a.mean() / b.mean()) if len(a) and b.mean() > 0 else float("nan")
    needed = units_needed(a, b, alpha=alpha, horizon=overlap)
    if len(a) < MIN_UNITS:
        return Comparison(TOO_LITTLE, ratio, None, None, None, len(a), needed)
    _, p_value = diebold_mariano(a, b, horizon=overlap)
    low, high = ratio_interval(a, b, alpha=alpha, horizon=overlap)
    ahead = BETTER if a.mean() < b.mean() else WORSE
    return Comparison(ahead if p_value < alpha else TIE, ratio, low, high, p_value, len(a), needed)


def diebold_mariano(losses: ArrayLike, others: ArrayLike, *, horizon: int = 1) -> tuple[float, float]:
    """Return statistic and two-sided p-value of the Diebold-Mariano test of equal mean loss.

    With ``d = losses - others`` and autocovariances g_k of d, the statistic is ``mean(d) / sqrt((g_0 + 2 sum_{k < h}
    g_k) / n)`` times the small-sample factor ``sqrt((n + 1 - 2h + h (h - 1) / n) / n)``, held against Student's t with
    n - 1 degrees of freedom (Diebold & Mariano 1995; Harvey, Leybourne & Newbold 1997). A variance estimated as not
    positive is replaced by g_0.

    Parameters
    ----------
    losses, others : array_like [N]
        In the order of time.
    horizon : int
        h: losses less than h apart may be correlated; 1 for windows that do not overlap.

    Examples
    --------
    >>> statistic, p_value = diebold_mariano([1, 2, 3, 1], [1, 2, 3, 1])
    >>> statistic, p_value
    (0.0, 1.0)
    """
    from scipy.stats import t

    d = np.asarray(losses, np.float64) - np.asarray(others, np.float64)
    n, mean = len(d), float(np.mean(d))
    variance = _variance(d, horizon)
    if variance <= 1e-24 * float(np.mean(d**2)) or variance == 0:
        return (0.0, 1.0) if mean == 0 else (float(np.sign(mean) * np.inf), 0.0)
    statistic = mean / sqrt(variance / n) * sqrt(_small_sample(n, horizon))
    return statistic, float(2.0 * t.sf(abs(statistic), df=n - 1))


def ratio_interval(
    losses: ArrayLike, others: ArrayLike, *, alpha: float = 0.05, horizon: int = 1
) -> tuple[float | None, float | None]:
    """Return where the ratio of two mean losses lies with confidence 1 - alpha.

    It holds the ratios r for which the Diebold-Mariano test does not tell ``losses`` from ``r * others`` (Fieller
    1954): so it leaves out 1 exactly where the verdict is better or worse. With means a and b, long-run covariances V
    and ``k = t^2 / n`` over the small-sample factor, its ends solve ``(b^2 - k V_bb) r^2 - 2 (a b - k V_ab) r + a^2 - k
    V_aa = 0``. None, None where the other's mean loss is itself too uncertain to divide by.

    Parameters
    ----------
    losses, others : array_like [N]
        At least 0, in the order of time.
    alpha : float
        The chance of leaving the true ratio out.
    horizon : int
        As in `diebold_mariano`.

    Examples
    --------
    >>> low, high = ratio_interval([1, 2, 1, 2, 1, 2, 1, 2], [2, 3, 2, 4, 2, 3, 2, 4])
    >>> round(low, 2), round(high, 2)
    (0.47, 0.62)
    """
    from scipy.stats import t

    both = np.stack([np.asarray(losses, np.float64), np.asarray(others, np.float64)], axis=1)
    n, (a, b) = len(both), both.mean(axis=0)
    V = _long_run(both, horizon)
    if V[0, 0] - 2.0 * V[0, 1] + V[1, 1] <= 0:
        V = _long_run(both, 1)
    factor = _small_sample(n, horizon)
    if factor <= 0:
        return None, None
    k = float(t.isf(alpha / 2.0, df=n - 1)) ** 2 / (n * factor)
    A, B, C = b * b - k * V[1, 1], a * b - k * V[0, 1], a * a - k * V[0, 0]
    inside = B * B - A * C
    if A <= 0 or inside < 0:
        return None, None
    return max(0.0, float((B - sqrt(inside)) / A)), float((B + sqrt(inside)) / A)


def mean_interval(losses: ArrayLike, *, alpha: float = 0.05, horizon: int = 1) -> tuple[float, float, float]:
    """Return the standard error of a mean loss, and where it lies with confidence 1 - alpha.

    The ends are ``mean -+ t sqrt(V / (n factor))`` with the long-run variance V and the small-sample factor of
    `diebold_mariano`; the standard error is ``sqrt(V / (n factor))``. NaN with fewer than two units.

    Parameters
    ----------
    losses : array_like [N]
        In the order of time; NaN counts for nothing.
    alpha : float
        The chance of leaving the true mean out.
    horizon : int
        As in `diebold_mariano`.

    Examples
    --------
    >>> [round(x, 3) for x in mean_interval([1.0, 2.0, 3.0, 2.0])]
    [0.408, 0.701, 3.299]
    """
    from scipy.stats import t

    x = np.asarray(losses, np.float64)
    x = x[~np.isnan(x)]
    n, factor = len(x), _small_sample(len(x), horizon) if len(x) else 0.0
    if n < 2 or factor <= 0:
        return float("nan"), float("nan"), float("nan")
    error = sqrt(_variance(x, horizon) / (n * factor))
    reach, mean = error * float(t.isf(alpha / 2.0, df=n - 1)), float(x.mean())
    return error, mean - reach, mean + reach


def units_needed(losses: ArrayLike, others: ArrayLike, *, alpha: float = 0.05, horizon: int = 1) -> int | None:
    """Return about how many units it takes to tell two models apart, if they differ as much as they did so far.

    The number at which a two-sided test of level alpha finds a difference of the observed size with a chance of
    `POWER`: ``(z_{1 - alpha/2} + z_power)^2 V / mean(d)^2 + z_{1 - alpha/2}^2 / 2``, d the differences of losses and V
    their long-run variance (over n - 1), the last term for not knowing V (Guenther 1981); at least `MIN_UNITS`. It is
    as rough as mean and variance of few units are. None with fewer than two units, or where the mean losses are equal.

    Examples
    --------
    >>> units_needed([1.0, 2.0, 1.0, 2.0], [1.5, 1.9, 1.4, 2.1])
    14
    """
    from scipy.special import ndtri

    d = np.asarray(losses, np.float64) - np.asarray(others, np.float64)
    if len(d) < 2 or d.mean() == 0:
        return None
    V = _variance(d, horizon) * len(d) / (len(d) - 1)
    z, more = float(ndtri(1.0 - alpha / 2.0)), float(ndtri(POWER))
    return max(MIN_UNITS, ceil((z + more) ** 2 * V / float(d.mean()) ** 2 + z**2 / 2.0))


def _small_sample(n: int, horizon: int) -> float:
    """Return the square of the factor of Harvey, Leybourne & Newbold."""
    h = min(horizon, n)
    return max(0.0, (n + 1 - 2 * h + h * (h - 1) / n) / n)


def _variance(d: Floats, horizon: int) -> float:
    """Return the long-run variance of one sequence; the plain one where that comes out as not positive."""
    variance = float(_long_run(d[:, None], horizon)[0, 0])
    return variance if variance > 0 else float(_long_run(d[:, None], 1)[0, 0])


def _long_run(x: Floats, horizon: int) -> Floats:
    """Return ``G_0 + sum_{k < h} (G_k + G_k')`` with the autocovariances G_k of sequences [N, K], [K, K]."""
    n, centred = len(x), x - x.mean(axis=0)
    total = centred.T @ centred / n
    for k in range(1, min(horizon, n)):
        covariance = centred[k:].T @ centred[:-k] / n
        total = total + covariance + covariance.T
    return np.asarray(total)
