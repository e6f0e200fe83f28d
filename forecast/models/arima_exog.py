"""Covariates as regressors of an ARIMA: those known ahead, on a common scale, without those that tell nothing new.

The idea: a regression whose errors are an ARIMA is the ARIMA of what the regressors leave, so a column is worth what
it still tells after the differences. One that is constant there, or a sum of others, is left out, and that is said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from forecast.models.inputs import carried, scale_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]

__all__ = ["Effects", "informative", "known_rows"]

VALUES_A_COLUMN = 5
"""So many values after differences a regressor must have, or the last ones named are left out."""
_NOTHING = 1e-6


@dataclass(frozen=True)
class Effects:
    """The covariates that act in a regression, standardised over the past of their series.

    Parameters
    ----------
    columns : tuple of int
        Which columns they are.
    mean, sd : ndarray [k]
        What is taken off each, and what it is divided by.
    left_out : dict of int to str
        Why the other columns do not act.

    Examples
    --------
    >>> effects = Effects((1,), np.array([2.0]), np.array([0.5]))
    >>> effects.of(np.array([[7.0, 1.0], [7.0, np.nan], [7.0, 3.0]])).tolist()
    [[-2.0], [-2.0], [2.0]]
    """

    columns: tuple[int, ...] = ()
    mean: Floats = field(default_factory=lambda: np.empty(0))
    sd: Floats = field(default_factory=lambda: np.empty(0))
    left_out: dict[int, str] = field(default_factory=dict)

    @classmethod
    def all_of(cls, covariates: Floats) -> Effects:
        """Return the effects of all columns [T, F], on the scale of these rows."""
        return cls(tuple(range(covariates.shape[1])), *scale_of(covariates))

    def of(self, covariates: Floats) -> Floats:
        """Return the regressors [N, k] of rows [N, F]: a missing one is the last one known, or the mean.

        Rounded to 9 decimals, so that other units of a column lead to the same bits.
        """
        X = (covariates[:, list(self.columns)] - self.mean) / self.sd
        return np.round(carried(X, np.array([0, len(X)])), 9)

    def without(self, left_out: dict[int, str]) -> Effects:
        """Return the effects of the columns that are not left out."""
        kept = [i for i, column in enumerate(self.columns) if column not in left_out]
        return Effects(tuple(self.columns[i] for i in kept), self.mean[kept], self.sd[kept], left_out)


def known_rows(panel: Panel, s: int, horizon: int) -> Floats:
    """Return what is known beside the values of series `s` and of `horizon` steps after them, [T + H, F]; else NaN."""
    covariates = panel.covariates
    wanted = int(panel.lengths[s]) + horizon
    if covariates is None:
        return np.empty((wanted, 0))
    rows = covariates.known[covariates.offsets[s] : covariates.offsets[s + 1]][:wanted]
    return np.vstack([rows, np.full((wanted - len(rows), rows.shape[1]), np.nan)])


def informative(X: Floats, beside: Floats) -> dict[int, str]:
    """Return which columns of ``X`` [n, F] to leave out of a regression that has those `beside` [n, k], and why.

    Columns are taken in turn; one stays where a part of it is at right angles to all before (Gram-Schmidt).

    Examples
    --------
    >>> X = np.array([[1.0, 0, 1, 2], [0, 0, 2, 1], [1, 0, 1, 2], [0, 0, 0, 1], [1, 0, 1, 2]] * 4)
    >>> informative(X, np.ones((20, 1)))
    {1: 'it does not vary', 3: 'others tell the same'}
    """
    left_out: dict[int, str] = {}
    most = max(1, len(X) // VALUES_A_COLUMN)
    Q = np.empty((len(X), 0))
    for column in beside.T:
        Q = _with(Q, column)[0]
    begin = Q.shape[1]
    for i, column in enumerate(X.T):
        larger, told = _with(Q, column)
        if not len(column) or np.ptp(column) <= _NOTHING:
            left_out[i] = "it does not vary"
        elif not told:
            left_out[i] = "others tell the same"
        elif Q.shape[1] - begin >= most:
            left_out[i] = "there are too few values"
        else:
            Q = larger
    return left_out


def _with(Q: Floats, column: Floats) -> tuple[Floats, bool]:
    """Return orthonormal columns [n, k] with one more, and whether it has a part of its own."""
    size = float(np.linalg.norm(column))
    rest = column - Q @ (Q.T @ column)
    rest = rest - Q @ (Q.T @ rest)
    own = float(np.linalg.norm(rest))
    if own <= _NOTHING * size:
        return Q, False
    return np.column_stack([Q, rest / own]), True
