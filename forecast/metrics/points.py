"""How wrong a forecast of one value was: plain functions of arrays.

The idea: a metric takes truths and forecasts of any one shape and returns a number. A point whose truth or forecast is
missing is left out, and with nothing left, or nothing to divide by, the answer is NaN; so zeros, constant and short
histories have an answer too, which each function states.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecast.metrics.terms import difference, mean, percentage, right_way, scaled, symmetric

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "bias",
    "directional_accuracy",
    "mae",
    "mape",
    "mase",
    "mase_scale",
    "mse",
    "owa",
    "rmse",
    "rmsse",
    "rmsse_scale",
    "skill",
    "smape",
    "theils_u",
    "wape",
]


def mae(y: ArrayLike, y_hat: ArrayLike) -> float:
    """Return the mean absolute error, ``mean |y - y_hat|``, in the units of y.

    Examples
    --------
    >>> mae([1.0, 2.0, np.nan], [2.0, 4.0, 9.0])
    1.5
    """
    return mean(np.abs(difference(y, y_hat)))


def rmse(y: ArrayLike, y_hat: ArrayLike) -> float:
    """Return the root mean squared error, ``sqrt(mean (y - y_hat)^2)``, in the units of y.

    Examples
    --------
    >>> rmse([0.0, 0.0], [3.0, -3.0])
    3.0
    """
    return float(np.sqrt(mean(difference(y, y_hat) ** 2)))


def mse(y: ArrayLike, y_hat: ArrayLike) -> float:
    """Return the mean squared error, ``mean (y - y_hat)^2``, in the squared units of y.

    Examples
    --------
    >>> mse([0.0, 0.0], [3.0, -3.0])
    9.0
    """
    return mean(difference(y, y_hat) ** 2)


def bias(y: ArrayLike, y_hat: ArrayLike) -> float:
    """Return the mean of ``y_hat - y``: positive where forecasts are too high.

    Examples
    --------
    >>> bias([1.0, 2.0], [2.0, 2.0])
    0.5
    """
    return -mean(difference(y, y_hat))


def mape(y: ArrayLike, y_hat: ArrayLike) -> float:
    """Return the mean absolute percentage error, ``mean 100 |y - y_hat| / |y|``; points with ``y = 0`` are left out.

    Examples
    --------
    >>> mape([100.0, 0.0], [90.0, 5.0])
    10.0
    """
    return mean(percentage(y, y_hat))


def wape(y: ArrayLike, y_hat: ArrayLike) -> float:
    """Return the weighted absolute percentage error, ``100 sum |y - y_hat| / sum |y|``; NaN where all y are zero.

    Examples
    --------
    >>> wape([100.0, 0.0], [90.0, 5.0])
    15.0
    """
    error = np.abs(difference(y, y_hat))
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
    return mean(symmetric(y, y_hat))


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
    return mean(scaled(np.abs(difference(y, y_hat)), scale))


def mase_scale(past: ArrayLike, season_length: int) -> float:
    """Return the mean absolute error of the seasonal naive method within the `past` of one series.

    A past too short for one seasonal difference uses the plain naive method; with no pair of values it is NaN.

    Examples
    --------
    >>> mase_scale([1.0, 2.0, 4.0], 1)
    1.5
    """
    return mean(np.abs(_seasonal_steps(past, season_length)))


def rmsse(y: ArrayLike, y_hat: ArrayLike, scale: ArrayLike) -> float:
    """Return the root mean squared scaled error, ``sqrt(mean ((y - y_hat) / scale)^2)``, without a unit.

    As in the M5 competition (Makridakis, Spiliotis & Assimakopoulos 2022), the scale is the root mean square of the
    seasonal naive errors in the past. Points whose scale is zero (a constant past) or unknown are left out.

    Parameters
    ----------
    y, y_hat : array_like
        Truths and forecasts.
    scale : array_like
        `rmsse_scale` of the past each forecast was made from.

    Examples
    --------
    >>> rmsse([10.0, 12.0], [13.0, 9.0], 2.0)
    1.5
    """
    return float(np.sqrt(mean(scaled(difference(y, y_hat), scale) ** 2)))


def rmsse_scale(past: ArrayLike, season_length: int) -> float:
    """Return the root mean squared error of the seasonal naive method within the `past` of one series.

    A past too short for one seasonal difference uses the plain naive method; with no pair of values it is NaN.

    Examples
    --------
    >>> rmsse_scale([1.0, 2.0, 9.0], 1)
    5.0
    """
    return float(np.sqrt(mean(_seasonal_steps(past, season_length) ** 2)))


def owa(smape: float, mase: float, *, naive_smape: float, naive_mase: float) -> float:
    """Return the overall weighted average of the M4 competition: the mean of sMAPE and MASE, each over a reference's.

    There the reference is naive 2 (Makridakis, Spiliotis & Assimakopoulos 2020); in the tables of a run it is the
    seasonal naive method on the same points, so that 1 is as good as repeating the last season. NaN where the
    reference made no error or is unknown.

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

    Only points that both forecast count (Theil 1966); NaN where naive made no error.

    Examples
    --------
    >>> theils_u([2.0, 4.0], [2.0, 3.0], [0.0, 4.0])
    0.5
    """
    own, other = difference(y, y_hat) ** 2, difference(y, naive) ** 2
    both = ~(np.isnan(own) | np.isnan(other))
    below = float(other[both].sum())
    return float(np.sqrt(own[both].sum() / below)) if below > 0 else float("nan")


def directional_accuracy(y: ArrayLike, y_hat: ArrayLike, before: ArrayLike) -> float:
    """Return the share of forecasts on the side of the value `before` on which the truth came to lie.

    Points where the truth did not move are left out; a forecast of no move is wrong where the truth moved. In the
    tables of a run `before` is the last value known at the cutoff.

    Examples
    --------
    >>> directional_accuracy([2.0, 0.0, 1.0], [3.0, 2.0, 9.0], [1.0, 1.0, 1.0])
    0.5
    """
    return mean(right_way(y, y_hat, before))


def skill(score: float, baseline: float) -> float:
    """Return ``1 - score / baseline``: the share of the baseline's error that is gone; negative when it grew.

    Examples
    --------
    >>> skill(0.75, 1.0)
    0.25
    """
    return 1.0 - score / baseline if baseline > 0 else float("nan")


def _seasonal_steps(past: ArrayLike, season_length: int) -> Floats:
    y = np.asarray(past, np.float64)
    lag = season_length if len(y) > season_length else 1
    return np.asarray(y[lag:] - y[:-lag])
