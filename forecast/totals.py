"""Forecasts of sums beside those of the series: made, made to add up, and scored with and without.

The idea: sums are a panel of their own for the same models and windows; what is reconciled in a window learns from
the errors of earlier windows alone, so that its score is one that could have been had.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast.backtesting import backtest, fit_all
from forecast.hierarchy import METHODS, Hierarchy, bottom_up, reconcile
from forecast.storage.files import write_csv
from forecast.tasks import perform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from forecast.panel import Panel
    from forecast.split import Split
    from forecast.tasks import Doer, Factory

    Floats = NDArray[np.float64]

__all__ = ["Totals"]

OWN_LEVEL = "series"
"""What single series are called beside the levels of sums."""


class Totals:
    """What a run finds out about sums of its series.

    Parameters
    ----------
    panel : Panel
        The S series.
    columns : sequence of str
        Static columns over whose kinds is summed, beside the total of everything.
    factories : mapping of name to callable
        How to make each model.
    backtested, forecasts : DataFrame
        What these models forecast of the series: in the windows, with the truth, and of the future.
    split : Split
        Where the windows lie.
    do : callable
        Performs tasks: see `forecast.backtesting`.
    """

    def __init__(
        self,
        panel: Panel,
        columns: Sequence[str],
        factories: Mapping[str, Factory],
        *,
        backtested: pd.DataFrame,
        forecasts: pd.DataFrame,
        split: Split,
        do: Doer = lambda tasks: map(perform, tasks),
    ) -> None:
        self.hierarchy = Hierarchy.of(panel, columns)
        sums = self.hierarchy.sums(panel)
        horizon = split.horizon
        tested = backtest(factories, sums, split, do=do).frame
        future = fit_all(factories, sums, split, do=do).forecasts
        past, ahead = self._joined(tested, backtested, panel), self._joined(future, forecasts, panel)
        windows, steps = [], []
        for model in [name for name in factories if name in set(ahead["model"])]:
            own = _whole(past[past["model"] == model], len(self.hierarchy.levels) + panel.n_series, horizon)
            windows.append(self._reconciled(own, split))
            steps.append(self._reconciled(ahead[ahead["model"] == model], split, after=own))
        self.backtest, self.forecasts = pd.concat(windows, ignore_index=True), pd.concat(steps, ignore_index=True)
        self.scores = _scores(self.backtest)

    def write(self, folder: Path) -> None:
        """Write the forecasts, the windows and the scores of sums and series, with and without adding up."""
        write_csv(self.forecasts, folder / "totals.csv")
        write_csv(self.backtest, folder / "totals_backtest.csv")
        write_csv(self.scores, folder / "totals_scores.csv")

    def _joined(self, sums: pd.DataFrame, series: pd.DataFrame, panel: Panel) -> pd.DataFrame:
        """Return the rows of sums and of series, each with its level and its place in the hierarchy."""
        names, levels = self.hierarchy.names, dict(zip(self.hierarchy.names, self.hierarchy.levels, strict=True))
        above = sums.assign(level=sums["unique_id"].map(levels), node=sums["unique_id"].map(_places(names)))
        place = _places(panel.ids)
        below = series.assign(level=OWN_LEVEL, node=series["unique_id"].map(place) + len(names))
        both = pd.concat([above, below[above.columns]], ignore_index=True)
        return both.sort_values(["model", "cutoff", "node", "step"], ignore_index=True)

    def _reconciled(self, own: pd.DataFrame, split: Split, *, after: pd.DataFrame | None = None) -> pd.DataFrame:
        """Return the rows of one model once for each method; each cutoff learns from the errors known by then."""
        horizon, late = split.horizon, -(-split.reach // (split.step_size or split.horizon))
        nodes = sum(self.hierarchy.members.shape)
        base = own["y_hat"].to_numpy().reshape(-1, nodes, horizon)
        known = own if after is None else after
        errors = (known["y"] - known["y_hat"]).to_numpy(np.float64).reshape(-1, nodes, horizon).transpose(0, 2, 1)
        found: dict[str, list[Floats]] = {method: [] for method in METHODS}
        for w, y_hat in enumerate(base):
            earlier = errors[: max(0, w + 1 - late)] if after is None else errors
            found["base"].append(y_hat)
            found["bottom_up"].append(bottom_up(y_hat, self.hierarchy.members))
            found["mint"].append(reconcile(y_hat, self.hierarchy.members, earlier.reshape(-1, nodes)))
        first = ["unique_id", "level", "cutoff", "ds", "step", "model"]
        rest = [name for name in ("y", "y_hat", "scale") if name in own]
        frames = [
            own[[*first, *rest]].assign(y_hat=np.ravel(y_hat)).assign(method=method) for method, y_hat in found.items()
        ]
        return pd.concat(frames, ignore_index=True)[[*first, "method", *rest]]


def _places(names: Sequence[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _whole(own: pd.DataFrame, nodes: int, horizon: int) -> pd.DataFrame:
    """Return the rows of the cutoffs at which every sum and series was forecast."""
    return own[own.groupby("cutoff")["y_hat"].transform("size") == nodes * horizon]


def _scores(backtested: pd.DataFrame) -> pd.DataFrame:
    """Return MASE by model, level and method, over the points whose truth and scale are known."""
    error = (backtested["y"] - backtested["y_hat"]).abs() / backtested["scale"].where(backtested["scale"] > 0)
    keys = ["model", "level", "method"]
    table = error.groupby([backtested[key] for key in keys], sort=False).mean().rename("mase").reset_index()
    return (
        table.pivot(index=["model", "level"], columns="method", values="mase")
        .reindex(columns=list(METHODS))
        .loc[table.set_index(["model", "level"]).index.unique()]
        .reset_index()
        .rename_axis(columns=None)
    )
