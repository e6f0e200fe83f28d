"""What the page shows of a run: whose forecast, against whom, which series, and how times are written.

The idea: these choices are made once, here, so that pictures, tables and sentences cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from forecast import figures
from forecast.defaults import LEVELS
from forecast.report.search import search_shown
from forecast.report.words import sureness

if TYPE_CHECKING:
    from forecast.report.search import SearchShown
    from forecast.runs import Run

__all__ = ["MAX_PANELS", "View"]

MAX_PANELS = 6
"""How many series a picture draws."""
_DATE_FORMATS = {"yearly": "%Y", "monthly": "%Y-%m"}


@dataclass(frozen=True)
class View:
    """A run as its page shows it."""

    run: Run

    @cached_property
    def info(self) -> dict[str, Any]:
        """What run.json says."""
        return self.run.info

    @cached_property
    def forecasts(self) -> pd.DataFrame:
        """The forecasts that are numbers."""
        return self.run.forecasts.dropna(subset="y_hat")

    @cached_property
    def backtest(self) -> pd.DataFrame:
        """The forecasts of the test windows that met a known truth."""
        return self.run.backtest.dropna(subset=["y", "y_hat"])

    @cached_property
    def ids(self) -> list[str]:
        """The series, in the order of the files."""
        return list(dict.fromkeys(self.run.history["unique_id"]))

    @cached_property
    def drawn(self) -> pd.DataFrame:
        """The history of the series that the pictures show: the first few."""
        return self.run.history[self.run.history["unique_id"].isin(self.ids[:MAX_PANELS])]

    @cached_property
    def forecasters(self) -> list[str]:
        """The models that have a forecast: the candidates from the best on, then the baselines."""
        board = self.run.leaderboard.sort_values("role", key=lambda role: role == "baseline", kind="stable")
        able = board["model"].isin(self.forecasts["model"])
        return list(board["model"][able] if able.any() else board["model"])

    @property
    def best(self) -> str:
        """The model whose forecast is shown."""
        return self.forecasters[0]

    @cached_property
    def runner_up(self) -> str | None:
        """The best of the other models, be it a baseline."""
        return next((m for m in self.run.leaderboard["model"] if m in self.forecasters and m != self.best), None)

    @cached_property
    def ahead(self) -> pd.DataFrame:
        """The forecast of the best model."""
        return self.forecasts[self.forecasts["model"] == self.best]

    @property
    def levels(self) -> list[str]:
        """The levels for which the best model has bands, narrowest first."""
        return figures.levels(self.ahead)[::-1]

    @property
    def missing_levels(self) -> list[str]:
        """The levels for which some or all values have no band."""
        wanted = [name for name in self.forecasts.columns if name.startswith("lo-")] or [f"lo-{n}" for n in LEVELS]
        lacking = self.ahead.reindex(columns=wanted).isna().any()
        return [name[3:] for name in reversed(wanted) if lacking[name]]

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """How often intervals covered, a row for each model and level; empty where nothing was tested."""
        return self.run.more("coverage.csv")

    @cached_property
    def uncalibrated(self) -> list[str]:
        """The levels of the best model's bands for which too few errors speak, narrowest first."""
        if self.coverage.empty:
            return self.levels
        own = self.coverage[self.coverage["model"] == self.best]
        short = {f"{level:g}" for level in own["interval"][own["windows_needed"] > 0]}
        return [level for level in self.levels if level in short]

    @cached_property
    def diagnostics(self) -> dict[str, Any]:
        """What the one-step errors of the fits give away, by model and series."""
        return self.run.notes("diagnostics.json")

    @cached_property
    def search(self) -> SearchShown | None:
        """What there is to show of the search for settings behind the run; None where there was none."""
        return search_shown(self.info, list(self.run.leaderboard["model"]))

    @property
    def sureness(self) -> list[str]:
        """What is known of the intervals of the best model, a sentence for each level."""
        if self.coverage.empty:
            return ["No interval is calibrated: nothing was held out to test it on."] if self.levels else []
        own = self.coverage[self.coverage["model"] == self.best]
        return [sureness(row) for row in own.sort_values("interval").to_dict("records")]

    @property
    def badge(self) -> str:
        """The status in words."""
        warned = self.info["notices"] or self.info["failures"]
        return "complete with warnings" if self.info["status"] == "complete" and warned else str(self.info["status"])

    def when(self, time: Any) -> str:
        """Return a time as short as the frequency allows: ``1961``, ``1961-01``, ``1961-01-31 14:00``."""
        if not isinstance(time, pd.Timestamp):
            return str(time)
        if self.info["data"]["frequency"] == "quarterly":
            return f"{time.year}-Q{time.quarter}"
        usual = "%Y-%m-%d" if time == time.normalize() else "%Y-%m-%d %H:%M"
        return time.strftime(_DATE_FORMATS.get(self.info["data"]["frequency"], usual))
