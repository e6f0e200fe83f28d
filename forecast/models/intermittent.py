"""Methods for demand that comes now and then: most values are zero, and what matters is how often and how much.

The idea: smooth the sizes of the demands and how often they come apart from each other; the forecast, the same for
every step, is their product.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecast.models.classical import Naive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]

__all__ = ["TSB", "Croston"]


class Croston(Naive):
    """Size over interval, both smoothed when a demand comes (Croston 1972), times ``1 - alpha / 2``.

    The factor takes out the bias of the ratio (Syntetos & Boylan 2005); a series without zeros has none. A missing
    value is a period without news.

    Parameters
    ----------
    alpha : float
        The share of the new in the smoothing.

    Examples
    --------
    >>> from forecast.frequency import Frequency
    >>> from forecast.panel import Panel
    >>> y = np.array([0.0, 0, 6, 0, 0, 6, 0, 0, 6])
    >>> panel = Panel(y, np.array([0, 9]), ("a",), np.array([9]), Frequency("int"), 1)
    >>> Croston().fit(panel, horizon=2).predict()["y_hat"].round(3).tolist()
    [1.9, 1.9]
    """

    name = "croston"

    def __init__(self, *, alpha: float = 0.1) -> None:
        self.alpha = alpha

    def _ahead(self, panel: Panel) -> Floats:
        level = [self._level(panel.series(s)) for s in range(panel.n_series)]
        return np.repeat(np.array(level)[:, None], self.horizon_, axis=1)

    def _level(self, y: Floats) -> float:
        y = y[~np.isnan(y)]
        when = np.flatnonzero(y)
        if len(when) in (0, len(y)):
            return _smoothed(y, self.alpha)
        size = _smoothed(y[when], self.alpha)
        interval = _smoothed(np.diff(np.r_[-1, when]).astype(np.float64), self.alpha)
        return (1.0 - self.alpha / 2.0) * size / interval


class TSB(Croston):
    """Size times probability, the probability smoothed every period (Teunter, Syntetos & Babai 2011).

    So the forecast falls while no demand comes, which Croston's does not: for goods that go out of use.

    Parameters
    ----------
    alpha : float
        The share of the new in the smoothing of sizes.
    beta : float
        The same for the probability.

    Examples
    --------
    >>> from forecast.frequency import Frequency
    >>> from forecast.panel import Panel
    >>> y = np.array([6.0, 6, 6, 0, 0, 0, 0, 0, 0])
    >>> panel = Panel(y, np.array([0, 9]), ("a",), np.array([9]), Frequency("int"), 1)
    >>> TSB().fit(panel, horizon=1).predict()["y_hat"].round(3).tolist()
    [3.189]
    """

    name = "tsb"

    def __init__(self, *, alpha: float = 0.1, beta: float = 0.1) -> None:
        super().__init__(alpha=alpha)
        self.beta = beta

    def _level(self, y: Floats) -> float:
        y = y[~np.isnan(y)]
        demands = y[y != 0]
        if len(demands) == 0:
            return 0.0
        return _smoothed(demands, self.alpha) * _smoothed((y != 0).astype(np.float64), self.beta)


def _smoothed(values: Floats, share: float) -> float:
    """Return the last level of exponential smoothing that starts at the first value."""
    ages = np.arange(len(values) - 1, -1, -1)
    weights = share * (1.0 - share) ** ages
    weights[0] = (1.0 - share) ** ages[0]
    return float(weights @ values)
