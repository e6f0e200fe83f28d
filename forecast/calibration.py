"""Intervals for forecasts and for the windows they were tested on, and how often these really covered.

The idea: a window's intervals are read off the errors that were known at its cutoff, so that its coverage is one that
could have been had; the forecast's intervals are read off all errors.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast.intervals import Errors, adapted_level, binomial_band, errors_needed, naive_band
from forecast.metrics import coverage, mase_scale, mean_width, msis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecast.backtesting import Backtest, Split
    from forecast.panel import Panel

    Floats = NDArray[np.float64]

__all__ = ["Calibration", "names"]


@dataclass(frozen=True)
class Calibration:
    """What the errors of a backtest say of the intervals of every model.

    Parameters
    ----------
    panel : Panel
        All data.
    split : Split
        Where the windows lay.
    backtested : Backtest
        What was forecast in them and between them.
    levels : sequence of float
        In percent.
    adaptive : bool
        Whether levels follow what earlier windows missed: see `forecast.intervals.adapted_level`.
    """

    panel: Panel
    split: Split
    backtested: Backtest
    levels: Sequence[float]
    adaptive: bool = False

    @cached_property
    def errors(self) -> dict[str, Errors]:
        """The errors of every model from all origins; none for a model that was never tested."""
        tested = self.backtested
        both = pd.concat([tested.frame, tested.between], ignore_index=True) if len(tested.between) else tested.frame
        known = {str(model): self._errors(frame) for model, frame in both.groupby("model")}
        return defaultdict(lambda: self._errors(both.iloc[:0]), known)

    def _errors(self, frame: pd.DataFrame) -> Errors:
        backs = np.unique(frame["back"].to_numpy(np.int64))[::-1]
        values = np.full((self.panel.n_series, len(backs), self.split.horizon), np.nan)
        places = {name: s for s, name in enumerate(self.panel.ids)}
        scale = frame["scale"].to_numpy(np.float64)
        error = (frame["y"] - frame["y_hat"]).to_numpy(np.float64) / np.where(scale > 0, scale, np.nan)
        origins = np.searchsorted(-backs, -frame["back"].to_numpy(np.int64))
        values[frame["unique_id"].map(places).to_numpy(np.int64), origins, frame["step"].to_numpy(np.int64) - 1] = error
        return Errors(values, backs, self.split.gap)

    @cached_property
    def windows(self) -> pd.DataFrame:
        """The backtest with the intervals that could be given at each cutoff; NaN where none was calibrated."""
        return self._walked[0]

    @cached_property
    def _walked(self) -> tuple[pd.DataFrame, dict[tuple[str, float], float]]:
        """The windows with their intervals, and the level to ask for next, by model and level."""
        frame = self.backtested.frame
        ends = {name: np.full(len(frame), np.nan) for level in self.levels for name in names(level)}
        asked = {}
        for model in dict.fromkeys(frame["model"]):
            for level in self.levels:
                missed: list[bool] = []
                for back in self.split.backs:
                    rows = np.flatnonzero(((frame["model"] == model) & (frame["back"] == back)).to_numpy())
                    asked[model, level] = adapted_level(np.array(missed), level) if self.adaptive else level
                    known = self.errors[model].before(back)
                    low, high = self._ends(frame.iloc[rows], known, asked[model, level], calibrated=True)
                    for name, end in zip(names(level), (low, high), strict=True):
                        ends[name][rows] = end
                    y = frame["y"].to_numpy(np.float64)[rows]
                    judged = np.isfinite(y) & np.isfinite(low)
                    missed += [bool(miss) for miss in ((y < low) | (y > high))[judged]]
                asked[model, level] = adapted_level(np.array(missed), level) if self.adaptive else level
        return _with_ends(frame, ends, self.levels), asked

    def ahead(self, forecasts: pd.DataFrame) -> pd.DataFrame:
        """Return the forecasts with their intervals, calibrated or not."""
        frame = self._scaled(forecasts)
        ends = {name: np.full(len(frame), np.nan) for level in self.levels for name in names(level)}
        for model in dict.fromkeys(frame["model"]):
            rows = np.flatnonzero((frame["model"] == model).to_numpy())
            for level in self.levels:
                asked = self._walked[1].get((model, level), level)
                found = self._ends(frame.iloc[rows], self.errors[model], asked)
                for name, end in zip(names(level), found, strict=True):
                    ends[name][rows] = end
        return _with_ends(frame, ends, self.levels).drop(columns="scale")

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """How often the intervals of the windows covered: a row for each model and level.

        Columns: ``model, level, calibrated`` (whether the forecast's interval is), ``coverage`` and its 95 % band
        ``coverage_low, coverage_high``, which takes all steps of a window of a series for one case, since their errors
        go together; ``points, cases, mean_width, msis`` and ``windows_needed`` to calibrate.
        """
        rows = []
        for model in dict.fromkeys(self.windows["model"]):
            own, counts = self.windows[self.windows["model"] == model], self.errors[model].counts
            for level in self.levels:
                judged = own.dropna(subset=["y", *names(level)])
                y, scale, low, high = (judged[c].to_numpy(np.float64) for c in ("y", "scale", *names(level)))
                cases = len(judged[["unique_id", "back"]].drop_duplicates())
                share = coverage(y, low, high)
                least, most = binomial_band(share, cases) if cases else (np.nan, np.nan)
                rows.append(
                    {
                        "model": model,
                        "level": level,
                        "calibrated": bool(counts.sum() >= errors_needed(level)),
                        "coverage": share,
                        "coverage_low": least,
                        "coverage_high": most,
                        "points": len(judged),
                        "cases": cases,
                        "mean_width": mean_width(low, high),
                        "msis": msis(y, low, high, level, scale),
                        "windows_needed": -(-errors_needed(level) // max(1, self.split.horizon * self.panel.n_series)),
                    }
                )
        return pd.DataFrame(rows)

    def _scaled(self, forecasts: pd.DataFrame) -> pd.DataFrame:
        """Return forecasts of the future with the scale of their series.

        A constant past has no unit to measure errors in: its scale is 0, and no band is drawn.
        """
        season = self.panel.season_length
        scales = {name: mase_scale(self.panel.series(s), season) for s, name in enumerate(self.panel.ids)}
        return forecasts.assign(scale=forecasts["unique_id"].map(scales))

    def _ends(
        self, frame: pd.DataFrame, errors: Errors, level: float, *, calibrated: bool = False
    ) -> tuple[Floats, Floats]:
        """Return the ends of the intervals of some forecasts; only the calibrated ones, if so asked."""
        band = errors.band(level)
        usual = naive_band(level, self.split.horizon, self.panel.season_length)
        low, high = (np.where(np.isnan(end), sign * usual, end) for end, sign in ((band.low, -1.0), (band.high, 1.0)))
        if calibrated:
            low, high = (np.where(band.calibrated, end, np.nan) for end in (low, high))
        places = {name: s for s, name in enumerate(self.panel.ids)}
        at = frame["unique_id"].map(places).to_numpy(np.int64), frame["step"].to_numpy(np.int64) - 1
        scale = frame["scale"].where(frame["scale"] > 0).to_numpy(np.float64)
        y_hat = frame["y_hat"].to_numpy(np.float64)
        return y_hat + low[at] * scale, y_hat + high[at] * scale


def names(level: float) -> tuple[str, str]:
    """Return what the ends of an interval are called.

    Examples
    --------
    >>> names(80)
    ('lo-80', 'hi-80')
    """
    return f"lo-{level:g}", f"hi-{level:g}"


def _with_ends(frame: pd.DataFrame, ends: dict[str, Floats], levels: Sequence[float]) -> pd.DataFrame:
    """Return the frame with ``lo-95, lo-80, hi-80, hi-95`` after y_hat."""
    ordered = sorted(levels, reverse=True)
    columns = [*(names(level)[0] for level in ordered), *(names(level)[1] for level in reversed(ordered))]
    first = [*frame.columns[: list(frame.columns).index("y_hat") + 1]]
    rest = [name for name in frame.columns if name not in first]
    return frame.assign(**ends)[[*first, *columns, *rest]]
