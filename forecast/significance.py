"""Is one model really better than another, or was it luck?

The idea: two models are compared on the losses of the same units (the windows of one series, or the series of a
panel), and the answer is one of four wordings; with fewer than `MIN_UNITS` units there is no answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "MIN_UNITS",
    "Comparison",
    "Nemenyi",
    "compare",
    "diebold_mariano",
    "model_confidence_set",
    "nemenyi",
]

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
    if len(a) < MIN_UNITS:
        return Comparison(TOO_LITTLE, ratio, None, len(a))
    _, p_value = diebold_mariano(a, b, horizon=overlap)
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


def model_confidence_set(
    losses: ArrayLike, *, alpha: float = 0.1, samples: int = 1000, block: int = 1, seed: int = 0
) -> NDArray[np.float64]:
    """Return the p-value of each model: the set that holds the best with confidence 1 - alpha has those >= alpha.

    The worst model is put out again and again while equal quality is refused (Hansen, Lunde & Nason 2011, with their
    T_max): with ``t_i`` the mean loss of model i minus that of all in the set, over its bootstrap standard deviation,
    the statistic is ``max t_i``, held against that of bootstrap samples of blocks, centred. A model's p-value is the
    largest that any test had until it went.

    Parameters
    ----------
    losses : array_like [N, M]
        A row per unit in the order of time, a column per model.
    alpha : float
        Nothing is put out any more once a test has a p-value of at least so much; the rest get that p-value.
    samples, block, seed : int
        Bootstrap samples, the length of their blocks (more than 1 for overlapping windows), and the seed.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> losses = rng.normal(size=(100, 3)) + [0.0, 0.0, 2.0]
    >>> (model_confidence_set(losses) >= 0.1).tolist()
    [True, True, False]
    """
    table = np.asarray(losses, np.float64)
    n, models = table.shape
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, n, (samples, -(-n // block)))
    rows = (starts[..., None] + np.arange(block)).reshape(samples, -1)[:, :n] % n
    means, resampled = table.mean(axis=0), np.stack([table[chosen].mean(axis=0) for chosen in rows])
    left, p_values, highest = list(range(models)), np.ones(models), 0.0
    while len(left) > 1:
        d = means[left] - means[left].mean()
        centred = resampled[:, left] - resampled[:, left].mean(axis=1, keepdims=True) - d
        sd = np.sqrt((centred**2).mean(axis=0))
        t = np.divide(d, sd, out=np.where(d > 0, np.inf, 0.0), where=sd > 1e-12 * (1.0 + np.abs(means[left])))
        worst = int(np.argmax(t))
        against = np.divide(centred, sd, out=np.zeros_like(centred), where=sd > 0).max(axis=1)
        highest = max(highest, float((against >= t[worst]).mean()))
        if highest >= alpha:
            p_values[left] = highest
            break
        p_values[left.pop(worst)] = highest
    return p_values


@dataclass(frozen=True)
class Nemenyi:
    """Ranks of M models over N units, and by how much two mean ranks must differ.

    Parameters
    ----------
    ranks : ndarray [M]
        Mean rank of each model; 1 is best.
    critical_difference : float
        Two models whose mean ranks differ by less cannot be told apart.
    friedman, p_value : float
        Friedman's chi-squared of all ranks being equal, and its p-value.
    """

    ranks: NDArray[np.float64]
    critical_difference: float
    friedman: float
    p_value: float


def nemenyi(losses: ArrayLike, *, alpha: float = 0.05) -> Nemenyi:
    """Return the test of Nemenyi on mean ranks, as in Demsar (2006).

    With M models and N units, ``CD = q sqrt(M (M + 1) / (6 N))``, q the studentised range over ``sqrt(2)``, and
    Friedman's ``chi^2 = 12 N / (M (M + 1)) (sum r^2 - M (M + 1)^2 / 4)`` with M - 1 degrees of freedom.

    Parameters
    ----------
    losses : array_like [N, M]
        A row per unit, a column per model.
    alpha : float
        The chance of finding a difference where there is none.

    Examples
    --------
    >>> nemenyi([[1, 2, 3], [1, 3, 2], [1, 2, 3], [2, 1, 3]]).ranks.tolist()
    [1.25, 2.0, 2.75]
    """
    from scipy.stats import chi2, rankdata, studentized_range

    table = np.asarray(losses, np.float64)
    N, M = table.shape
    ranks = rankdata(table, axis=1).mean(axis=0)
    friedman = 12.0 * N / (M * (M + 1)) * (float(ranks @ ranks) - M * (M + 1) ** 2 / 4.0)
    q = float(studentized_range.ppf(1.0 - alpha, M, np.inf)) / np.sqrt(2.0)
    return Nemenyi(ranks, float(q * np.sqrt(M * (M + 1) / (6.0 * N))), friedman, float(chi2.sf(friedman, M - 1)))
