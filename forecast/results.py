"""What a run finds out: the backtest, the forecasts with their bands, the leaderboard and the verdict.

The idea: everything is computed here, once, from the panel and the models, and written as the files of the run folder;
the page is made from those files alone.
"""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from forecast.backtesting import backtest, fit_all, perform
from forecast.bounds import Bounds
from forecast.calibration import Calibration
from forecast.defaults import BASELINES, METRIC
from forecast.errors import Notice
from forecast.models.mlp import MLP
from forecast.runs import write_csv, write_json
from forecast.scoring import common_points, leaderboard, unit_losses
from forecast.significance import MIN_UNITS, compare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from forecast.backtesting import Factory, Outcome, Split, Task
    from forecast.config import ForecastSection
    from forecast.engine import Workers
    from forecast.panel import Panel

__all__ = ["Listener", "Results"]

LONG = 10.0
"""Seconds from which on it is said beforehand how long something will take."""


class Listener(Protocol):
    """Who is told what a run is doing."""

    def say(self, line: str) -> None:
        """Take a sentence about the data or the result."""

    def progress(self, done: int, total: int, what: str) -> None:
        """Take how many of the fits are done and what comes next."""


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
    workers : Workers
        Who does the work.
    listener : Listener
        Told how far it has come.
    """

    def __init__(
        self,
        panel: Panel,
        factories: Mapping[str, Factory],
        split: Split,
        chosen: ForecastSection,
        *,
        workers: Workers,
        listener: Listener,
    ) -> None:
        bounds = Bounds(min=chosen.min, max=chosen.max, integer=chosen.integer)
        total, done = (len(split.blocks) + 1) * len(factories), count()

        def do(tasks: Sequence[Task]) -> list[Outcome | None]:
            return workers.do(perform, tasks, lambda task: listener.progress(next(done), total, task.model))

        self.final = fit_all(factories, panel, split, bounds=bounds, fallback=chosen.fallback, do=do)
        self._announce(split, factories, workers, listener)
        tested = backtest(factories, panel, split, bounds=bounds, fallback=chosen.fallback, do=do)
        listener.progress(total, total, "report")
        self.fits, self.horizon, self.n_windows = tested.fits, split.horizon, len(tested.fits)
        self.unfinished = tested.unfinished
        calibration = Calibration(panel, split, tested, chosen.level, adaptive=chosen.adaptive)
        self.backtest, self.between = calibration.windows, tested.between
        self.coverage = calibration.coverage
        self.scored = common_points(self.backtest)
        self.leaderboard = leaderboard(self.scored, factories, baselines=BASELINES, fits=[*self.fits, self.final])
        self.forecasts = bounds.apply(calibration.ahead(self.final.forecasts))

    def _announce(self, split: Split, factories: Mapping[str, Factory], workers: Workers, listener: Listener) -> None:
        """Say how long the windows will take, if it is long: about as long as the fits to all data took, each."""
        once = sum(sum(timing.values()) for timing in self.final.timings.values())
        seconds = once * len(split.blocks) / workers.count
        if seconds > LONG:
            fits = len(split.blocks) * len(factories)
            listener.say(f"about {_spoken(seconds)} for {fits} fits on {workers.count} core(s)")

    def notices(self) -> list[Notice]:
        """Return what the models had to say, each once, with the number of windows in which it was said."""
        last = [Notice(n.code, f"{n.message} (final fit)") for n in self.final.notices]
        counts = Counter(notice for fit in self.fits for notice in fit.notices)
        return last + [Notice(n.code, f"{n.message} ({k} of {self.n_windows} windows)") for n, k in counts.items()]

    def write(self, folder: Path) -> None:
        """Write the frames and choices."""
        write_csv(self.forecasts, folder / "forecasts.csv")
        write_csv(self.backtest.drop(columns="back"), folder / "backtest.csv")
        write_csv(self.between.drop(columns="back"), folder / "between.csv")
        write_csv(self.coverage, folder / "coverage.csv")
        write_csv(self.leaderboard, folder / "leaderboard.csv")
        network = self.final.models.get("mlp")
        if isinstance(network, MLP):
            write_csv(_training(network), folder / "training.csv")
        by_cutoff = {fit.forecasts["cutoff"].astype(str).max(): fit.choices for fit in self.fits}
        write_json({"final": self.final.choices, **by_cutoff}, folder / "choices.json")
        scores = self.leaderboard.set_index("model").to_dict("index")
        metrics = {"schema": 1, "metric": METRIC, "models": scores, "verdict": _verdict(self.leaderboard, self.scored)}
        write_json(metrics, folder / "metrics.json")


def _spoken(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _verdict(board: pd.DataFrame, scored: pd.DataFrame) -> dict[str, Any]:
    """Return the comparisons of the network (or the best candidate) with the baseline and with the best other."""
    candidates = [name for name, role in zip(board["model"], board["role"], strict=True) if role == "candidate"]
    if scored.empty:
        return {"model": board["model"].iloc[0], "sentence": "Untested: no window could be held out.", "pairs": []}
    lead = "mlp" if "mlp" in candidates else [*candidates, "seasonal_naive"][0]
    others = [name for name in ("seasonal_naive", *candidates) if name != lead]
    unit, losses = unit_losses(scored)
    pairs = []
    for other in [name for name in others if name in losses and lead in losses]:
        found = compare(losses[lead], losses[other])
        pairs.append({"model": lead, "against": other, "unit": unit, **vars(found)})
    return {"model": lead, "sentence": _sentence(lead, pairs, board), "pairs": pairs}


def _sentence(lead: str, pairs: list[dict[str, Any]], board: pd.DataFrame) -> str:
    score = float(board.loc[board["model"] == lead, METRIC].iloc[0])
    if np.isnan(score):
        return "No verdict: scaled errors are undefined, for no series changes before it is tested."
    if not pairs:
        return f"{lead}: MASE {score:.2f}; nothing to compare it with."
    parts = [f"{p['ratio']:.2f} of {p['against']}'s error: {p['word']}" for p in pairs]
    few = f" (a verdict takes {MIN_UNITS})" if pairs[0]["units"] < MIN_UNITS else ""
    return f"{lead}: MASE {score:.2f} over {pairs[0]['units']} {pairs[0]['unit']}{few}; " + "; ".join(parts) + "."


def _training(network: MLP) -> pd.DataFrame:
    """Return the losses of every member, a row per look of the search for the number of steps."""
    history = network.search_history_ or network.history_
    looks, members = history.train_loss.shape
    return pd.DataFrame(
        {
            "step": np.repeat(history.steps, members),
            "member": np.tile(np.arange(members), looks),
            "train_loss": history.train_loss.ravel(),
            "val_loss": history.val_loss.ravel(),
            "learning_rate": np.repeat(history.rates, members),
        }
    )
