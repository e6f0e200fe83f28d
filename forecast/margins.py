"""How far the ends of intervals lie from the forecasts of each model: what a calibration leaves behind.

The idea: of all errors of all windows only a few numbers a step are needed to draw the intervals of the next forecast.
They are kept with the models, so that newer data are forecast with the intervals that the run had learned.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Self

import numpy as np

from forecast.error_sizes import KNOWN
from forecast.intervals import naive_band
from forecast.panel import interval_names, of_columns, of_series, with_ends

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from forecast.error_sizes import ErrorSizes
    from forecast.intervals import Errors, Misses
    from forecast.panel import Panel

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Margins", "Width", "holding", "nested", "shifted", "sizes_of", "stretches", "with_known"]

AT_ONCE = 100_000
"""Rows whose ends are worked out together: what lies on the way to them takes several times as much as they do."""


@dataclass(frozen=True)
class Width:
    """The interval of one level about the forecasts of one model.

    Parameters
    ----------
    low, high : ndarray [H]
        What its errors add to a forecast, in the unit of a series and the size of its errors; NaN where there
        are none.
    calibrated : ndarray [H]
        Whether there were errors enough for the level.
    margin : ndarray [H]
        How far the model's own ends are moved outwards, in the unit of a series; NaN where they are not used.
    """

    low: Floats
    high: Floats
    calibrated: NDArray[np.bool_]
    margin: Floats

    @classmethod
    def of(cls, errors: Errors, misses: Misses | None, level: float) -> Self:
        """Return what errors and misses say of a level."""
        low, high, calibrated = errors.ends(level)
        margin = np.full(len(low), np.nan) if misses is None else misses.margin(level)
        return cls(low, high, calibrated, margin)

    def ends(
        self, frame: pd.DataFrame, level: float, asked: float, *, sizes: Floats, season_length: int
    ) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Return the ends of the intervals of forecasts, and which of them are calibrated.

        Where errors are enough, they are the model's own ends, moved outwards as far as they missed, or else the
        forecast and what its errors say. Where they are too few, they are its own ends as they are, or else as wide as
        a normal distribution says.

        Parameters
        ----------
        frame : DataFrame
            Forecasts of N series and steps with their `error_unit`, and with own ends where the model has any.
        level, asked : float
            The level that own ends are named after, and the one that the width is of.
        sizes : ndarray [N]
            How much larger than usual errors are in each row.
        season_length : int
            Of the panel.
        """
        step = frame["step"].to_numpy(np.int64) - 1
        usual = naive_band(asked, len(self.low), season_length)
        unit = frame["error_unit"].where(frame["error_unit"] > 0).to_numpy(np.float64)
        y_hat = frame["y_hat"].to_numpy(np.float64)
        low, high = (
            y_hat + np.where(np.isnan(end[step]), sign * usual[step], sizes * end[step]) * unit
            for end, sign in ((self.low, -1.0), (self.high, 1.0))
        )
        sure = self.calibrated[step]
        if not set(interval_names(level)) <= set(frame.columns):
            return low, high, sure
        own_low, own_high = (frame[name].to_numpy(np.float64) for name in interval_names(level))
        move = np.maximum(self.margin[step] * unit, (own_low - own_high) / 2.0)  # the ends never pass each other
        moved = np.isfinite(move)
        own = moved | (~sure & np.isfinite(own_low))
        move = np.where(moved, move, 0.0)
        low, high = np.where(own, own_low - move, low), np.where(own, own_high + move, high)
        return low, high, sure | moved


@dataclass(frozen=True)
class Margins:
    """The widths of all models and levels, and of what they were learned.

    Parameters
    ----------
    fitted : Panel
        The S series whose errors they are.
    widths : mapping
        By model and level.
    asked : mapping
        By model and level: the level that the width is of, which follows misses where that was wanted.
    sizes : mapping
        By model: how large the errors of each series are.
    shifts : mapping
        By model: what makes a quantile of a forecast, [H] and NaN as in `Width`, with the sizes of the errors of the
        middle. Empty where the middle is forecast.
    quantile : float, optional
        Which quantile that is.
    """

    fitted: Panel
    widths: Mapping[str, Mapping[float, Width]]
    asked: Mapping[str, Mapping[float, float]]
    sizes: Mapping[str, ErrorSizes]
    shifts: Mapping[str, tuple[Floats, ErrorSizes]] = field(default_factory=dict)
    quantile: float | None = None

    @property
    def levels(self) -> list[float]:
        """The levels in percent."""
        return list(next(iter(self.widths.values()), {}))

    def ahead(self, forecasts: pd.DataFrame, panel: Panel, levels: Sequence[float]) -> pd.DataFrame:
        """Return forecasts that follow the end of `panel` with their intervals, calibrated or not.

        A series that was not there when the widths were learned has errors of a size that is usual for one as rough.
        """
        return self.around(with_known(forecasts, panel), levels).drop(columns=list(KNOWN))

    def around(self, frame: pd.DataFrame, levels: Sequence[float], *, sure_alone: bool = False) -> pd.DataFrame:
        """Return forecasts that have what is `KNOWN` of their series with their intervals; see `ahead`.

        With `sure_alone` the ends are NaN where errors were too few.
        """
        place = {name: s for s, name in enumerate(self.fitted.ids)}
        found = {"y_hat": np.empty(len(frame))}
        found |= {name: np.empty(len(frame)) for level in levels for name in interval_names(level)}
        for some in stretches(len(frame)):
            for name, numbers in self._around(frame.iloc[some], levels, place, sure_alone=sure_alone).items():
                found[name][some] = numbers
        return with_ends(frame, found, levels)

    def _around(
        self, frame: pd.DataFrame, levels: Sequence[float], place: Mapping[str, int], *, sure_alone: bool
    ) -> dict[str, Floats]:
        """Return the forecasts and the ends of their intervals, by column; `place` says where each series stands."""
        series = of_series(frame["unique_id"], place, other=len(place)).astype(np.int64)
        y_hat = frame["y_hat"].to_numpy(np.float64, copy=True)
        ends = {name: np.full(len(frame), np.nan) for level in levels for name in interval_names(level)}
        for model, rows in frame.groupby("model", sort=False).indices.items():
            name, own = str(model), series[rows]
            if name in self.shifts:
                shift, sizes = self.shifts[name]
                y_hat[rows] = self._shifted(frame.iloc[rows], shift, sizes_of(sizes, frame.iloc[rows], own))
            part = frame.iloc[rows].assign(y_hat=y_hat[rows])
            size = sizes_of(self.sizes[name], part, own)
            for level in levels:
                width, asked = self.widths[name][level], self.asked[name][level]
                low, high, sure = width.ends(part, level, asked, sizes=size, season_length=self.fitted.season_length)
                for end, found in zip(interval_names(level), (low, high), strict=True):
                    ends[end][rows] = np.where(sure, found, np.nan) if sure_alone else found
        return {"y_hat": y_hat} | holding(nested(ends, levels), levels, y_hat, self.quantile)

    def _shifted(self, frame: pd.DataFrame, shift: Floats, sizes: Floats) -> Floats:
        quantile = 0.5 if self.quantile is None else self.quantile
        return shifted(frame, shift, quantile, sizes=sizes, season_length=self.fitted.season_length)


def shifted(frame: pd.DataFrame, shift: Floats, quantile: float, *, sizes: Floats, season_length: int) -> Floats:
    """Return the quantile of some forecasts [N]; where errors are too few, that of seasonal naive's own spread.

    Parameters
    ----------
    frame : DataFrame
        Forecasts with their `error_unit`.
    shift : ndarray [H]
        What the errors add to a forecast for this quantile.
    sizes : ndarray [N]
        How much larger than usual errors are in each row.
    """
    step = frame["step"].to_numpy(np.int64) - 1
    usual = np.sign(quantile - 0.5) * naive_band(100.0 * abs(2.0 * quantile - 1.0), len(shift), season_length)
    ends = np.where(np.isnan(shift[step]), usual[step], sizes * shift[step])
    return np.asarray(frame["y_hat"].to_numpy(np.float64) + ends * frame["error_unit"].to_numpy(np.float64))


def sizes_of(sizes: ErrorSizes, frame: pd.DataFrame, series: Ints) -> Floats:
    """Return how much larger than usual the errors of N forecasts are, which have the `roughness` of their series."""
    return sizes.at(series, frame["roughness"].to_numpy(np.float64), frame["step"].to_numpy(np.int64) - 1)


def with_known(forecasts: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """Return forecasts of the future with what is `KNOWN` of their series.

    A constant past has no unit to measure errors in: `error_unit` is 0, and no band is drawn.
    """
    pasts, season = {name: panel.series(s) for s, name in enumerate(panel.ids)}, panel.season_length
    known = {
        name: of_series(forecasts["unique_id"], {series: tell(past, season) for series, past in pasts.items()})
        for name, tell in KNOWN.items()
    }
    return of_columns(forecasts, [*map(str, forecasts.columns), *known], known)


def nested(ends: Mapping[str, Floats], levels: Sequence[float]) -> dict[str, Floats]:
    """Return the ends, each interval made to hold those of lower levels.

    These may be wider where errors speak for them and are too few to speak for a higher level.
    """
    found = dict(ends)
    for narrow, wide in pairwise(sorted(levels)):
        for inner, outer, sign in zip(interval_names(narrow), interval_names(wide), (-1.0, 1.0), strict=True):
            further = sign * found[inner] > sign * found[outer]
            found[outer] = np.where(further, found[inner], found[outer])
    return found


def holding(
    ends: Mapping[str, Floats], levels: Sequence[float], y_hat: Floats, quantile: float | None
) -> dict[str, Floats]:
    """Return the ends of `nested` intervals, moved outwards to where they hold the `quantile` that is forecast.

    Its errors are told apart from those of the ends, so that one may lie beyond an end that is further out. The middle
    (None) may lie outside: a model that is always too high should be seen to be.

    Examples
    --------
    >>> ends = {"lo-80": np.array([1.0, 1.0]), "hi-80": np.array([5.0, np.nan])}
    >>> holding(ends, [80.0], np.array([6.0, 6.0]), 0.75)["hi-80"].tolist()
    [6.0, nan]
    """
    found = dict(ends)
    if quantile is None:
        return found
    for level in levels:
        outside = 0.5 - level / 200.0
        low, high = interval_names(level)
        if quantile > outside + 1e-9:
            found[low] = np.where(y_hat < found[low], y_hat, found[low])
        if quantile < 1.0 - outside - 1e-9:
            found[high] = np.where(y_hat > found[high], y_hat, found[high])
    return found


def stretches(n_rows: int) -> Iterator[slice]:
    """Yield the rows in stretches of `AT_ONCE`."""
    for first in range(0, n_rows, AT_ONCE):
        yield slice(first, first + AT_ONCE)
