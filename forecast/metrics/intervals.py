"""How good quantiles and intervals were: plain functions of arrays.

The idea: a quantile costs what its own loss says, and an interval costs its width and a fine for every miss; all scores
here are means of the two. What is missing is left out; with nothing left the answer is NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecast.metrics.terms import difference, hit, interval_score, mean, quantile_loss, scaled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["coverage", "crps", "crps_weights", "mean_width", "msis", "pinball", "weighted_interval_score", "winkler"]


def pinball(y: ArrayLike, y_hat: ArrayLike, quantile: float) -> float:
    """Return the mean quantile loss, ``max(q (y - y_hat), (q - 1) (y - y_hat))`` (Koenker & Bassett 1978).

    Examples
    --------
    >>> pinball([10.0, 10.0], [8.0, 12.0], 0.9)
    1.0
    """
    return mean(quantile_loss(y, y_hat, quantile))


def crps(y: ArrayLike, quantiles: ArrayLike, levels: ArrayLike) -> float:
    """Return the continuous ranked probability score as far as quantiles tell it.

    The score is twice the integral of the quantile loss over all levels from 0 to 1 (Gneiting & Ranjan 2011); here it
    is a sum in which each level stands for those nearest to it: see `crps_weights`. Points with all quantiles count.

    Parameters
    ----------
    y : array_like [..]
        Truths.
    quantiles : array_like [.., Q]
        Forecasts at each of the levels.
    levels : array_like [Q]
        Between 0 and 1, in ascending order.

    Examples
    --------
    >>> crps([10.0], [[8.0, 10.0, 12.0]], [0.25, 0.5, 0.75])
    0.75
    """
    q, weights = np.asarray(quantiles, np.float64), crps_weights(levels)
    losses = [quantile_loss(y, q[..., i], level) for i, level in enumerate(np.asarray(levels, np.float64))]
    return 2.0 * mean(np.tensordot(weights, np.array(losses), axes=1))


def crps_weights(levels: ArrayLike) -> Floats:
    """Return the share of the levels from 0 to 1 that each of `levels` [Q] is nearest to, [Q].

    Examples
    --------
    >>> crps_weights([0.1, 0.5, 0.9]).round(6).tolist()
    [0.3, 0.4, 0.3]
    """
    at = np.asarray(levels, np.float64)
    return np.diff(np.concatenate([[0.0], (at[1:] + at[:-1]) / 2.0, [1.0]]))


def winkler(y: ArrayLike, low: ArrayLike, high: ArrayLike, level: float) -> float:
    """Return the mean interval score: the width, and ``2 / alpha`` times how far the truth lies outside.

    With ``alpha = 1 - level / 100`` (Winkler 1972; Gneiting & Raftery 2007).

    Examples
    --------
    >>> winkler([5.0, 12.0], [0.0, 0.0], [10.0, 10.0], 80)
    20.0
    """
    return mean(interval_score(y, low, high, level))


def msis(y: ArrayLike, low: ArrayLike, high: ArrayLike, level: float, scale: ArrayLike) -> float:
    """Return the mean scaled interval score of the M4 competition: interval scores over the scale of `mase`.

    Examples
    --------
    >>> msis([5.0, 12.0], [0.0, 0.0], [10.0, 10.0], 80, 2.0)
    10.0
    """
    return mean(scaled(interval_score(y, low, high, level), scale))


def weighted_interval_score(
    y: ArrayLike, median: ArrayLike, lows: Sequence[ArrayLike], highs: Sequence[ArrayLike], levels: Sequence[float]
) -> float:
    """Return the weighted interval score (Bracher et al. 2021).

    ``(|y - median| / 2 + sum_k alpha_k / 2 IS_k) / (K + 1/2)`` over the K intervals with ``alpha_k = 1 - level_k /
    100``: quantile losses of all bounds, averaged.

    Examples
    --------
    >>> round(weighted_interval_score([5.0], [5.0], [[0.0]], [[10.0]], [80]), 3)
    0.667
    """
    total = 0.5 * np.abs(difference(y, median))
    for low, high, level in zip(lows, highs, levels, strict=True):
        total = total + (1.0 - level / 100.0) / 2.0 * interval_score(y, low, high, level)
    return mean(total / (len(levels) + 0.5))


def coverage(y: ArrayLike, low: ArrayLike, high: ArrayLike) -> float:
    """Return the share of truths within their interval, bounds included, in percent.

    Examples
    --------
    >>> coverage([1.0, 5.0], [0.0, 0.0], [2.0, 2.0])
    50.0
    """
    return 100.0 * mean(hit(y, low, high))


def mean_width(low: ArrayLike, high: ArrayLike) -> float:
    """Return the mean width of intervals, in the units of y.

    Examples
    --------
    >>> mean_width([0.0, 1.0], [2.0, 5.0])
    3.0
    """
    return mean(difference(high, low))
