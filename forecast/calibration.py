"""Intervals for forecasts and for the windows they were tested on, and how often these really covered.

The idea: a window's intervals are read off the errors that were known at its cutoff, so that its coverage is one that
could have been had; the forecast's intervals are read off all errors.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.covered import binomial_band
from forecast.error_sizes import KNOWN
from forecast.intervals import Errors, Misses, adapted_level, errors_needed
from forecast.margins import Margins, Width, holding, nested, shifted, sizes_of, stretches, with_known
from forecast.metrics import coverage, mean_width, msis
from forecast.panel import interval_names, of_rows, of_series, with_ends

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecast.backtesting import Backtest
    from forecast.error_sizes import ErrorSizes
    from forecast.origins import Origin
    from forecast.panel import Panel
    from forecast.split import Split

    Floats = NDArray[np.float64]

__all__ = ["Calibration"]

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
    quantile : float, optional
        Which one is forecast, where it is not the middle: see `at_quantile`.
    """

    panel: Panel
    split: Split
    backtested: Backtest
    levels: Sequence[float]
    adaptive: bool = False
    quantile: float | None = None

    @cached_property
    def errors(self) -> dict[str, Errors]:
        """The errors of every model from all origins; none for a model that was never tested."""
        between = self.backtested.between.found.values()
        tested = dict.fromkeys([*self._rows, *(name for _, told in between for name in told)])
        return defaultdict(lambda: self._errors(""), {model: self._errors(model) for model in tested})

    @cached_property
    def misses(self) -> dict[tuple[str, float], Misses]:
        """How far what came lay outside the own intervals, by model and level, of the models that have them."""
        found = {}
        for model in self.errors:
            for level in self.levels:
                named = interval_names(level)
                if self._has(model, named):
                    backs, y, low, high, unit = self._placed(model, "y", *named, "error_unit")
                    misses = Misses.of(y, low=low, high=high, unit=unit, backs=backs, gap=self.split.gap)
                    found[model, level] = misses
        return found

    def _has(self, model: str, named: Sequence[str]) -> bool:
        """Whether a model has such ends of its own anywhere."""
        frame, between = self._rows.get(model, self.backtested.frame.iloc[:0]), self.backtested.between.found
        inside = set(named) <= set(frame.columns) and bool(frame[list(named)].notna().all(axis=1).any())
        told = [origins[model] for _, origins in between.values() if model in origins]
        return inside or any(np.isfinite(origin.column(name)).any() for origin in told for name in named)

    @cached_property
    def _rows(self) -> dict[str, pd.DataFrame]:
        """The rows of the windows, by model."""
        models = self.backtested.frame["model"].unique()
        if len(models) == 1:  # no second copy of them
            return {str(models[0]): self.backtested.frame}
        return {str(model): rows for model, rows in self.backtested.frame.groupby("model")}

    def _errors(self, model: str) -> Errors:
        backs, errors, y_hat, unit, roughness = self._placed(model, "y", "y_hat", *KNOWN)
        errors -= y_hat  # in their place, and below: they are the largest arrays there are
        unit[~(unit > 0)] = np.nan
        errors /= unit
        known = self.panel.lengths[:, None] - backs
        seasons = known / self.panel.season_length
        return Errors(errors, backs, self.split.gap, seasons=seasons, roughness=roughness[:, :, 0].copy())

    def _placed(self, model: str, *columns: str) -> tuple[Any, ...]:
        """Return the origins of a model as `backs`, and columns as arrays [S, O, H]; NaN where there is nothing."""
        frame, between = self._rows.get(model, self.backtested.frame.iloc[:0]), self.backtested.between
        others = [back for back, (_, told) in between.found.items() if model in told]
        backs = np.unique([*frame["back"].unique(), *others]).astype(np.int64)[::-1]
        arrays = [np.full((self.panel.n_series, len(backs), self.split.horizon), np.nan) for _ in columns]
        for some in stretches(len(frame)):
            part = frame.iloc[some]
            origins, (series, steps) = np.searchsorted(-backs, -part["back"].to_numpy(np.int64)), self._places(part)
            for array, column in zip(arrays, columns, strict=True):
                if column in part:
                    array[series, origins, steps] = part[column].to_numpy(np.float64)
        for back in others:
            series, at = between.found[back][1][model].of_series(self._place_of), np.searchsorted(-backs, -back)
            for array, column in zip(arrays, columns, strict=True):
                array[series, at] = between.column(back, model, column)
        return backs, *arrays

    @cached_property
    def windows(self) -> pd.DataFrame:
        """The backtest with the intervals that could be given at each cutoff; NaN where none was calibrated."""
        return self._walked[0]

    @cached_property
    def _walked(self) -> tuple[pd.DataFrame, dict[tuple[str, float, int], float]]:
        """The windows with their intervals, and the level that was asked for, by model, level and values after."""
        frame = self.backtested.frame
        ends = {name: np.full(len(frame), np.nan) for level in self.levels for name in interval_names(level)}
        asked = {}
        for model in dict.fromkeys(frame["model"]):
            missed = {level: pd.Series(dtype=bool) for level in self.levels}  # by the values after the one missed
            for back in self.split.backs:
                rows = np.flatnonzero(((frame["model"] == model) & (frame["back"] == back)).to_numpy())
                part, errors = of_rows(frame, rows), self._known(model, back)
                y, after = part["y"].to_numpy(np.float64), back - self.split.gap - part["step"].to_numpy(np.int64)
                for level, misses in missed.items():
                    came = misses[misses.index >= back].to_numpy(np.bool_)
                    asked[model, level, back] = adapted_level(came, level) if self.adaptive else level
                    low, high = self._ends(part, model, level, asked[model, level, back], errors=errors, back=back)
                    for name, end in zip(interval_names(level), (low, high), strict=True):
                        ends[name][rows] = end
                    judged = np.isfinite(y) & np.isfinite(low)
                    found = pd.Series(((y < low) | (y > high))[judged], index=after[judged])
                    missed[level] = found if misses.empty else pd.concat([misses, found])
            for level, misses in missed.items():
                asked[model, level, 0] = adapted_level(misses.to_numpy(np.bool_), level) if self.adaptive else level
        y_hat = frame["y_hat"].to_numpy(np.float64)
        held = holding(nested(ends, self.levels), self.levels, y_hat, self.quantile)
        return with_ends(frame, held, self.levels), asked

    def ahead(self, forecasts: pd.DataFrame) -> pd.DataFrame:
        """Return the forecasts with their intervals, calibrated or not."""
        return self.margins(list(dict.fromkeys(forecasts["model"]))).ahead(forecasts, self.panel, self.levels)

    def margins(
        self,
        models: Sequence[str],
        *,
        back: int = 0,
        shifts: dict[str, tuple[Floats, ErrorSizes]] | None = None,
        quantile: float | None = None,
    ) -> Margins:
        """Return what the intervals of forecasts of `models` take, given what was known `back` values before the end.

        `shifts` are those of `shifts`.
        """
        walked = self._walked[1] if self.adaptive else {}
        asked = {m: {level: walked.get((m, level, back), level) for level in self.levels} for m in models}
        known = {model: self._known(model, back) for model in models}
        misses = {key: found.before(back) if back else found for key, found in self.misses.items()}
        widths = {
            model: {
                level: Width.of(known[model], misses.get((model, level)), asked[model][level]) for level in self.levels
            }
            for model in models
        }
        sizes = {model: known[model].sizes for model in models}
        return Margins(self.panel, widths, asked, sizes, shifts or {}, quantile)

    def shifts(self, models: Sequence[str], quantile: float, *, back: int = 0) -> dict[str, tuple[Floats, ErrorSizes]]:
        """Return what makes a quantile of the forecasts of each model, [H], and the sizes of its errors."""
        known = {model: self._known(model, back) for model in models}
        return {model: (errors.quantile(100.0 * quantile), errors.sizes) for model, errors in known.items()}

    def _known(self, model: str, back: int) -> Errors:
        """Return the errors of a model that were known `back` values before the end of the data and say most of it."""
        errors = self.errors[model]
        return (errors.before(back) if back else errors).settled()

    def coverage(self, windows: pd.DataFrame) -> pd.DataFrame:
        """Return how often the intervals of backtested `windows` covered: a row for each model and level.

        Columns: ``model, interval`` (its level), ``coverage`` and its 95 % band ``coverage_low, coverage_high``, which
        takes all steps of a window of a series for one case, since their errors go together; ``points, cases,
        mean_width, msis`` and ``windows_needed``, how many more it takes to calibrate (0: it is calibrated).
        """
        rows, a_window = [], self.split.horizon * self.panel.n_series
        for model in dict.fromkeys(windows["model"]):
            own, counts = of_rows(windows, np.flatnonzero(windows["model"] == model)), self.errors[model].counts
            for level in self.levels:
                needed = ["y", *interval_names(level)]
                judged = own[needed].notna().all(axis=1).to_numpy()
                y, low, high, scale = (own[name].to_numpy(np.float64)[judged] for name in (*needed, "scale"))
                cases = len(own.loc[judged, ["unique_id", "back"]].drop_duplicates())
                share = coverage(y, low, high)
                least, most = binomial_band(share, cases) if cases else (np.nan, np.nan)
                rows.append(
                    {
                        "model": model,
                        "interval": level,
                        "coverage": share,
                        "coverage_low": least,
                        "coverage_high": most,
                        "points": len(y),
                        "cases": cases,
                        "mean_width": mean_width(low, high),
                        "msis": msis(y, low, high, level, scale),
                        "windows_needed": -(-max(0, errors_needed(level) - counts.sum()) // a_window),
                    }
                )
        return pd.DataFrame(rows, columns=COVERAGE)

    def at_quantile(self, quantile: float) -> Calibration:
        """Return the calibration of the quantile as the forecast: that of each window from what was known by then."""
        frame, found = self.backtested.frame.copy(), self.backtested.between.found
        y_hat = frame["y_hat"].to_numpy(np.float64, copy=True)
        for model, own in frame.groupby("model"):
            for back, rows in own.groupby("back"):
                y_hat[rows.index] = self._moved(rows, self._known(str(model), int(str(back))), quantile)
        frame["y_hat"] = y_hat
        moved = {
            back: (came, {model: self._origin_moved(back, model, quantile) for model in told})
            for back, (came, told) in found.items()
        }
        between = replace(self.backtested.between, found=moved)
        return replace(self, backtested=replace(self.backtested, frame=frame, between=between), quantile=quantile)

    def _origin_moved(self, back: int, model: str, quantile: float) -> Origin:
        """Return the quantile of what a model forecast from an origin between the windows."""
        between, horizon = self.backtested.between, self.split.horizon
        origin = between.found[back][1][model]
        known = {name: between.column(back, model, name).ravel() for name in KNOWN}
        y_hat, step = origin.column("y_hat").ravel(), np.tile(np.arange(1, horizon + 1), len(origin.ids))
        names = np.repeat(np.array(origin.ids, dtype=object), horizon)
        rows = pd.DataFrame({"unique_id": names, "step": step, "y_hat": y_hat, **known})
        moved = self._moved(rows, self._known(model, back), quantile).reshape(1, -1, horizon)
        return replace(origin, values=np.concatenate([moved, origin.values[1:]]))

    def paths(self, forecasts: pd.DataFrame, model: str, n: int, *, seed: int) -> pd.DataFrame:
        """Return `n` sample paths of a model for each series: the forecast and the errors of one origin, whole.

        All steps of a path take their errors from one origin (of the same series, or in a panel of any, in its own
        unit), so that what goes together stays together. Columns: ``unique_id, path, ds, step, y``.
        """
        frame = with_known(forecasts[forecasts["model"] == model], self.panel)
        errors = self._known(model, 0)
        blocks = errors.scores.reshape(-1, self.split.horizon)
        blocks = blocks[np.isfinite(blocks).all(axis=1)]
        if not n or not len(blocks):
            return pd.DataFrame(columns=["unique_id", "path", "ds", "step", "y"])
        rng, drawn = np.random.default_rng(seed), []
        size = sizes_of(errors.sizes, frame, self._places(frame)[0])
        for _, rows in frame.assign(size=size).groupby("unique_id", sort=False):
            chosen = blocks[rng.integers(0, len(blocks), n)][:, rows["step"].to_numpy(np.int64) - 1]
            values = rows["y_hat"].to_numpy() + chosen * (rows["size"] * rows["error_unit"]).to_numpy()
            part = pd.concat([rows[["unique_id", "ds", "step"]]] * n, ignore_index=True)
            drawn.append(part.assign(path=np.repeat(np.arange(1, n + 1), len(rows)), y=values.ravel()))
        return pd.concat(drawn, ignore_index=True)[["unique_id", "path", "ds", "step", "y"]]

    def _moved(self, frame: pd.DataFrame, errors: Errors, quantile: float) -> Floats:
        """Return the quantile of some forecasts."""
        shift, sizes = errors.quantile(100.0 * quantile), sizes_of(errors.sizes, frame, self._places(frame)[0])
        return shifted(frame, shift, quantile, sizes=sizes, season_length=self.panel.season_length)

    @cached_property
    def _place_of(self) -> dict[str, int]:
        """Where each series stands in the panel."""
        return {name: s for s, name in enumerate(self.panel.ids)}

    def _places(self, frame: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the series and the step of each row, as indices."""
        series = of_series(frame["unique_id"], self._place_of).astype(np.int64)
        return series, np.asarray(frame["step"], dtype=np.int64) - 1

    def _ends(
        self, frame: pd.DataFrame, model: str, level: float, asked: float, *, errors: Errors, back: int
    ) -> tuple[Floats, Floats]:
        """Return the ends of the intervals that could be given `back` values before the end of the data.

        They are of `level`, but as wide as `asked`; NaN where the `errors` known by then were too few.
        """
        misses = self.misses.get((model, level))
        width = Width.of(errors, None if misses is None else misses.before(back), asked)
        ends, season_length = (np.empty(len(frame)), np.empty(len(frame))), self.panel.season_length
        for some in stretches(len(frame)):
            part = frame.iloc[some]
            sizes = sizes_of(errors.sizes, part, self._places(part)[0])
            *found, sure = width.ends(part, level, asked, sizes=sizes, season_length=season_length)
            for end, numbers in zip(ends, found, strict=True):
                end[some] = np.where(sure, numbers, np.nan)
        return ends
