"""What a run finds out: the backtest, the forecasts with their bands, the leaderboard and the verdict.

The idea: everything is computed here, once, from the panel and the models (what the page alone shows, when it is asked
for), and written as the files of the run folder; the page is made from those files alone.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol, Self

import pandas as pd

from forecast.anatomy import anatomy, candidates, training_losses
from forecast.backtesting import backtest, fit_all
from forecast.bounds import Bounds
from forecast.calibration import Calibration
from forecast.chunks import doer
from forecast.defaults import BASELINES, METRIC
from forecast.diagnostics import diagnosed, errors_left
from forecast.errors import Notice
from forecast.explain import importance
from forecast.heap import give_back
from forecast.models.combination import COMBINATION, Combination, combined, members_of
from forecast.models.mlp import MLP
from forecast.rationing import kept_for_rows, rationed
from forecast.scoring import common_points, leaderboard, metric_of, scores_by_place, series_errors, summed
from forecast.storage.files import write_csv, write_json
from forecast.verdicts import verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from forecast.backtesting import Backtest
    from forecast.clock import Clock
    from forecast.config import CombinationSection, ForecastSection, RunConfig
    from forecast.engine import Workers
    from forecast.panel import Panel
    from forecast.split import Split
    from forecast.tasks import Factory

__all__ = ["Listener", "Results", "Silent"]

MOST_SUMMED, SUM_PATHS = 24, 1_000
"""Series up to which sums over the horizon are sampled without being asked for, and by how many paths."""
BETWEEN_ROW, AFTER = 12e-6, 3.0
"""Usual seconds of writing a row of forecasts between the windows, and of what must be there after them."""
LONG = 10.0
"""Seconds from which on it is said beforehand how long something will take."""


class Listener(Protocol):
    """Who is told what a run is doing."""

    def say(self, line: str) -> None:
        """Take a sentence about the data or the result."""

    def progress(self, done: int, total: int, what: str) -> None:
        """Take how many of the fits are done and what comes next."""


class Silent:
    """Listens and does nothing."""

    def say(self, line: str) -> None:
        """Do nothing."""

    def progress(self, done: int, total: int, what: str) -> None:
        """Do nothing."""


class Results:
    """All that a run computes, and the files that hold it.

    Parameters
    ----------
    panel : Panel
        The data.
    factories : mapping of name to callable
        How to make each model.
    split : Split
        Where the windows lie.
    chosen : ForecastSection
        What is forecast: levels, bounds, quantile.
    combination : CombinationSection, optional
        Of which models, and how, one more is to be made.
    metric : str
        By which the models are compared: mase, mae or smape.
    seed : int
        Of the sample paths and of the bootstrap behind the confidence set.
    workers : Workers
        Who does the work.
    listener : Listener
        Told how far it has come.
    for_rows : float
        Seconds that what follows of the windows takes, if all of them are finished: so much less have the workers.
    """

    def __init__(
        self,
        panel: Panel,
        factories: Mapping[str, Factory],
        split: Split,
        chosen: ForecastSection,
        *,
        combination: CombinationSection | None = None,
        metric: str = METRIC,
        seed: int,
        workers: Workers,
        listener: Listener,
        for_rows: float = 0.0,
    ) -> None:
        self.bounds = bounds = Bounds(min=chosen.min, max=chosen.max, integer=chosen.integer)
        self.panel, self.given, self.horizon = panel, split.past(panel, 0), split.horizon
        self.seed, self.metric = seed, metric
        self.quantile = None if chosen.quantile == "none" else chosen.quantile
        self.overlap = -(-split.reach // (split.step_size or split.horizon))
        total, done = (len(split.blocks) + 1) * len(factories), count()
        do = doer(workers, lambda task: listener.progress(next(done), total, task.model), baselines=True)
        self.ration = rationed(factories, panel, split, workers, seed=seed)
        only = {} if self.ration is None else self.ration.panels
        common: dict[str, Any] = {"bounds": bounds, "levels": chosen.level, "fallback": chosen.fallback, "only": only}
        common["do"] = do
        self.final = fit_all(factories, panel, split, **common)
        give_back()
        once = sum(sum(timing.values()) for timing in self.final.timings.values()) / workers.count
        self._announce(once * len(split.blocks), len(split.blocks) * len(factories), workers, listener)
        workers.end_sooner(kept_for_rows(for_rows, len(split.blocks), once=once, left=workers.seconds_left))
        tested = backtest(factories, panel, split, **common)
        give_back()
        listener.progress(total, total, "report")
        self.fits, self.n_windows = tested.fits, len(tested.fits)
        self.unfinished, self.undone = tested.unfinished, tested.undone
        names = list(factories)
        self.combination: Combination | None = None
        if combination is not None and (members := self._members(combination, names)):
            names = [*names, COMBINATION]
            self._combine(tested, members, combination.method, split, bounds)
        self.names, self.split, self.chosen = names, split, chosen
        self._calibrate(Calibration(self.given, split, tested, chosen.level, adaptive=chosen.adaptive))
        self.forecasts = bounds.apply(self.margins.ahead(self.final.forecasts, self.given, chosen.level))

    @classmethod
    def of(
        cls,
        settings: RunConfig,
        panel: Panel,
        split: Split,
        factories: Mapping[str, Factory],
        *,
        workers: Workers,
        listener: Listener,
        for_rows: float = 0.0,
    ) -> Self:
        """Return what models find out about data under all the settings of a run."""
        return cls(
            panel,
            factories,
            split,
            settings.forecast,
            combination=settings.models.combination,
            metric=settings.backtest.metric,
            seed=settings.seed,
            workers=workers,
            listener=listener,
            for_rows=for_rows,
        )

    def _calibrate(self, calibration: Calibration) -> None:
        """Give the windows their intervals, of a quantile where one is asked for, and keep what other data need."""
        able, shifts = list(dict.fromkeys(self.final.forecasts["model"])), {}
        if self.quantile is not None:
            shifts = calibration.shifts(able, self.quantile)
            calibration = calibration.at_quantile(self.quantile)
        self.margins = calibration.margins(able, shifts=shifts, quantile=self.quantile)
        self.backtest, self.between = self.bounds.apply(calibration.windows), calibration.backtested.between
        self.scored = common_points(self.backtest)
        self.coverage = calibration.coverage(self.scored)
        self._calibration = calibration

    @cached_property
    def places(self) -> pd.DataFrame:
        """The scores by step, window, series and place in the season."""
        return scores_by_place(self.scored, self.panel, gap=self.split.gap, quantile=self.quantile)

    @cached_property
    def leaderboard(self) -> pd.DataFrame:
        """The scores of the models, the best first."""
        return leaderboard(
            self.scored,
            self.names,
            baselines=BASELINES,
            fits=[*self.fits, self.final],
            quantile=self.quantile,
            metric=self.metric,
        )

    @cached_property
    def _able(self) -> list[str]:
        """The models that forecast the future, the best first."""
        return [name for name in self.leaderboard["model"] if name in set(self.forecasts["model"])]

    @cached_property
    def lead(self) -> str:
        """The best of the models that are no baselines, where one of them has a forecast."""
        return [*(name for name in self._able if name not in BASELINES), *self._able][0]

    @cached_property
    def paths(self) -> pd.DataFrame:
        """Sample paths of the best model, as many as were asked for."""
        return self._drawn(self._able[0], self.chosen.paths)

    @cached_property
    def sums(self) -> pd.DataFrame:
        """The sums of the leading model over the horizon."""
        n = self.chosen.paths or (SUM_PATHS if self.panel.n_series <= MOST_SUMMED else 0)
        of_lead = self.forecasts[self.forecasts["model"] == self.lead]
        return summed(self._drawn(self.lead, n), of_lead, self.chosen.level)

    def _drawn(self, model: str, n: int) -> pd.DataFrame:
        paths = self._calibration.paths(self.forecasts, model, n, seed=self.seed)
        return paths.assign(y=self.bounds.point(paths["y"]))

    def _members(self, combination: CombinationSection, names: Sequence[str]) -> list[str]:
        """Return the models that are combined, as far as they have a forecast of the future."""
        return members_of(combination.members, names, able=set(self.final.forecasts["model"]))

    def _combine(self, tested: Backtest, members: Sequence[str], method: str, split: Split, bounds: Bounds) -> None:
        """Add the combination to the windows, to what lies between them and to the forecasts."""
        earlier = tested.frame

        def rows(frame: pd.DataFrame) -> pd.DataFrame:
            made = combined(frame, members, name=COMBINATION, method=method, earlier=earlier, reach=split.reach)
            return bounds.apply(made)

        def more(frame: pd.DataFrame) -> pd.DataFrame:
            return pd.concat([frame, made], ignore_index=True) if len(made := rows(frame)) else frame

        self.combination = Combination.of(members, method, earlier, reach=split.reach)
        self.final.forecasts, tested.frame = more(self.final.forecasts), more(earlier)
        tested.between.add(rows)

    def _announce(self, seconds: float, fits: int, workers: Workers, listener: Listener) -> None:
        """Say how long the windows will take, if it is long: about as long as the fits to all data took, each."""
        if seconds > LONG:
            listener.say(f"about {_spoken(seconds)} for {fits} fits on {workers.count} core(s)")

    def notices(self) -> list[Notice]:
        """Return what the models had to say, each once, with the number of windows in which it was said."""
        last = [Notice(n.code, f"{n.message} (final fit)") for n in self.final.notices]
        counts = Counter(notice for fit in self.fits for notice in fit.notices)
        return last + [Notice(n.code, f"{n.message} ({k} of {self.n_windows} windows)") for n, k in counts.items()]

    def write(self, folder: Path, clock: Clock) -> None:
        """Write the frames and choices; what no page shows is left out where there is no time for it."""
        write_csv(self.forecasts, folder / "forecasts.csv")
        write_csv(self.backtest.drop(columns="back"), folder / "backtest.csv")
        if clock.allows(BETWEEN_ROW * self.between.size + AFTER):
            write_csv(self.between.frame().drop(columns="back"), folder / "between.csv")
        else:
            clock.left_out["between.csv"] += 1
        write_csv(self.coverage, folder / "coverage.csv")
        write_csv(self.places, folder / "scores.csv")
        if len(self.paths):
            write_csv(self.paths, folder / "paths.csv")
        if len(self.sums):
            write_csv(self.sums, folder / "sums.csv")
        write_csv(self.leaderboard, folder / "leaderboard.csv")
        if self.panel.n_series > 1:
            by_series = series_errors(self.scored, best=self.lead).reindex(self.panel.ids)
            write_csv(by_series.rename_axis("unique_id").reset_index(), folder / "metrics_by_series.csv")
        network = self.final.models.get("mlp")
        if isinstance(network, MLP):
            write_csv(training_losses(network), folder / "training.csv")
            write_csv(importance(network, self.given, seed=self.seed), folder / "importance.csv")
        by_cutoff = {fit.forecasts["cutoff"].astype(str).max(): fit.choices for fit in self.fits}
        write_json({"final": self.final.choices, **by_cutoff}, folder / "choices.json")
        write_json(anatomy(self.final.models, seed=self.seed), folder / "anatomy.json")
        if len(tried := candidates(self.final.choices)):
            write_csv(tried, folder / "arima_search.csv")
        write_json(diagnosed(self.final.models, self.panel), folder / "diagnostics.json")
        if len(left := errors_left(self.final.models, self.given)):
            write_csv(left, folder / "residuals.csv")
        scores = self.leaderboard.set_index("model").to_dict("index")
        metrics = {
            "schema": 1,
            "metric": metric_of(self.quantile, self.metric),
            "quantile": self.quantile,
            "models": scores,
        }
        untested = "no window was finished in the time there was" if self.unfinished else "no window could be held out"
        said = verdicts(
            self.leaderboard,
            self.scored,
            quantile=self.quantile,
            metric=self.metric,
            overlap=self.overlap,
            seed=self.seed,
            untested=untested,
        )
        write_json(metrics | said, folder / "metrics.json")


def _spoken(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
