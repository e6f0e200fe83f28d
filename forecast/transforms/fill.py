"""Values where NaN marks a gap, from the values of the same series that stand in the panel.

The idea: a straight line over the gap, drawn on the series without its season where there are two seasons to learn it
from. Only series with gaps are looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from forecast.transforms.arrays import interpolated, series_of
from forecast.transforms.seasons import panel_indices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]

__all__ = ["Fill"]


class Fill:
    """Put values where NaN marks a gap, from the values of the series that stand in the panel.

    A series of which nothing is known stays NaN.

    Parameters
    ----------
    method : {"auto", "seasonal", "linear", "ffill", "zero"}
        ``linear``: a straight line from the value before to the value after. ``seasonal``: the same on the series
        without its seasonal indices, which are then put back. ``auto``: seasonal with at least two whole seasons,
        linear without. A gap at the end takes the last value (plus season).
    """

    def __init__(self, method: str = "auto") -> None:
        self.method = method

    def fit(self, panel: Panel) -> Self:
        """Remember where the gaps are; what is filled depends on the panel it is applied to alone."""
        self.gaps_ = np.packbits(np.isnan(panel.values))
        return self

    def apply(self, panel: Panel) -> Panel:
        """Return the panel without NaN."""
        gaps = np.isnan(panel.values)
        if not gaps.any():
            return panel
        if self.method == "zero":
            return panel.with_values(np.where(gaps, 0.0, panel.values))
        holed = np.unique(series_of(panel)[gaps])
        values = panel.values.copy()
        places = np.repeat(np.isin(np.arange(panel.n_series), holed), panel.lengths)
        values[places] = self._filled(panel.take(holed))
        return panel.with_values(values)

    def invert(self, y_hat: Floats) -> Floats:
        """Return the forecasts as they are."""
        return y_hat

    def restore(self, panel: Panel) -> Panel:
        """Return the panel with its gaps."""
        gaps = np.unpackbits(self.gaps_, count=len(panel.values)).astype(np.bool_)
        return panel.with_values(np.where(gaps, np.nan, panel.values))

    def _filled(self, panel: Panel) -> Floats:
        y, m = panel.values, panel.season_length
        starts = np.repeat(panel.offsets[:-1], panel.lengths)
        places = np.arange(len(y))
        if self.method == "ffill":
            latest = np.maximum.accumulate(np.where(np.isnan(y), -1, places))
            return np.where(latest >= starts, y[np.maximum(latest, 0)], interpolated(panel))
        if self.method not in ("auto", "seasonal") or m < 2:
            return interpolated(panel)
        indices = np.zeros((panel.n_series, m))
        chosen = np.flatnonzero(panel.lengths >= 2 * m)
        indices[chosen] = panel_indices(panel, panel.offsets[chosen], panel.lengths[chosen])
        season = indices[series_of(panel), (places - starts) % m]
        return np.where(np.isnan(y), interpolated(panel.with_values(y - season)) + season, y)
