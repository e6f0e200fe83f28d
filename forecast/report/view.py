"""What the page shows of a run: whose forecast, against whom, which series, and how times are written.

The idea: these choices are made once, here, so that pictures, tables and sentences cannot disagree.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from forecast import figures
from forecast.defaults import LEVELS, METRIC
from forecast.report.search import search_shown
from forecast.report.series import chosen_series
from forecast.report.words import covered, spell, too_few
from forecast.scoring import series_errors
from forecast.verdicts import METRIC_WORDS

if TYPE_CHECKING:
    from forecast.report.search import SearchShown
    from forecast.runs import Run

__all__ = ["MANY", "MAX_PANELS", "View", "turned"]

MANY = 25
"""From so many series on they are looked at together, and a few of them by themselves."""
MAX_PANELS = 24
"""How many series a picture draws."""
UNSAID = ("y", "value", "values", "target")
"""Names of columns that do not say what is forecast."""
_DATE_FORMATS = {"yearly": "%Y", "monthly": "%Y-%m"}


@dataclass(frozen=True)
class View:
    """A run as its page shows it; with `shared` without the numbers of its data."""

    run: Run
    shared: bool = False

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

    @property
    def many(self) -> bool:
        """Whether there are so many series that they are looked at together."""
        return len(self.ids) >= MANY

    @cached_property
    def per_series(self) -> pd.DataFrame:
        """The mean scaled error of every model on each series, and `ratio`, that of the best to seasonal naive's."""
        return series_errors(self.backtest, best=self.best)

    @cached_property
    def chosen(self) -> dict[str, str]:
        """The series that pictures draw, and why: all of a few; of many the worst, the middle and some by lot."""
        if not self.many:
            return dict.fromkeys(self.ids, "all")
        return chosen_series(self.ids, self.per_series["ratio"], seed=int(self.info["seed"]), third=MAX_PANELS // 3)

    @property
    def rule(self) -> str:
        """How the series that pictures draw were chosen, in a sentence; nothing where all are drawn."""
        if not self.many:
            return ""
        third = MAX_PANELS // 3
        return (
            f"Shown are {len(self.chosen)} of {len(self.ids):,} series: the {third} on which {self.best} did worst "
            f"beside seasonal naive, the {third} in the middle, and {third} drawn by lot with the seed of the run; "
            "any other by forecast report RUN --series ID."
        )

    @cached_property
    def drawn(self) -> pd.DataFrame:
        """The history of the series that the pictures show, in the order of their choice."""
        order = {name: place for place, name in enumerate(self.chosen)}
        own = self.run.history[self.run.history["unique_id"].isin(order)]
        return own.sort_values("unique_id", key=lambda ids: ids.map(order), kind="stable")

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
    def metric(self) -> str:
        """The metric by which models are compared."""
        name = str(self.run.metrics.get("metric", METRIC))
        return name if name in self.run.leaderboard else METRIC

    @cached_property
    def anatomy(self) -> dict[str, Any]:
        """What the fits are made of: layers and weights of the network, coefficients of ARIMA."""
        return self.run.notes("anatomy.json")

    def pairs_with(self, other: str) -> list[dict[str, Any]]:
        """Return what is said of every model beside `other`, with the other as the second."""
        said = [*self.run.metrics["verdict"]["pairs"], *self.run.metrics.get("pairs", [])]  # the latter are whole
        known = {p["against"]: turned(p) for p in said if p["model"] == other}
        known |= {p["model"]: p for p in said if p["against"] == other}
        return list(known.values())

    @property
    def sureness(self) -> list[str]:
        """What is known of the intervals of the best model: a sentence for each level, and why it is not more."""
        if self.coverage.empty:
            return ["No interval is calibrated: nothing was held out to test it on."] if self.levels else []
        own = self.coverage[self.coverage["model"] == self.best].sort_values("interval").to_dict("records")
        doubts = dict.fromkeys(filter(None, map(too_few, own)))
        return [*map(covered, own), *doubts, *self._first_windows(own)]

    def _first_windows(self, rows: list[dict[Any, Any]]) -> list[str]:
        """Return why the first windows of a single series have no intervals, where they have none."""
        counts = {int(row["cases"]) for row in rows} - {0}
        without = int(self.info["n_windows"]) - min(counts, default=0)
        if len(self.ids) > 1 or not counts or without < 1:
            return []
        several = f"first {without} windows have" if len(counts) == 1 else "first windows have"
        which = "first window has" if without == 1 else several
        return [f"The {which} no intervals, for these are drawn from the errors of earlier ones."]

    @property
    def verdict(self) -> tuple[str, str, str]:
        """The sentence of the verdict in three parts, the middle one the word for the metric, where it names it."""
        return str(self.run.metrics["verdict"]["sentence"]).partition(METRIC_WORDS[self.metric])

    @property
    def zone(self) -> str:
        """The zone of the times, which are in UTC where they have a time of the day; else that there is none."""
        data = tomllib.loads(self.run.config).get("data", {})
        given = str(data.get("tz", "auto"))
        return "none given" if given == "auto" else given

    @property
    def made_of(self) -> str:
        """The code that lay around the run, in a sentence; nothing where it was in no repository."""
        code = self.info.get("code")
        if not code:
            return ""
        return f"The run was made in a folder at git commit {code['commit'][:12]}, " + (
            "with changes that were not committed." if code["changed"] else "without changes since."
        )

    @property
    def memory(self) -> str:
        """The most memory that the run had, in a sentence; nothing where no one counted."""
        found = self.info.get("memory")
        if not found:
            return ""
        sizes = [f"{size / 1e6:,.0f} MB" for size in (found["process"], max(found["workers"], default=0))]
        many = len(found["workers"])
        beside = f", and at most {sizes[1]} in each of {many} workers" if many else ""
        return f"It took at most {sizes[0]} of memory{beside}."

    @property
    def next_steps(self) -> str:
        """The horizon in the unit of the data: ``next 12 months``, ``next year``."""
        return f"next {spell(int(self.info['horizon']), str(self.info['data']['frequency'])).removeprefix('1 ')}"

    @property
    def of_target(self) -> str:
        """What is forecast, after how long: `` of passengers``; nothing where its column has no name that says so."""
        target = self.info["data"].get("target")
        return "" if target is None or target.lower() in UNSAID else f" of {target}"

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


def turned(pair: dict[str, Any]) -> dict[str, Any]:
    """Return a comparison of two models with the other one first."""
    words = {"better": "worse", "worse": "better"}
    low, high, ratio = (pair.get(name) for name in ("ratio_low", "ratio_high", "ratio"))
    return pair | {
        "model": pair["against"],
        "against": pair["model"],
        "word": words.get(pair["word"], pair["word"]),
        "ratio": 1.0 / ratio if ratio else None,
        "ratio_low": 1.0 / high if high else None,
        "ratio_high": 1.0 / low if low else None,
        "difference": -pair["difference"] if pair.get("difference") is not None else None,
    }
