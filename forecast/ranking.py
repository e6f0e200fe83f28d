"""Which of many models may be the best?

The idea: all models are judged together on the losses of the same units, for among many some look good by luck alone.
The answer is a set that holds the best one with a chosen confidence, or mean ranks and how far apart they must be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Nemenyi", "model_confidence_set", "nemenyi"]


def model_confidence_set(
    losses: ArrayLike, *, samples: int = 1000, block: int = 1, seed: int = 0
) -> NDArray[np.float64]:
    """Return the p-value of each model: the set that holds the best with confidence 1 - alpha has those >= alpha.

    The worst model is put out again and again until one is left (Hansen, Lunde & Nason 2011, with their T_max): with
    ``t_i`` the mean loss of model i minus that of all in the set, over its bootstrap standard deviation, the statistic
    is ``max t_i``, held against that of bootstrap samples of blocks, centred. A model's p-value is the largest that any
    test had until it went.

    Parameters
    ----------
    losses : array_like [N, M]
        A row per unit in the order of time, a column per model.
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
    resampled = np.empty((samples, models))
    for sample in resampled:
        starts = rng.integers(0, n, -(-n // block))
        sample[:] = table[((starts[:, None] + np.arange(block)).ravel() % n)[:n]].mean(axis=0)
    means, left, p_values, highest = table.mean(axis=0), list(range(models)), np.ones(models), 0.0
    while len(left) > 1:
        d = means[left] - means[left].mean()
        centred = resampled[:, left] - resampled[:, left].mean(axis=1, keepdims=True) - d
        sd = np.sqrt((centred**2).mean(axis=0))
        t = np.divide(d, sd, out=np.where(d > 0, np.inf, 0.0), where=sd > 1e-12 * (1.0 + np.abs(means[left])))
        worst = int(np.argmax(t))
        against = np.divide(centred, sd, out=np.zeros_like(centred), where=sd > 0).max(axis=1)
        highest = max(highest, float((against >= t[worst]).mean()))
        p_values[left.pop(worst)] = highest
    return p_values


@dataclass(frozen=True)
class Nemenyi:
    """Ranks of M models over N units, and by how much two mean ranks must differ.

    Parameters
    ----------
    ranks : ndarray [M]
        Mean rank of each model; 1 is best, and equal losses share their ranks.
    critical_difference : float
        Two models whose mean ranks differ by less cannot be told apart.
    friedman, p_value : float
        Friedman's chi-squared of all ranks being equal, and its p-value.
    """

    ranks: NDArray[np.float64]
    critical_difference: float
    friedman: float
    p_value: float

    @property
    def with_best(self) -> NDArray[np.bool_]:
        """Which models cannot be told from the best, [M] (multiple comparisons with the best; Koning et al. 2005)."""
        return np.asarray(self.ranks - self.ranks.min() <= self.critical_difference)


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
