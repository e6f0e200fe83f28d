"""Other units and another level: every series, or every training sample, brought to about the same size.

The idea: each scaling is a level that is taken off and a size that is divided by, both measured on what is known of the
past; a series that has no size (a constant, a single value) keeps the size 1. Gaps stay gaps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from forecast.errors import ConfigError
from forecast.transforms.arrays import interpolated, largest, quantiles, series_of, wide

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.panel import Panel

    Floats = NDArray[np.float64]

__all__ = ["MinMax", "Robust", "SampleScale", "Standardize", "StepScale", "Winsorize", "volatility"]


class _Scaling:
    """``(y - level) / size`` with a level and a size for each series, which a subclass measures."""

    def fit(self, panel: Panel) -> Self:
        """Measure the level and the size of every series, [S] each."""
        level, size = self._measure(panel)
        self.level_ = np.nan_to_num(level, nan=0.0)
        self.size_ = np.where(size > 1e-12 * largest(panel), size, 1.0)
        return self

    def apply(self, panel: Panel) -> Panel:
        """Return the panel scaled."""
        values = panel.values - np.repeat(self.level_, panel.lengths) if self.level_.any() else panel.values
        return panel.with_values(values / np.repeat(self.size_, panel.lengths))

    def invert(self, y_hat: Floats) -> Floats:
        """Return the forecasts in the units of the series."""
        return np.asarray(y_hat * wide(self.size_, y_hat) + wide(self.level_, y_hat))

    def restore(self, panel: Panel) -> Panel:
        """Return the panel in its own units."""
        level, size = (np.repeat(learned, panel.lengths) for learned in (self.level_, self.size_))
        return panel.with_values(panel.values * size + level)

    def _measure(self, panel: Panel) -> tuple[Floats, Floats]:
        raise NotImplementedError


class StepScale(_Scaling):
    """Divide every series by its mean absolute difference, so that a unit is one typical step of the series."""

    def _measure(self, panel: Panel) -> tuple[Floats, Floats]:
        known = ~np.isnan(panel.values)
        y = panel.values if known.all() else panel.values[known]
        counts = np.add.reduceat(known, panel.offsets[:-1], dtype=np.int64)
        some = np.flatnonzero(counts)
        starts = (np.cumsum(counts) - counts)[some]
        steps = np.zeros_like(y)
        np.abs(np.subtract(y[1:], y[:-1], out=steps[1:]), out=steps[1:])
        steps[starts] = 0.0
        size = np.zeros(panel.n_series)
        if len(some):
            size[some] = np.add.reduceat(steps, starts) / np.maximum(counts[some] - 1, 1)
        return np.zeros(panel.n_series), size


class Standardize(_Scaling):
    """Take off the mean of every series and divide by its standard deviation."""

    def _measure(self, panel: Panel) -> tuple[Floats, Floats]:
        known = ~np.isnan(panel.values)
        series, y = series_of(panel)[known], panel.values[known]
        level = _means(y, series, panel.n_series)
        return level, np.sqrt(_means((y - level[series]) ** 2, series, panel.n_series))


class Robust(_Scaling):
    """Take off the median of every series and divide by the range of its middle half.

    Where more than half of the values are the same that range is 0; then a quarter of the whole range stands for it.
    """

    def _measure(self, panel: Panel) -> tuple[Floats, Floats]:
        least, low, middle, high, most = quantiles(panel, [0.0, 0.25, 0.5, 0.75, 1.0]).T
        return middle, np.where(high - low > 1e-12 * largest(panel), high - low, (most - least) / 4)


class MinMax(_Scaling):
    """Bring every series to the range from 0 to 1."""

    def _measure(self, panel: Panel) -> tuple[Floats, Floats]:
        least = np.fmin.reduceat(panel.values, panel.offsets[:-1])
        return least, np.fmax.reduceat(panel.values, panel.offsets[:-1]) - least


class Winsorize:
    """Bring back values that lie beyond `limit` robust standard deviations of the steps from the middle of both sides.

    A value is judged against the median of itself and its two neighbours on each side (the Hampel filter; Davies &
    Gather 1993), in units of 1.4826 times the median absolute step of its series. Beyond the limit it is set to it. It
    has no inverse by nature: forecasts stay as they are, and `restore` puts the remembered values back.

    Parameters
    ----------
    limit : float
        Robust standard deviations.
    """

    def __init__(self, limit: float = 5.0) -> None:
        self.limit = limit

    def fit(self, panel: Panel) -> Self:
        """Measure the steps of every series, and remember the values and where they were brought back."""
        y = interpolated(panel)
        steps = np.abs(np.diff(y, prepend=np.nan))
        steps[panel.offsets[:-1]] = np.nan
        middle = np.nan_to_num(quantiles(panel.with_values(steps), [0.5])[:, 0], nan=0.0)
        self.reach_ = np.where(middle > 1e-12 * largest(panel), self.limit * 1.4826 * middle, np.inf)
        self.clipped_ = np.flatnonzero(self.apply(panel).values != panel.values)
        self.clipped_ = self.clipped_[~np.isnan(panel.values[self.clipped_])]
        self.values_ = panel.values[self.clipped_]
        return self

    def apply(self, panel: Panel) -> Panel:
        """Return the panel without outliers."""
        y = interpolated(panel)
        places = np.arange(len(y))[:, None] + np.arange(-2, 3)
        first, last = (np.repeat(ends, panel.lengths)[:, None] for ends in (panel.offsets[:-1], panel.offsets[1:] - 1))
        middle = np.median(y[np.clip(places, first, last)], axis=1)
        reach = self.reach_[series_of(panel)]
        return panel.with_values(np.clip(panel.values, middle - reach, middle + reach))

    def invert(self, y_hat: Floats) -> Floats:
        """Return the forecasts as they are."""
        return y_hat

    def restore(self, panel: Panel) -> Panel:
        """Return the panel with the remembered values."""
        values = panel.values.copy()
        values[self.clipped_] = self.values_
        return panel.with_values(values)


class SampleScale:
    """Bring every sample to a level of zero and a unit size: ``(x - level) / size``, from its inputs alone.

    Parameters
    ----------
    method : {"difference", "std", "level", "unit", "zero"}
        The level is the last input value. The size is the mean absolute difference of neighbouring inputs, their
        standard deviation, the mean absolute value, or one. ``zero`` has the mean absolute value as size and no level:
        for values about 0.
    """

    def __init__(self, method: str = "difference") -> None:
        if method not in ("difference", "std", "level", "unit", "zero"):
            raise ConfigError("U101", f"no sample scaling {method!r}", hint="difference, std, level, unit or zero")
        self.method = method

    def measure(self, inputs: Floats) -> tuple[Floats, Floats]:
        """Return level and size, each [.., 1], of inputs [.., L]; the size of a constant sample is 1."""
        level = np.zeros_like(inputs[..., -1:]) if self.method == "zero" else inputs[..., -1:]
        if self.method == "difference":
            size = np.abs(np.diff(inputs, axis=-1)).mean(axis=-1, keepdims=True)
        elif self.method == "std":
            size = inputs.std(axis=-1, keepdims=True)
        elif self.method == "unit":
            size = np.ones_like(level)
        else:
            size = np.abs(inputs).mean(axis=-1, keepdims=True)
        return level, np.where(size > 1e-12 * (1.0 + np.abs(level)), size, 1.0)


def volatility(panel: Panel) -> Floats:
    """Return the mean absolute change of every series over its mean absolute value, [S].

    Examples
    --------
    >>> from forecast.series import read_series
    >>> volatility(read_series("airline").panel).round(3).tolist()
    [0.092]
    """
    known, starts = np.nan_to_num(np.abs(panel.values)), panel.offsets[:-1]
    count = np.maximum(np.add.reduceat(np.isfinite(panel.values), starts, dtype=np.int64), 1)
    level = np.add.reduceat(known, starts) / count
    return np.asarray(StepScale().fit(panel).size_ / np.where(level > 0, level, 1.0))


def _means(values: Floats, series: NDArray[np.int64], n_series: int) -> Floats:
    """Return the mean of the values of each series [S]; 0 where there is none."""
    counts = np.bincount(series, minlength=n_series)
    return np.asarray(np.bincount(series, values, minlength=n_series) / np.maximum(counts, 1))
