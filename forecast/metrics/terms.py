"""What a single forecast adds to a score: one number for each point, NaN where there is none.

The idea: every score is a mean of such terms, or is made of a few such means; so a table of scores by model, step or
window is a table of means, and each formula stands in one place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "difference",
    "hit",
    "interval_score",
    "mean",
    "percentage",
    "quantile_loss",
    "right_way",
    "scaled",
    "symmetric",
]


def difference(y: ArrayLike, y_hat: ArrayLike) -> Floats:
    """Return ``y - y_hat``.

    Examples
    --------
    >>> difference([1.0, 2.0], [2.0, np.nan]).tolist()
    [-1.0, nan]
    """
    return np.asarray(y, np.float64) - np.asarray(y_hat, np.float64)


def percentage(y: ArrayLike, y_hat: ArrayLike) -> Floats:
    """Return ``100 |y - y_hat| / |y|``; NaN where y is 0.

    Examples
    --------
    >>> percentage([4.0, 0.0], [3.0, 3.0]).tolist()
    [25.0, nan]
    """
    size = np.abs(np.asarray(y, np.float64))
    return 100.0 * np.abs(difference(y, y_hat)) / np.where(size > 0, size, np.nan)


def symmetric(y: ArrayLike, y_hat: ArrayLike) -> Floats:
    """Return ``200 |y - y_hat| / (|y| + |y_hat|)``; 0 where both are 0.

    Examples
    --------
    >>> symmetric([3.0, 0.0], [1.0, 0.0]).tolist()
    [100.0, 0.0]
    """
    size = np.abs(np.asarray(y, np.float64)) + np.abs(np.asarray(y_hat, np.float64))
    return 200.0 * np.abs(difference(y, y_hat)) / np.where(size == 0, 1.0, size)


def scaled(terms: ArrayLike, scale: ArrayLike) -> Floats:
    """Return ``terms / scale``; NaN where the scale is 0 or unknown.

    Examples
    --------
    >>> scaled([3.0, 3.0, 3.0], [2.0, 0.0, np.nan]).tolist()
    [1.5, nan, nan]
    """
    scale = np.asarray(scale, np.float64)
    return np.asarray(terms, np.float64) / np.where(scale > 0, scale, np.nan)


def right_way(y: ArrayLike, y_hat: ArrayLike, before: ArrayLike) -> Floats:
    """Return 1 where y_hat lies on the side of the value `before` on which y lies, else 0; NaN where y did not move.

    Examples
    --------
    >>> right_way([2.0, 2.0, 1.0], [3.0, 0.0, 2.0], 1.0).tolist()
    [1.0, 0.0, nan]
    """
    truth, guess = np.sign(difference(y, before)), np.sign(difference(y_hat, before))
    known = ~(np.isnan(truth) | np.isnan(guess)) & (truth != 0)
    return np.where(known, (truth == guess).astype(np.float64), np.nan)


def quantile_loss(y: ArrayLike, y_hat: ArrayLike, quantile: float) -> Floats:
    """Return ``max(q (y - y_hat), (q - 1) (y - y_hat))``.

    Examples
    --------
    >>> quantile_loss([10.0, 10.0], [8.0, 12.0], 0.75).tolist()
    [1.5, 0.5]
    """
    d = difference(y, y_hat)
    return np.maximum(quantile * d, (quantile - 1.0) * d)


def hit(y: ArrayLike, low: ArrayLike, high: ArrayLike) -> Floats:
    """Return 1 where y lies within its interval, ends included, and 0 where it does not.

    Examples
    --------
    >>> hit([1.0, 2.0, 1.0], [0.0, 0.0, np.nan], [1.0, 1.0, 1.0]).tolist()
    [1.0, 0.0, nan]
    """
    y, low, high = (np.asarray(array, np.float64) for array in (y, low, high))
    known = ~(np.isnan(y) | np.isnan(low) | np.isnan(high))
    return np.where(known, ((low <= y) & (y <= high)).astype(np.float64), np.nan)


def interval_score(y: ArrayLike, low: ArrayLike, high: ArrayLike, level: float) -> Floats:
    """Return the width of the interval, and ``2 / alpha`` times how far y lies outside.

    Examples
    --------
    >>> interval_score([5.0, 12.0], [0.0, 0.0], [10.0, 10.0], 80).round(6).tolist()
    [10.0, 30.0]
    """
    below, above = np.maximum(difference(low, y), 0.0), np.maximum(difference(y, high), 0.0)
    return difference(high, low) + 2.0 / (1.0 - level / 100.0) * (below + above)


def mean(terms: Floats) -> float:
    """Return the mean of the terms that are numbers; NaN with none.

    Examples
    --------
    >>> mean(np.array([1.0, np.nan, 2.0]))
    1.5
    """
    known = terms[~np.isnan(terms)]
    return float(known.mean()) if known.size else float("nan")
