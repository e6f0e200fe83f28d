"""How sure a forecast is, read off the errors it made on held-out windows.

The idea: if the next error is exchangeable with n past ones, it is at most the ``ceil((n + 1) level)``-th smallest of
them with probability `level` (split conformal prediction; Lei et al. 2018). With too few errors no band is drawn.
"""

from __future__ import annotations

from math import ceil, nan
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["conformal_width", "errors_needed", "step_widths"]

ENOUGH = 20
"""Errors that a step gathers from its neighbours before its width is read off."""


def errors_needed(level: float) -> int:
    """Return the least number of errors that can support a level in percent.

    Examples
    --------
    >>> errors_needed(80), errors_needed(95)
    (4, 19)
    """
    n = 1
    while _rank(n, level) > n:
        n += 1
    return n


def conformal_width(errors: Floats, level: float) -> float:
    """Return the half-width that covers the next absolute error with `level` percent; NaN with too few errors.

    Parameters
    ----------
    errors : ndarray [N]
        Absolute errors; NaN is left out.

    Examples
    --------
    >>> conformal_width(np.arange(1.0, 10.0), 80)
    8.0
    """
    known = np.sort(errors[~np.isnan(errors)])
    rank = _rank(len(known), level)
    return float(known[rank - 1]) if rank <= len(known) else nan


def step_widths(errors: Floats, level: float) -> Floats:
    """Return the half-width of each step ahead.

    A step with fewer than `ENOUGH` errors takes those of its nearest neighbours as well, one more on either side
    until there are enough or no more.

    Parameters
    ----------
    errors : ndarray [N, H]
        Absolute scaled errors by unit (window and series) and step; NaN where there is none.
    level : float
        In percent.

    Returns
    -------
    ndarray [H]
        NaN where the level cannot be supported.
    """
    horizon = errors.shape[1]
    counts = (~np.isnan(errors)).sum(axis=0)
    wanted = max(ENOUGH, errors_needed(level))
    widths = np.empty(horizon)
    for step in range(horizon):
        reach = 0
        while counts[_around(step, reach)].sum() < wanted and reach < horizon:
            reach += 1
        widths[step] = conformal_width(errors[:, _around(step, reach)].ravel(), level)
    return widths


def _around(step: int, reach: int) -> slice:
    return slice(max(0, step - reach), step + reach + 1)


def _rank(n: int, level: float) -> int:
    # A rounding error must not push a whole number over the edge: 20 * 95 / 100 is 19, not 19.000000000000004.
    return ceil(round((n + 1) * level / 100.0, 9))
