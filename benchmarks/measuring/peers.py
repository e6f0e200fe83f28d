"""What others would forecast, in the form of our models: Naive 2, a ridge regression on windows, statsforecast's MSTL.

The idea: a bar that can be measured is measured in the same run and the same way as what must pass it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from forecast.models.theta import seasonal_factors
from forecast.panel import Panel, forecast_frame
from forecast.transforms import Fill

if TYPE_CHECKING:
    import pandas as pd


class Naive2:
    """The last value, with the season taken out before and put back after: the yardstick of the M competitions."""

    name = "naive2"

    def fit(self, panel: Panel, *, horizon: int) -> Self:
        """Remember the panel."""
        self.panel_, self.horizon_ = panel, horizon
        return self

    def predict(self, panel: Panel | None = None) -> pd.DataFrame:
        """Return the forecast frame."""
        panel = self.panel_ if panel is None else panel
        filled, rows = Fill().apply(panel), []
        for s in range(panel.n_series):
            y = filled.series(s)
            factors = seasonal_factors(y, panel.season_length)
            rows.append(y[-1] / factors[-1] * factors[np.arange(self.horizon_) % len(factors)])
        return forecast_frame(panel, np.array(rows), model=self.name)


class Ridge:
    """One linear map from the last values to the next of all series, in closed form, both minus the last value.

    Parameters
    ----------
    input_size : int
        Values of the past, L; fewer where the series are short.
    penalty : float
        On the squared weights, as a share of the mean squared input.
    """

    name = "ridge"

    def __init__(self, *, input_size: int = 512, penalty: float = 1e-3) -> None:
        self.input_size, self.penalty = input_size, penalty

    def fit(self, panel: Panel, *, horizon: int) -> Self:
        """Solve the normal equations, summed over series, each divided by its standard deviation."""
        self.panel_, self.horizon_ = panel, horizon
        filled = Fill().apply(panel)
        self.length_ = max(1, min(self.input_size, int(panel.lengths.min()) // 2 - horizon))
        gram, moments, count = 0.0, 0.0, 0
        for s in range(panel.n_series):
            y = filled.series(s)
            windows = np.lib.stride_tricks.sliding_window_view(y / (y.std() or 1.0), self.length_ + horizon)
            differences = windows - windows[:, self.length_ - 1 : self.length_]
            x, target = differences[:, : self.length_], differences[:, self.length_ :]
            gram, moments, count = gram + x.T @ x, moments + x.T @ target, count + len(x)
        size = np.trace(gram) / self.length_
        self.weights_ = np.linalg.solve(gram + self.penalty * size * np.eye(self.length_), moments)
        return self

    def predict(self, panel: Panel | None = None) -> pd.DataFrame:
        """Return the forecast frame."""
        panel = self.panel_ if panel is None else panel
        x = Fill().apply(panel).tail(self.length_)
        return forecast_frame(panel, (x - x[:, -1:]) @ self.weights_ + x[:, -1:], model=self.name)


class MSTL:
    """statsforecast's MSTL with its defaults and all seasons of the panel: season by season taken out, then AutoETS."""

    name = "mstl"

    def fit(self, panel: Panel, *, horizon: int) -> Self:
        """Remember the panel."""
        self.panel_, self.horizon_ = panel, horizon
        return self

    def predict(self, panel: Panel | None = None) -> pd.DataFrame:
        """Fit all series and return the forecast frame."""
        from statsforecast import models

        panel = self.panel_ if panel is None else panel
        filled, seasons = Fill().apply(panel), list(panel.season_lengths) or [1]
        rows = [
            models.MSTL(season_length=seasons).forecast(y=filled.series(s), h=self.horizon_)["mean"]
            for s in range(panel.n_series)
        ]
        return forecast_frame(panel, np.array(rows), model=self.name)


PEERS = {"naive2": Naive2, "ridge": Ridge, "mstl": MSTL}
