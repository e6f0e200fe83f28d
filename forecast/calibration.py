"""Intervals for forecasts and for the windows they were tested on, and how often these really covered.

The idea: a window's intervals are read off the errors that were known at its cutoff, so that its coverage is one that
could have been had; the forecast's intervals are read off all errors.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
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

COVERAGE = [
    *("model", "interval", "coverage", "coverage_low", "coverage_high"),
    *("points", "cases", "mean_width", "msis", "windows_needed"),
]


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
        scale = frame["scale"].to_numpy(np.float64)
        error = (frame["y"] - frame["y_hat"]).to_numpy(np.float64) / np.where(scale > 0, scale, np.nan)
        origins = np.searchsorted(-backs, -frame["back"].to_numpy(np.int64))
        series, steps = self._places(frame)
        values[series, origins, steps] = error
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
                missed = pd.Series(dtype=bool)  # by the number of values after the one that was missed
                for back in self.split.backs:
                    rows = np.flatnonzero(((frame["model"] == model) & (frame["back"] == back)).to_numpy())
                    came = missed[missed.index >= back].to_numpy(np.bool_)
                    asked[model, level] = adapted_level(came, level) if self.adaptive else level
                    known = self.errors[model].before(back)
                    low, high = self._ends(frame.iloc[rows], known, asked[model, level], calibrated=True)
                    for name, end in zip(names(level), (low, high), strict=True):
                        ends[name][rows] = end
                    y, after = frame["y"].to_numpy(np.float64)[rows], back - self.split.gap - frame["step"].iloc[rows]
                    judged = np.isfinite(y) & np.isfinite(low)
                    misses = pd.Series(((y < low) | (y > high))[judged], index=after[judged])
                    missed = misses if missed.empty else pd.concat([missed, misses])
                asked[model, level] = adapted_level(missed.to_numpy(np.bool_), level) if self.adaptive else level
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

    def coverage(self, windows: pd.DataFrame) -> pd.DataFrame:
        """Return how often the intervals of backtested `windows` covered: a row for each model and level.

        Columns: ``model, interval`` (its level), ``coverage`` and its 95 % band ``coverage_low, coverage_high``, which
        takes all steps of a window of a series for one case, since their errors go together; ``points, cases,
        mean_width, msis`` and ``windows_needed``, how many more it takes to calibrate (0: it is calibrated).
        """
        rows, a_window = [], self.split.horizon * self.panel.n_series
        for model in dict.fromkeys(windows["model"]):
            own, counts = windows[windows["model"] == model], self.errors[model].counts
            for level in self.levels:
                judged = own.dropna(subset=["y", *names(level)])
                y, scale, low, high = (judged[c].to_numpy(np.float64) for c in ("y", "scale", *names(level)))
                cases = len(judged[["unique_id", "back"]].drop_duplicates())
                share = coverage(y, low, high)
                least, most = binomial_band(share, cases) if cases else (np.nan, np.nan)
                rows.append(
                    {
                        "model": model,
                        "interval": level,
                        "coverage": share,
                        "coverage_low": least,
                        "coverage_high": most,
                        "points": len(judged),
                        "cases": cases,
                        "mean_width": mean_width(low, high),
                        "msis": msis(y, low, high, level, scale),
                        "windows_needed": -(-max(0, errors_needed(level) - counts.sum()) // a_window),
                    }
                )
        return pd.DataFrame(rows, columns=COVERAGE)

    def at_quantile(self, quantile: float) -> Calibration:
        """Return the calibration of the quantile as the forecast: that of each window from what was known by then."""
        frame, between = self.backtested.frame.copy(), self.backtested.between.copy()
        for part in (frame, between):
            y_hat = part["y_hat"].to_numpy(np.float64, copy=True)
            for model, own in part.groupby("model"):
                for _, rows in own.groupby("back"):
                    known = self.errors[str(model)].before(int(rows["back"].iloc[0]))
                    y_hat[rows.index] = self._moved(rows, known, quantile)
            part["y_hat"] = y_hat
        return replace(self, backtested=replace(self.backtested, frame=frame, between=between))

    def quantile_ahead(self, forecasts: pd.DataFrame, quantile: float) -> pd.DataFrame:
        """Return the forecasts of the future, the quantile in the place of the middle."""
        frame = self._scaled(forecasts)
        y_hat = frame["y_hat"].to_numpy(np.float64, copy=True)
        for model, rows in frame.groupby("model").indices.items():
            y_hat[rows] = self._moved(frame.iloc[rows], self.errors[str(model)], quantile)
        return frame.assign(y_hat=y_hat).drop(columns="scale")

    def paths(self, forecasts: pd.DataFrame, model: str, n: int, *, seed: int) -> pd.DataFrame:
        """Return `n` sample paths of a model for each series: the forecast and the errors of one origin, whole.

        All steps of a path take their errors from one origin (of the same series, or in a panel of any, in its own
        unit), so that what goes together stays together. Columns: ``unique_id, path, ds, step, y``.
        """
        frame = self._scaled(forecasts[forecasts["model"] == model])
        errors = self.errors[model]
        blocks = errors.scores.reshape(-1, self.split.horizon)
        blocks = blocks[np.isfinite(blocks).all(axis=1)]
        if not n or not len(blocks):
            return pd.DataFrame(columns=["unique_id", "path", "ds", "step", "y"])
        rng, drawn = np.random.default_rng(seed), []
        sizes = dict(zip(self.panel.ids, errors.sizes, strict=True))
        for name, rows in frame.groupby("unique_id", sort=False):
            chosen = blocks[rng.integers(0, len(blocks), n)][:, rows["step"].to_numpy(np.int64) - 1]
            values = rows["y_hat"].to_numpy() + chosen * sizes[str(name)] * rows["scale"].to_numpy()
            part = pd.concat([rows[["unique_id", "ds", "step"]]] * n, ignore_index=True)
            drawn.append(part.assign(path=np.repeat(np.arange(1, n + 1), len(rows)), y=values.ravel()))
        return pd.concat(drawn, ignore_index=True)[["unique_id", "path", "ds", "step", "y"]]

    def _moved(self, frame: pd.DataFrame, errors: Errors, quantile: float) -> Floats:
        """Return the quantile of some forecasts; where errors are too few, that of seasonal naive's own spread."""
        usual = np.sign(quantile - 0.5) * naive_band(
            100.0 * abs(2.0 * quantile - 1.0), self.split.horizon, self.panel.season_length
        )
        ends = errors.quantile(100.0 * quantile)
        ends = np.where(np.isnan(ends), usual, ends)[self._places(frame)]
        return np.asarray(frame["y_hat"].to_numpy(np.float64) + ends * frame["scale"].to_numpy(np.float64))

    def _places(self, frame: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the series and the step of each row, as indices."""
        places = {name: s for s, name in enumerate(self.panel.ids)}
        series = np.asarray(frame["unique_id"].map(places), dtype=np.int64)
        return series, np.asarray(frame["step"], dtype=np.int64) - 1

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
        at, scale = self._places(frame), frame["scale"].where(frame["scale"] > 0).to_numpy(np.float64)
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
