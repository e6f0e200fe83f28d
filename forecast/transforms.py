"""What is done to a series before a network sees it, and exactly undone after: fill, log, standardise, deseasonalise.

The idea: a transform learns from the past alone (`fit`), is applied to any panel of the same series (`apply`), and
turns forecasts of the transformed series back into forecasts of the series itself (`invert`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

from forecast.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]

__all__ = ["Deseasonalize", "Fill", "Log", "SampleScale", "Standardize", "Transform", "seasonal_indices"]


class Transform(Protocol):
    """The three verbs of a transform of panels."""

    def fit(self, panel: Panel) -> Self:
        """Learn from `panel` and nothing after it."""

    def apply(self, panel: Panel) -> Panel:
        """Return `panel`, which ends where the fitted one did, transformed."""

    def invert(self, y_hat: Floats) -> Floats:
        """Return forecasts [S, H] that follow the fitted panel on the original scale."""


class Fill:
    """Put values where NaN marks a gap, from the values of the series that stand in the panel.

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
        """Do nothing: what is filled depends on the panel it is applied to alone."""
        return self

    def apply(self, panel: Panel) -> Panel:
        """Return the panel without NaN."""
        if not np.isnan(panel.values).any():
            return panel
        values = panel.values.copy()
        for s in np.unique(np.searchsorted(panel.offsets, np.flatnonzero(np.isnan(values)), side="right") - 1):
            span = slice(panel.offsets[s], panel.offsets[s + 1])
            values[span] = self._filled(values[span], panel.season_length)
        return panel.with_values(values)

    def invert(self, y_hat: Floats) -> Floats:
        """Return the forecasts as they are."""
        return y_hat

    def _filled(self, y: Floats, season_length: int) -> Floats:
        known = np.flatnonzero(~np.isnan(y))
        places = np.arange(len(y))
        if self.method == "zero":
            return np.nan_to_num(y, nan=0.0)
        if self.method == "ffill":
            return y[np.maximum.accumulate(np.where(np.isnan(y), known[0], places))]
        seasonal = self.method in ("auto", "seasonal") and season_length > 1 and len(y) >= 2 * season_length
        season = seasonal_indices(y, season_length)[places % season_length] if seasonal else np.zeros(len(y))
        line = np.interp(places, known, (y - season)[known])
        return np.where(np.isnan(y), line + season, y)


class Log:
    """The natural logarithm of every series whose values are all positive; others stay as they are.

    The exact inverse, ``exp``, turns the median of the logarithm into the median of the series; a mean would need
    the variance of the forecast as well.
    """

    def fit(self, panel: Panel) -> Self:
        """Find the series that are positive throughout."""
        smallest = np.fmin.reduceat(panel.values, panel.offsets[:-1])
        self.positive_ = smallest > 0
        return self

    def apply(self, panel: Panel) -> Panel:
        """Return the panel with the logarithm of the positive series."""
        chosen = np.repeat(self.positive_, panel.lengths)
        return panel.with_values(np.log(panel.values, out=panel.values.copy(), where=chosen))

    def invert(self, y_hat: Floats) -> Floats:
        """Return ``exp(y_hat)`` for the positive series; beyond e^700 there is no number left."""
        return np.where(self.positive_[:, None], np.exp(np.minimum(y_hat, 700.0)), y_hat)


class Standardize:
    """Divide every series by its mean absolute difference, so that a unit is one typical step of the series."""

    def fit(self, panel: Panel) -> Self:
        """Measure the steps; a constant series keeps its scale."""
        size = np.ones(panel.n_series)
        for s in range(panel.n_series):
            y = panel.series(s)
            steps = np.abs(np.diff(y[~np.isnan(y)]))
            step = float(steps.mean()) if len(steps) else 0.0
            if step > 1e-12 * float(np.nanmax(np.abs(y))):
                size[s] = step
        self.size_ = size
        return self

    def apply(self, panel: Panel) -> Panel:
        """Return the panel in units of its typical steps."""
        return panel.with_values(panel.values / np.repeat(self.size_, panel.lengths))

    def invert(self, y_hat: Floats) -> Floats:
        """Return the forecasts in the units of the series."""
        return y_hat * self.size_[:, None]


class Deseasonalize:
    """Subtract the seasonal indices from every series in which a season is found.

    The indices are the means, by position in the season, of the series minus its centred moving average (classical
    decomposition; Hyndman & Athanasopoulos 2021, section 3.4), over the latest `seasons` seasons. A season is found
    where the autocorrelation of the differenced series at the season is significant at 10 % (one-sided), the test of
    the Theta method (Fiorucci et al. 2016); on differences, since a trend alone would pass it otherwise.

    Parameters
    ----------
    seasons : int
        How many of the latest seasons make the indices.
    """

    def __init__(self, *, seasons: int = 8) -> None:
        self.seasons = seasons

    def fit(self, panel: Panel) -> Self:
        """Test every series and compute the indices ``[S, season_length]``, position 0 the first value to forecast."""
        m = panel.season_length
        self.indices_ = np.zeros((panel.n_series, m))
        self.found_ = np.zeros(panel.n_series, dtype=bool)
        if m < 2:
            return self
        for s in range(panel.n_series):
            y = panel.series(s)
            if _has_season(y, m):
                self.found_[s] = True
                recent = y[len(y) % m :][-(self.seasons + 1) * m :]
                self.indices_[s] = seasonal_indices(recent, m)
        return self

    def apply(self, panel: Panel) -> Panel:
        """Return the panel without its seasons."""
        series = np.repeat(np.arange(panel.n_series), panel.lengths)
        from_end = np.repeat(panel.offsets[1:], panel.lengths) - np.arange(len(panel.values))
        return panel.with_values(panel.values - self.indices_[series, -from_end % panel.season_length])

    def invert(self, y_hat: Floats) -> Floats:
        """Return the forecasts with the seasons put back."""
        return y_hat + self.indices_[:, np.arange(y_hat.shape[1]) % self.indices_.shape[1]]


class SampleScale:
    """Bring every sample to a level of zero and a unit size: ``(x - level) / size``, from its inputs alone.

    Parameters
    ----------
    method : {"difference", "std", "level"}
        The level is the last input value. The size is the mean absolute difference of neighbouring inputs, their
        standard deviation, or the mean absolute value.
    """

    def __init__(self, method: str = "difference") -> None:
        if method not in ("difference", "std", "level"):
            raise ConfigError("U101", f"no sample scaling {method!r}", hint="difference, std or level")
        self.method = method

    def measure(self, inputs: Floats) -> tuple[Floats, Floats]:
        """Return level and size, each [.., 1], of inputs [.., L]; the size of a constant sample is 1."""
        level = inputs[..., -1:]
        if self.method == "difference":
            size = np.abs(np.diff(inputs, axis=-1)).mean(axis=-1, keepdims=True)
        elif self.method == "std":
            size = inputs.std(axis=-1, keepdims=True)
        else:
            size = np.abs(inputs).mean(axis=-1, keepdims=True)
        return level, np.where(size > 1e-12 * (1.0 + np.abs(level)), size, 1.0)


def seasonal_indices(y: Floats, season_length: int) -> Floats:
    """Return the additive seasonal indices [season_length] of a series [T] of at least two seasons; their sum is 0.

    Position 0 belongs to ``y[0]``; NaN is left out of every mean.

    Examples
    --------
    >>> seasonal_indices(np.array([1.0, 3, 1, 3, 1, 3]), 2)
    array([-1.,  1.])
    """
    m = season_length
    weights = np.ones(m) / m if m % 2 else np.r_[0.5, np.ones(m - 1), 0.5] / m
    half = len(weights) // 2
    places = np.arange(len(y))
    known = ~np.isnan(y)
    whole = np.interp(places, places[known], y[known])
    trend = np.convolve(whole, weights, mode="valid")
    detrended = y[half : len(y) - half] - trend
    position = places[half : len(y) - half] % m
    kept = ~np.isnan(detrended)
    sums = np.bincount(position[kept], detrended[kept], minlength=m)
    counts = np.bincount(position[kept], minlength=m)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), 0.0)
    centred: Floats = means - means.mean()
    return centred


def _has_season(y: Floats, season_length: int) -> bool:
    """Whether the autocorrelation of the differences at the season is beyond its 10 % limit (Bartlett's formula)."""
    m = season_length
    if len(y) < 3 * m:
        return False
    d = np.diff(y)
    d = np.where(np.isnan(d), 0.0, d - np.nanmean(d))
    total = float(d @ d)
    if total <= 1e-20 * float(np.nansum(y * y)):
        return False
    r = np.array([float(d[lag:] @ d[:-lag]) / total for lag in range(1, m + 1)])
    limit = 1.645 * np.sqrt((1.0 + 2.0 * float(np.sum(r[:-1] ** 2))) / len(d))
    return bool(r[-1] > limit)
