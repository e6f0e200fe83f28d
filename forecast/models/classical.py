"""The simple methods that anything cleverer must beat.

The idea: they have no settings and cannot go wrong, so they stand in every leaderboard as the baseline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from forecast.models.base import asked
from forecast.panel import Panel, forecast_frame

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from forecast.errors import Notice

__all__ = ["Drift", "Mean", "Naive", "SeasonalNaive"]


class Naive:
    """The last known value goes on for ever.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> panel = read_series("airline").panel
    >>> Naive().fit(panel, horizon=2).predict()["y_hat"].tolist()
    [432.0, 432.0]
    """

    name = "naive"

    def fit(self, panel: Panel, *, horizon: int) -> Self:
        """Remember the panel; nothing is learned."""
        self.panel_ = panel
        self.horizon_ = horizon
        self.choices_: dict[str, Any] = {}
        self.notices_: list[Notice] = []
        return self

    def predict(self, panel: Panel | None = None) -> pd.DataFrame:
        """Return the forecast frame that follows `panel` (default: the fitted one)."""
        panel = asked(self, panel)
        return forecast_frame(panel, self._ahead(panel), model=self.name)

    def _ahead(self, panel: Panel) -> NDArray[np.float64]:
        """Return the forecasts [S, H]."""
        lag = self._lag(panel)
        last = np.array([_latest(panel.series(s), lag) for s in range(panel.n_series)]).reshape(-1, lag)
        return last[:, np.arange(self.horizon_) % lag]

    def _lag(self, panel: Panel) -> int:
        return 1


class SeasonalNaive(Naive):
    """The last known season goes on for ever; without a season, the last value.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> panel = read_series("airline").panel
    >>> SeasonalNaive().fit(panel, horizon=2).predict()["y_hat"].tolist()
    [417.0, 391.0]
    """

    name = "seasonal_naive"

    def _lag(self, panel: Panel) -> int:
        return panel.season_length


class Drift(Naive):
    """The straight line from the first known value to the last goes on.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> panel = read_series("airline").panel
    >>> Drift().fit(panel, horizon=2).predict()["y_hat"].round(1).tolist()
    [434.2, 436.5]
    """

    name = "drift"

    def _ahead(self, panel: Panel) -> NDArray[np.float64]:
        rows = []
        for s in range(panel.n_series):
            y = panel.series(s)
            first, *_, last = np.flatnonzero(~np.isnan(y)) if len(y) > 1 else (0, 0)
            slope = (y[last] - y[first]) / max(last - first, 1)
            rows.append(y[last] + slope * (len(y) - 1 - last + np.arange(1, self.horizon_ + 1)))
        return np.array(rows)


class Mean(Naive):
    """The mean of all known values.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> panel = read_series("airline").panel
    >>> Mean().fit(panel, horizon=2).predict()["y_hat"].round(1).tolist()
    [280.3, 280.3]
    """

    name = "mean"

    def _ahead(self, panel: Panel) -> NDArray[np.float64]:
        means = np.array([np.nanmean(panel.series(s)) for s in range(panel.n_series)])
        return np.repeat(means[:, None], self.horizon_, axis=1)


def _latest(y: NDArray[np.float64], lag: int) -> NDArray[np.float64]:
    """Return the last known value at each of the next `lag` positions; the last value of all where there is none."""
    known = y[~np.isnan(y)]
    out = np.full(lag, known[-1])
    for position in range(lag):
        same = y[len(y) - lag + position :: -lag] if len(y) >= lag - position else y[:0]
        same = same[~np.isnan(same)]
        if len(same):
            out[position] = same[0]
    return out
