"""How far a way to forecast is off on the latest block of the past: by this networks are chosen and weighed.

The idea: the block was held out while they learned, and they forecast it from its beginning and from within. Errors
count in each series' own typical change, so that no series outweighs the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from forecast.panel import Panel

__all__ = ["latest_error"]

MOST_COMPARED = 1_000
"""Of more series, so many at equal distances."""
TYPICAL_OF = 200
"""The latest values whose mean absolute change is the unit of errors."""


def latest_error(ahead: Callable[[Panel], NDArray[np.float64]], panel: Panel, horizon: int, *, block: int) -> float:
    """Return the mean error of forecasts of the last `block` values, in typical changes; 0 where nothing can be told.

    Parameters
    ----------
    ahead : callable
        Takes a panel, and returns the forecasts [S, H] that follow it.
    panel : Panel
        The past, its latest block included.
    horizon : int
        Steps of a forecast, H.
    block : int
        Values in the latest block. It is forecast from its beginning, and after a third and two thirds of it.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> panel = read_series("airline").panel
    >>> round(latest_error(lambda past: past.tail(12), panel, 12, block=12), 2)  # the year before: the seasonal naive
    1.8
    """
    few = panel.take(np.unique(np.linspace(0, panel.n_series - 1, MOST_COMPARED).astype(np.int64)))
    errors = []
    for back in sorted({block, 2 * block // 3, block // 3} - {0}):
        whole = few.take(np.flatnonzero(few.lengths > back))
        changes = np.abs(np.diff(whole.tail(TYPICAL_OF)))
        size = np.nansum(changes, axis=1) / np.maximum(np.isfinite(changes).sum(axis=1), 1)
        truth = whole.tail(back)[:, :horizon]
        y_hat = ahead(whole.drop_last(back))[:, : truth.shape[1]]
        errors.append((np.abs(y_hat - truth) / np.where(size > 0, size, 1.0)[:, None]).ravel())
    found = np.concatenate(errors)
    known = found[np.isfinite(found)]
    return float(known.mean()) if len(known) else 0.0
