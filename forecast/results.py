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

from forecast.backtesting import backtest, common_points, fit_all, leaderboard, unit_losses
from forecast.bounds import Bounds
from forecast.defaults import BASELINES, METRIC
from forecast.errors import Notice
from forecast.intervals import step_widths
from forecast.metrics import mase_scale
from forecast.models.mlp import MLP
from forecast.runs import write_csv, write_json
from forecast.significance import MIN_UNITS, compare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from forecast.backtesting import Factory
    from forecast.panel import Panel

__all__ = ["Listener", "Results"]


class Listener(Protocol):
    """Who is told what a run is doing."""

    def say(self, line: str) -> None:
        """Take a sentence about the data or the result."""

    def progress(self, done: int, total: int, what: str) -> None:
        """Take how many of the fits are done and what comes next."""


class Results:
    """All that a run computes, and the files that hold it."""

    def __init__(
        self,
        panel: Panel,
        factories: Mapping[str, Factory],
        *,
        horizon: int,
        n_windows: int,
        levels: Sequence[float],
        listener: Listener,
        bounds: Bounds | None = None,
    ) -> None:
        bounds = bounds or Bounds()
        total, done = (n_windows + 1) * len(factories), count()

        def tick(what: str) -> None:
            listener.progress(next(done), total, what)

        frame, self.fits = backtest(factories, panel, horizon=horizon, n_windows=n_windows, bounds=bounds, tick=tick)
        self.final = fit_all(factories, panel, horizon=horizon, bounds=bounds, tick=tick)
        listener.progress(total, total, "report")
        self.horizon, self.n_windows = horizon, len(self.fits)
        self.backtest = frame
        self.scored = common_points(frame)
        self.leaderboard = leaderboard(self.scored, factories, baselines=BASELINES, fits=[*self.fits, self.final])
        self.forecasts = bounds.apply(_with_bands(self.final.forecasts, self.scored, panel, levels))

    def notices(self) -> list[Notice]:
        """Return what the models had to say, each once, with the number of windows in which it was said."""
        last = [Notice(n.code, f"{n.message} (final fit)") for n in self.final.notices]
        counts = Counter(notice for fit in self.fits for notice in fit.notices)
        return last + [Notice(n.code, f"{n.message} ({k} of {self.n_windows} windows)") for n, k in counts.items()]

    def write(self, folder: Path) -> None:
        """Write the frames and choices."""
        write_csv(self.forecasts, folder / "forecasts.csv")
        write_csv(self.backtest, folder / "backtest.csv")
        write_csv(self.leaderboard, folder / "leaderboard.csv")
        network = self.final.models.get("mlp")
        if isinstance(network, MLP):
            write_csv(_training(network), folder / "training.csv")
        by_cutoff = {fit.forecasts["cutoff"].astype(str).max(): fit.choices for fit in self.fits}
        write_json({"final": self.final.choices, **by_cutoff}, folder / "choices.json")
        scores = self.leaderboard.set_index("model").to_dict("index")
        metrics = {"schema": 1, "metric": METRIC, "models": scores, "verdict": _verdict(self.leaderboard, self.scored)}
        write_json(metrics, folder / "metrics.json")


def _with_bands(forecasts: pd.DataFrame, scored: pd.DataFrame, panel: Panel, levels: Sequence[float]) -> pd.DataFrame:
    """Return the forecasts with ``lo-95, lo-80, hi-80, hi-95`` read off each model's errors on the test windows."""
    scales = {name: mase_scale(panel.series(s), panel.season_length) for s, name in enumerate(panel.ids)}
    # A constant past has no unit to measure errors in: its scale is 0, and no band is drawn.
    scale = forecasts["unique_id"].map(scales).replace(0.0, np.nan).to_numpy(np.float64)
    errors = (scored["y"] - scored["y_hat"]).abs() / scored["scale"].where(scored["scale"] > 0)
    lows, highs = {}, {}
    for level in sorted(levels, reverse=True):
        half = np.full(len(forecasts), np.nan)
        for model in forecasts["model"].unique():
            own = scored["model"] == model
            if own.any():
                table = errors[own].groupby([scored["unique_id"], scored["cutoff"], scored["step"]]).mean().unstack()
                rows = (forecasts["model"] == model).to_numpy()
                half[rows] = step_widths(table.to_numpy(), level)[forecasts["step"].to_numpy()[rows] - 1]
        lows[f"lo-{level:g}"] = forecasts["y_hat"] - half * scale
        highs[f"hi-{level:g}"] = forecasts["y_hat"] + half * scale
    return forecasts.assign(**lows, **dict(reversed(highs.items())))


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
