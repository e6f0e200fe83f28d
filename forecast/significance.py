"""Is one model really better than another, or was it luck?

The idea: two models are compared on the losses of the same units (the windows of one series, or the series of a
panel), and the answer is one of four wordings; with fewer than `MIN_UNITS` units there is no answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["MIN_UNITS", "Comparison", "compare", "diebold_mariano"]

MIN_UNITS = 8
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
    p_value : float or None
        Two-sided; None when there is too little data.
    units : int
        How many pairs of losses were compared.
    """

    word: str
    ratio: float
    p_value: float | None
    units: int


def compare(losses: ArrayLike, others: ArrayLike, *, alpha: float = 0.05) -> Comparison:
    """Compare two models by their mean losses on the same units.

    Parameters
    ----------
    losses, others : array_like [N]
        The loss of the one and of the other model in each unit; a pair with a NaN is left out.
    alpha : float
        How small the p-value must be to speak of better or worse.

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
    if len(a) < MIN_UNITS:
        return Comparison(TOO_LITTLE, ratio, None, len(a))
    _, p_value = diebold_mariano(a, b)
    ahead = BETTER if a.mean() < b.mean() else WORSE
    return Comparison(ahead if p_value < alpha else TIE, ratio, p_value, len(a))


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
    centred = d - mean
    covariances = [float(centred[k:] @ centred[: n - k]) / n for k in range(horizon)]
    variance = covariances[0] + 2.0 * sum(covariances[1:])
    if variance <= 0:
        variance = covariances[0]
    if variance <= 1e-24 * float(np.mean(d**2)) or variance == 0:
        return (0.0, 1.0) if mean == 0 else (float(np.sign(mean) * np.inf), 0.0)
    factor = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    statistic = float(mean / np.sqrt(variance / n) * np.sqrt(factor))
    return statistic, float(2.0 * t.sf(abs(statistic), df=n - 1))
