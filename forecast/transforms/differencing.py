"""Trends taken out: by differences, or as a straight line.

The idea: a difference remembers what it loses (the first values and those behind a gap), so that sums bring the series
back exactly; forecasts are summed up from the last known values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from forecast.errors import ConfigError
from forecast.transforms.arrays import blocks, from_end, rows, series_of, wide

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]

__all__ = ["Detrend", "Difference"]


class Difference:
    """The change since `lag` values before; the panel keeps its shape, the first `lag` values become NaN.

    A gap makes two gaps. Quantiles of summed steps are sums of quantiles: in order, and as wide as if the steps always
    erred together, which is wider than independent ones would be.

    Parameters
    ----------
    lag : int
        1 for steps, the season length for changes on the season before.
    """

    def __init__(self, lag: int = 1) -> None:
        if lag < 1:
            raise ConfigError(
                "U101", "the lag of difference should be at least 1", found=str(lag), hint="difference(1)"
            )
        self.lag = lag

    def fit(self, panel: Panel) -> Self:
        """Remember the values that differences lose, and the last known ones [S, lag] to start forecasts from."""
        y, series = panel.values, series_of(panel)
        known = np.flatnonzero(~np.isnan(y))
        self.remembered_ = np.where(np.isnan(self.apply(panel).values), y, np.nan)
        latest = np.full((panel.n_series, self.lag), -1)
        np.maximum.at(latest, (series[known], -from_end(panel)[known] % self.lag), known)
        last = latest.max(axis=1, keepdims=True)
        latest = np.where(latest < 0, last, latest)
        self.last_ = np.where(latest < 0, 0.0, y[np.maximum(latest, 0)])
        return self

    def apply(self, panel: Panel) -> Panel:
        """Return the panel of changes."""
        places = np.arange(len(panel.values))
        inside = places - self.lag >= np.repeat(panel.offsets[:-1], panel.lengths)
        before = panel.values[np.where(inside, places - self.lag, 0)]
        return panel.with_values(np.where(inside, panel.values - before, np.nan))

    def invert(self, y_hat: Floats) -> Floats:
        """Return the forecasts summed up from the last known values."""
        out = np.empty_like(y_hat)
        last = self.last_.reshape(*self.last_.shape, *[1] * (y_hat.ndim - 2))
        for phase in range(min(self.lag, y_hat.shape[1])):
            out[:, phase :: self.lag] = last[:, phase : phase + 1] + np.cumsum(y_hat[:, phase :: self.lag], axis=1)
        return out

    def restore(self, panel: Panel) -> Panel:
        """Return the panel whose changes these are."""
        values = np.empty(len(panel.values))
        for block in blocks(panel.lengths):
            starts, lengths = panel.offsets[block], panel.lengths[block]
            steps, kept = (
                rows(y, starts, lengths, multiple=self.lag).reshape(len(block), -1, self.lag)
                for y in (panel.values, self.remembered_)
            )
            again = np.isnan(steps)
            begin = np.maximum.accumulate(np.where(again, np.arange(steps.shape[1])[:, None], 0), axis=1)
            sums = np.cumsum(np.where(again, 0.0, steps), axis=1)
            y = np.take_along_axis(kept - sums, begin, axis=1) + sums
            inside = np.arange(y.shape[1] * self.lag) < lengths[:, None]
            values[(starts[:, None] + np.arange(inside.shape[1]))[inside]] = y.reshape(len(block), -1)[inside]
        return panel.with_values(values)


class Detrend:
    """Subtract the straight line that fits the known values of a series best in squares; it goes on in the forecasts.

    Gaps stay gaps; of a single value the line is that value.
    """

    def fit(self, panel: Panel) -> Self:
        """Compute the line of every series: its value [S] just before the first forecast, and its slope [S]."""
        known = ~np.isnan(panel.values)
        series, n_series = series_of(panel)[known], panel.n_series
        t, y = -from_end(panel)[known].astype(np.float64) + 1.0, panel.values[known]
        counts = np.maximum(np.bincount(series, minlength=n_series), 1)
        t_mean, y_mean = (np.bincount(series, x, minlength=n_series) / counts for x in (t, y))
        dt = t - t_mean[series]
        spread = np.bincount(series, dt * dt, minlength=n_series)
        products = np.bincount(series, dt * (y - y_mean[series]), minlength=n_series)
        self.slope_ = products / np.where(spread > 0, spread, 1.0)
        self.level_ = y_mean - self.slope_ * t_mean
        return self

    def apply(self, panel: Panel) -> Panel:
        """Return the panel less its lines."""
        return panel.with_values(panel.values - self._line(panel))

    def invert(self, y_hat: Floats) -> Floats:
        """Return the forecasts with the lines drawn on."""
        steps = np.arange(1, y_hat.shape[1] + 1).reshape(1, -1, *[1] * (y_hat.ndim - 2))
        return y_hat + wide(self.level_, y_hat) + wide(self.slope_, y_hat) * steps

    def restore(self, panel: Panel) -> Panel:
        """Return the panel with its lines."""
        return panel.with_values(panel.values + self._line(panel))

    def _line(self, panel: Panel) -> Floats:
        series = series_of(panel)
        return self.level_[series] + self.slope_[series] * (1.0 - from_end(panel))
