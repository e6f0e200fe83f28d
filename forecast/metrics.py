"""How wrong a forecast was: plain functions of arrays, and one table of them.

The idea: a metric takes truths and forecasts of any one shape and returns a number; a missing truth or forecast is left
out, and with nothing left, or nothing to divide by, the answer is NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "METRICS",
    "bias",
    "coverage",
    "crps",
    "directional_accuracy",
    "mae",
    "mape",
    "mase",
    "mase_scale",
    "mean_width",
    "mse",
    "msis",
    "owa",
    "pinball",
    "rmse",
    "rmsse",
    "skill",
    "smape",
    "theils_u",
    "wape",
    "weighted_interval_score",
    "winkler",
]


def mae(y: ArrayLike, y_hat: ArrayLike) -> float:
    """Return the mean absolute error, ``mean |y - y_hat|``, in the units of y.

    Examples
    --------
    >>> mae([1.0, 2.0, np.nan], [2.0, 4.0, 9.0])
    1.5
    """
    return _mean(np.abs(_difference(y, y_hat)))


def rmse(y: ArrayLike, y_hat: ArrayLike) -> float:
    """Return the root mean squared error, ``sqrt(mean (y - y_hat)^2)``, in the units of y.

    Examples
    --------
    >>> rmse([0.0, 0.0], [3.0, -3.0])
    3.0
    """
    return float(np.sqrt(_mean(_difference(y, y_hat) ** 2)))


def mse(y: ArrayLike, y_hat: ArrayLike) -> float:
    """Return the mean squared error, ``mean (y - y_hat)^2``, in the squared units of y.

    Examples
    --------
    >>> mse([0.0, 0.0], [3.0, -3.0])
    9.0
    """
    return _mean(_difference(y, y_hat) ** 2)


def bias(y: ArrayLike, y_hat: ArrayLike) -> float:
    """Return the mean of ``y_hat - y``: positive where forecasts are too high.

    Examples
    --------
    >>> bias([1.0, 2.0], [2.0, 2.0])
    0.5
    """
    return -_mean(_difference(y, y_hat))


def mape(y: ArrayLike, y_hat: ArrayLike) -> float:
    """Return the mean absolute percentage error, ``mean 100 |y - y_hat| / |y|``; points with ``y = 0`` are left out.

    Examples
    --------
    >>> mape([100.0, 0.0], [90.0, 5.0])
    10.0
    """
    size = np.abs(np.asarray(y, np.float64))
    return _mean(100.0 * np.abs(_difference(y, y_hat)) / np.where(size > 0, size, np.nan))


def wape(y: ArrayLike, y_hat: ArrayLike) -> float:
    """Return the weighted absolute percentage error, ``100 sum |y - y_hat| / sum |y|``; NaN where all y are zero.

    Examples
    --------
    >>> wape([100.0, 0.0], [90.0, 5.0])
    15.0
    """
    error = np.abs(_difference(y, y_hat))
    total = float(np.abs(np.asarray(y, np.float64))[~np.isnan(error)].sum())
    return 100.0 * float(np.nansum(error)) / total if total > 0 else float("nan")


def smape(y: ArrayLike, y_hat: ArrayLike) -> float:
    """Return the symmetric mean absolute percentage error, ``mean 200 |y - y_hat| / (|y| + |y_hat|)``, 0 to 200.

    Where both are zero the forecast is right and the term is 0 (Makridakis & Hibon 2000).

    Examples
    --------
    >>> round(smape([100.0, 0.0], [50.0, 0.0]), 2)
    33.33
    """
    error = np.abs(_difference(y, y_hat))
    size = np.abs(np.asarray(y, np.float64)) + np.abs(np.asarray(y_hat, np.float64))
    return _mean(200.0 * error / np.where(size == 0, 1.0, size))


def mase(y: ArrayLike, y_hat: ArrayLike, scale: ArrayLike) -> float:
    """Return the mean absolute scaled error, ``mean |y - y_hat| / scale``, without a unit.

    Below 1 the forecasts beat the in-sample one-season-ahead errors of the seasonal naive method (Hyndman & Koehler
    2006). Points whose scale is zero or unknown are left out.

    Parameters
    ----------
    y, y_hat : array_like
        Truths and forecasts.
    scale : array_like
        `mase_scale` of the past each forecast was made from.

    Examples
    --------
    >>> mase([10.0, 12.0], [11.0, 12.0], 2.0)
    0.25
    """
    scale = np.asarray(scale, np.float64)
    return _mean(np.abs(_difference(y, y_hat)) / np.where(scale > 0, scale, np.nan))


def mase_scale(past: ArrayLike, season_length: int) -> float:
    """Return the mean absolute error of the seasonal naive method within the `past` of one series.

    A past too short for one seasonal difference uses the plain naive method; with no pair of values it is NaN.

    Examples
    --------
    >>> mase_scale([1.0, 2.0, 4.0], 1)
    1.5
    """
    y = np.asarray(past, np.float64)
    lag = season_length if len(y) > season_length else 1
    return _mean(np.abs(y[lag:] - y[:-lag]))


def rmsse(y: ArrayLike, y_hat: ArrayLike, scale: ArrayLike) -> float:
    """Return the root mean squared scaled error, ``sqrt(mean ((y - y_hat) / scale)^2)``, scaled as `mase` is.

    The M5 competition divided by the root mean square of the naive errors instead (Makridakis et al. 2022).

    Examples
    --------
    >>> rmsse([10.0, 12.0], [13.0, 9.0], 2.0)
    1.5
    """
    scale = np.asarray(scale, np.float64)
    return float(np.sqrt(_mean((_difference(y, y_hat) / np.where(scale > 0, scale, np.nan)) ** 2)))


def owa(smape: float, mase: float, *, naive_smape: float, naive_mase: float) -> float:
    """Return the overall weighted average of the M4 competition: the mean of sMAPE and MASE over those of naive 2.

    Examples
    --------
    >>> owa(10.0, 0.75, naive_smape=20.0, naive_mase=1.0)
    0.625
    """
    if not (naive_smape > 0 and naive_mase > 0):
        return float("nan")
    return (smape / naive_smape + mase / naive_mase) / 2.0


def theils_u(y: ArrayLike, y_hat: ArrayLike, naive: ArrayLike) -> float:
    """Return Theil's U2: the root of the sum of squared errors over that of the `naive` forecasts.

    Examples
    --------
    >>> theils_u([2.0, 4.0], [2.0, 3.0], [0.0, 4.0])
    0.5
    """
    own, other = _difference(y, y_hat) ** 2, _difference(y, naive) ** 2
    both = ~(np.isnan(own) | np.isnan(other))
    below = float(other[both].sum())
    return float(np.sqrt(own[both].sum() / below)) if below > 0 else float("nan")


def directional_accuracy(y: ArrayLike, y_hat: ArrayLike, before: ArrayLike) -> float:
    """Return the share of forecasts on the side of the value `before` on which the truth came to lie.

    Points where the truth did not move are left out.

    Examples
    --------
    >>> directional_accuracy([2.0, 0.0, 1.0], [3.0, 2.0, 9.0], [1.0, 1.0, 1.0])
    0.5
    """
    truth, guess = np.sign(_difference(y, before)), np.sign(_difference(y_hat, before))
    known = ~(np.isnan(truth) | np.isnan(guess)) & (truth != 0)
    return _mean((truth == guess)[known].astype(np.float64))


def pinball(y: ArrayLike, y_hat: ArrayLike, quantile: float) -> float:
    """Return the mean quantile loss, ``max(q (y - y_hat), (q - 1) (y - y_hat))`` (Koenker & Bassett 1978).

    Examples
    --------
    >>> pinball([10.0, 10.0], [8.0, 12.0], 0.9)
    1.0
    """
    d = _difference(y, y_hat)
    return _mean(np.maximum(quantile * d, (quantile - 1.0) * d))


def crps(y: ArrayLike, quantiles: ArrayLike, levels: ArrayLike) -> float:
    """Return the continuous ranked probability score as far as quantiles tell it: twice their mean quantile loss.

    Parameters
    ----------
    y : array_like [..]
        Truths.
    quantiles : array_like [.., Q]
        Forecasts at each of the `levels` [Q], 0 to 1, evenly spread.

    Examples
    --------
    >>> crps([10.0], [[8.0, 10.0, 12.0]], [0.25, 0.5, 0.75])
    0.6666666666666666
    """
    q = np.asarray(quantiles, np.float64)
    return 2.0 * _mean(np.array([pinball(y, q[..., i], level) for i, level in enumerate(np.asarray(levels))]))


def winkler(y: ArrayLike, low: ArrayLike, high: ArrayLike, level: float) -> float:
    """Return the mean interval score: the width, and ``2 / alpha`` times how far the truth lies outside.

    With ``alpha = 1 - level / 100`` (Winkler 1972; Gneiting & Raftery 2007).

    Examples
    --------
    >>> winkler([5.0, 12.0], [0.0, 0.0], [10.0, 10.0], 80)
    20.0
    """
    return _mean(_interval_scores(y, low, high, level))


def msis(y: ArrayLike, low: ArrayLike, high: ArrayLike, level: float, scale: ArrayLike) -> float:
    """Return the mean scaled interval score of the M4 competition: interval scores over the scale of `mase`.

    Examples
    --------
    >>> msis([5.0, 12.0], [0.0, 0.0], [10.0, 10.0], 80, 2.0)
    10.0
    """
    scale = np.asarray(scale, np.float64)
    return _mean(_interval_scores(y, low, high, level) / np.where(scale > 0, scale, np.nan))


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
    total = 0.5 * np.abs(_difference(y, median))
    for low, high, level in zip(lows, highs, levels, strict=True):
        total = total + (1.0 - level / 100.0) / 2.0 * _interval_scores(y, low, high, level)
    return _mean(total / (len(levels) + 0.5))


def coverage(y: ArrayLike, low: ArrayLike, high: ArrayLike) -> float:
    """Return the share of truths within their interval, bounds included, in percent.

    Examples
    --------
    >>> coverage([1.0, 5.0], [0.0, 0.0], [2.0, 2.0])
    50.0
    """
    y, low, high = (np.asarray(array, np.float64) for array in (y, low, high))
    known = ~(np.isnan(y) | np.isnan(low) | np.isnan(high))
    return 100.0 * _mean(((low <= y) & (y <= high))[known].astype(np.float64))


def mean_width(low: ArrayLike, high: ArrayLike) -> float:
    """Return the mean width of intervals, in the units of y.

    Examples
    --------
    >>> mean_width([0.0, 1.0], [2.0, 5.0])
    3.0
    """
    return _mean(_difference(high, low))


def skill(score: float, baseline: float) -> float:
    """Return ``1 - score / baseline``: the share of the baseline's error that is gone; negative when it grew.

    Examples
    --------
    >>> skill(0.75, 1.0)
    0.25
    """
    return 1.0 - score / baseline if baseline > 0 else float("nan")


METRICS: dict[str, Callable[[Floats, Floats, Floats], float]] = {
    "mase": mase,
    "smape": lambda y, y_hat, _scale: smape(y, y_hat),
    "mae": lambda y, y_hat, _scale: mae(y, y_hat),
    "rmse": lambda y, y_hat, _scale: rmse(y, y_hat),
    "rmsse": rmsse,
    "mape": lambda y, y_hat, _scale: mape(y, y_hat),
    "wape": lambda y, y_hat, _scale: wape(y, y_hat),
    "bias": lambda y, y_hat, _scale: bias(y, y_hat),
}
"""Every metric of a leaderboard, in its order, as a function of truth, forecast and the scale of MASE."""


def _interval_scores(y: ArrayLike, low: ArrayLike, high: ArrayLike, level: float) -> Floats:
    below, above = np.maximum(_difference(low, y), 0.0), np.maximum(_difference(y, high), 0.0)
    scores: Floats = _difference(high, low) + 2.0 / (1.0 - level / 100.0) * (below + above)
    return scores


def _difference(y: ArrayLike, y_hat: ArrayLike) -> Floats:
    return np.asarray(y, np.float64) - np.asarray(y_hat, np.float64)


def _mean(terms: Floats) -> float:
    known = terms[~np.isnan(terms)]
    return float(known.mean()) if known.size else float("nan")
