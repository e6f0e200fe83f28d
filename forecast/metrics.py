"""How wrong a forecast was: plain functions of arrays, and one table of them.

The idea: a metric takes truths and forecasts of any one shape and returns a number, smaller being better; a missing
truth or forecast is left out, and with nothing left the answer is NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = ["METRICS", "mae", "mase", "mase_scale", "rmse", "skill", "smape"]


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
}
"""Every metric of a leaderboard, in its order, as a function of truth, forecast and the scale of MASE."""


def _difference(y: ArrayLike, y_hat: ArrayLike) -> Floats:
    return np.asarray(y, np.float64) - np.asarray(y_hat, np.float64)


def _mean(terms: Floats) -> float:
    known = terms[~np.isnan(terms)]
    return float(known.mean()) if known.size else float("nan")
