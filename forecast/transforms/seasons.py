"""Seasons taken out of a series and put back into its forecasts.

The idea: a season is what repeats by position, the mean of the series less its moving average; where it changes slowly,
STL and MSTL follow it, one series at a time and so by name only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Self

import numpy as np

from forecast.transforms.arrays import blocks, from_end, interpolated, rows, series_of
from forecast.transforms.correlations import correlated, differences

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = ["MSTL", "STL", "Deseasonalize", "panel_indices", "seasonal_indices"]


class Deseasonalize:
    """Subtract the seasonal indices from every series in which a season is found.

    The indices are the means, by position in the season, of the series minus its centred moving average (classical
    decomposition; Hyndman & Athanasopoulos 2021, section 3.4), over the latest `seasons` seasons. A season is found
    where the autocorrelation of the differenced series at the season is significant at 10 % (one-sided), the test of
    the Theta method (Fiorucci et al. 2016); on differences, since a trend alone would pass it otherwise. After a
    logarithm the same is the multiplicative decomposition. Gaps stay gaps.

    Parameters
    ----------
    seasons : int
        How many of the latest seasons make the indices.
    """

    def __init__(self, *, seasons: int = 8) -> None:
        self.seasons = seasons

    def find(self, panel: Panel) -> Self:
        """Test every series, which is half of `fit`."""
        self.found_ = _has_season(panel)
        return self

    def fit(self, panel: Panel) -> Self:
        """Test every series and compute the indices ``[S, season_length]``, position 0 the first value to forecast."""
        m = panel.season_length
        self.indices_ = np.zeros((panel.n_series, m))
        self.find(panel)
        chosen = np.flatnonzero(self.found_)
        if len(chosen):
            lengths = np.minimum(panel.lengths[chosen] // m, self.seasons + 1) * m
            self.indices_[chosen] = panel_indices(panel, panel.offsets[1:][chosen] - lengths, lengths)
        return self

    def apply(self, panel: Panel) -> Panel:
        """Return the panel without its seasons."""
        return panel.with_values(panel.values - self._season(panel))

    def invert(self, y_hat: Floats) -> Floats:
        """Return the forecasts with the seasons put back."""
        season = self.indices_[:, np.arange(y_hat.shape[1]) % self.indices_.shape[1]]
        return y_hat + season.reshape(*season.shape, *[1] * (y_hat.ndim - 2))

    def restore(self, panel: Panel) -> Panel:
        """Return the panel with its seasons."""
        return panel.with_values(panel.values + self._season(panel))

    def _season(self, panel: Panel) -> Floats:
        season, m = np.zeros(len(panel.values)), panel.season_length
        for block in blocks(panel.lengths, np.flatnonzero(self.found_)):
            lengths = panel.lengths[block]
            width = int(lengths.max(initial=0))
            inside = np.arange(width) >= width - lengths[:, None]  # rows end together, where the forecasts begin
            places = (panel.offsets[1:][block, None] - width + np.arange(width))[inside]
            season[places] = np.tile(self.indices_[block], -(-width // m))[:, -width:][inside]
        return season


class STL:
    """Subtract the season that LOESS finds (Cleveland et al. 1990), by statsmodels, series by series.

    Forecasts get the latest season again. Gaps are bridged by straight lines while the season is looked for and stay
    gaps; series shorter than two seasons stay as they are.
    """

    def fit(self, panel: Panel) -> Self:
        """Find the season of every value, [T_total]."""
        self.season_ = np.zeros(len(panel.values))
        self.offsets_ = panel.offsets
        self.periods_ = self._periods(panel)
        y = interpolated(panel)
        for s in np.flatnonzero(panel.lengths >= 2 * min(self.periods_, default=len(y) + 1)):
            span = slice(panel.offsets[s], panel.offsets[s + 1])
            if not np.isnan(y[span]).any():
                self.season_[span] = self._decompose(y[span])
        return self

    def apply(self, panel: Panel) -> Panel:
        """Return the panel without its season; before the fitted stretch the first season is taken."""
        return panel.with_values(panel.values - self._at(panel))

    def invert(self, y_hat: Floats) -> Floats:
        """Return the forecasts with the latest season put back."""
        m = max(self.periods_, default=1)
        ends, starts = self.offsets_[1:, None], self.offsets_[:-1, None]
        places = ends - m + np.arange(y_hat.shape[1]) % m
        season = np.where(places >= starts, self.season_[np.maximum(places, starts)], 0.0)
        return y_hat + season.reshape(*season.shape, *[1] * (y_hat.ndim - 2))

    def restore(self, panel: Panel) -> Panel:
        """Return the panel with its season."""
        return panel.with_values(panel.values + self._at(panel))

    def _at(self, panel: Panel) -> Floats:
        series = series_of(panel)
        starts, m = self.offsets_[series], max(self.periods_, default=1)
        places = self.offsets_[series + 1] - from_end(panel)
        repeated = np.minimum(starts + (places - starts) % m, self.offsets_[series + 1] - 1)
        return self.season_[np.where(places < starts, repeated, places)]

    def _periods(self, panel: Panel) -> tuple[int, ...]:
        return panel.season_lengths[:1]

    def _decompose(self, y: Floats) -> Floats:
        from statsmodels.tsa import seasonal

        season: Floats = np.asarray(seasonal.STL(y, period=self.periods_[0], robust=True).fit().seasonal)
        return season


class MSTL(STL):
    """Subtract several seasons, found in turn by LOESS (Bandara et al. 2021), by statsmodels, series by series.

    A season longer than half of a series is left out for that series.
    """

    def _periods(self, panel: Panel) -> tuple[int, ...]:
        return panel.season_lengths

    def _decompose(self, y: Floats) -> Floats:
        from statsmodels.tsa import seasonal

        periods = [m for m in self.periods_ if 2 * m < len(y)]
        if not periods:
            return super()._decompose(y)
        season = np.asarray(seasonal.MSTL(y, periods=periods).fit().seasonal)
        return np.asarray(season.sum(axis=1) if season.ndim > 1 else season, dtype=np.float64)


def seasonal_indices(y: Floats, season_length: int) -> Floats:
    """Return the additive seasonal indices [season_length] of a series [T] of at least two seasons; their sum is 0.

    Position 0 belongs to ``y[0]``; NaN is left out of every mean.

    Examples
    --------
    >>> seasonal_indices(np.array([1.0, 3, 1, 3, 1, 3]), 2)
    array([-1.,  1.])
    """
    known = np.flatnonzero(~np.isnan(y))
    whole = np.interp(np.arange(len(y)), known, y[known])
    return np.asarray(_indices(y[None], whole[None], np.array([len(y)]), season_length)[0])


def panel_indices(panel: Panel, starts: Ints, lengths: Ints) -> Floats:
    """Return the seasonal indices [N, season_length] of N stretches of the values, as `seasonal_indices` does of one.

    Parameters
    ----------
    panel : Panel
        The series.
    starts, lengths : ndarray [N]
        Stretches of ``panel.values`` of at least two seasons, each within a series.
    """
    m = panel.season_length
    found = np.zeros((len(starts), m))
    offsets = np.r_[0, np.cumsum(lengths)].astype(np.int64)
    places = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)
    stretches = replace(panel, values=panel.values[places], offsets=offsets, ids=("",) * len(starts), covariates=None)
    whole = interpolated(stretches)
    for block in blocks(lengths):
        y, x = (rows(values, offsets[block], lengths[block], multiple=m) for values in (stretches.values, whole))
        found[block] = _indices(y, x, lengths[block], m)
    return found


def _indices(y: Floats, whole: Floats, lengths: Ints, m: int) -> Floats:
    """Return indices [B, m] of rows y [B, T] that are `whole` without gaps, of the given lengths."""
    width = -(-y.shape[1] // m) * m
    y, whole = (np.pad(x, ((0, 0), (0, width - x.shape[1])), constant_values=np.nan) for x in (y, whole))
    inside = np.arange(width) < lengths[:, None]
    known = inside & ~np.isnan(whole)
    level = np.where(known, whole, 0.0).sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
    x = np.where(known, whole - level, 0.0)
    total = np.pad(np.cumsum(x, axis=1), ((0, 0), (1, 0)))
    half = m // 2
    trend = np.zeros_like(x)
    middle = slice(half, width - half)
    trend[:, middle] = total[:, 2 * half + 1 :] - total[:, : width - 2 * half]
    if m % 2 == 0:
        trend[:, middle] -= (x[:, : width - 2 * half] + x[:, 2 * half :]) / 2
    places = np.arange(width)
    kept = (places >= half) & (places < lengths[:, None] - half) & ~np.isnan(y)
    detrended = np.where(kept, y - level - trend / m, 0.0).reshape(len(y), -1, m)
    counts = kept.reshape(len(y), -1, m).sum(axis=1)
    means = detrended.sum(axis=1) / np.maximum(counts, 1)
    centred: Floats = means - means.mean(axis=1, keepdims=True)
    return centred


def _has_season(panel: Panel) -> Bools:
    """Whether the autocorrelation of the differences at the season is beyond its 10 % limit (Bartlett's formula)."""
    m = panel.season_length
    found = np.zeros(panel.n_series, dtype=bool)
    if m < 2:
        return found
    for block in blocks(panel.lengths, np.flatnonzero(panel.lengths >= 3 * m)):
        x, _, total = differences(panel, block, 1)
        least = 1.645 / np.sqrt(panel.lengths[block] - 1)
        _, above, r = correlated(x, total, m, least)
        limit = least[above] * np.sqrt(1.0 + 2.0 * np.sum(r[:, 1:-1] ** 2, axis=1))
        found[block[above]] = r[:, -1] > limit
    return found
