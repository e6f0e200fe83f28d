"""Backtests to scores: which points count, how well every model did on them, and where.

The idea: a frame of forecasts with their truths is all that is needed; every score is a mean over some of its rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast.metrics import METRICS, skill

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecast.backtesting import Factory, Fitted

__all__ = ["common_points", "leaderboard", "unit_losses"]


def common_points(backtested: pd.DataFrame) -> pd.DataFrame:
    """Return the rows at the points (series, cutoff, step) that every model forecast.

    Where a fit of one model failed, the others are not scored either.
    """
    models = backtested.groupby(["unique_id", "cutoff", "step"])["model"].transform("nunique")
    return backtested[models == backtested["model"].nunique()]


def leaderboard(
    backtested: pd.DataFrame, factories: Mapping[str, Factory], *, baselines: tuple[str, ...], fits: list[Fitted]
) -> pd.DataFrame:
    """Return the scores frame: a row per model, best MASE first, over `common_points`.

    Columns: ``rank, model, role``, a column per metric, `skill` (the share of seasonal naive's MASE that is gone),
    `windows`, `points` and `failures` (fits of the model that failed).
    """
    failed = [failure["model"] for fit in fits for failure in fit.failures]
    rows = []
    for name in factories:
        own = backtested[backtested["model"] == name]
        y, y_hat, scale = (own[column].to_numpy(np.float64) for column in ("y", "y_hat", "scale"))
        scores = {metric: function(y, y_hat, scale) for metric, function in METRICS.items()}
        rows.append(
            {"model": name, "role": "baseline" if name in baselines else "candidate", **scores}
            | {"windows": own["cutoff"].nunique(), "points": int((~np.isnan(y)).sum()), "failures": failed.count(name)}
        )
    table = pd.DataFrame(rows)
    reference = table.loc[table["model"] == "seasonal_naive", "mase"]
    table.insert(
        list(table.columns).index("windows"),
        "skill",
        [skill(m, float(reference.iloc[0])) if len(reference) else np.nan for m in table["mase"]],
    )
    table = table.sort_values("mase", kind="stable", na_position="last", ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def unit_losses(backtested: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """Return the unit that a verdict counts and the mean scaled loss of each model in each unit.

    Returns
    -------
    unit : {"windows", "series"}
        A window of the one series, or a series of the panel.
    losses : DataFrame
        A row per unit in the order of time or id, a column per model.
    """
    unit = "series" if len(backtested["unique_id"].unique()) > 1 else "windows"
    key = "unique_id" if unit == "series" else "cutoff"
    error = (backtested["y"] - backtested["y_hat"]).abs() / backtested["scale"].where(backtested["scale"] > 0)
    losses = error.groupby([backtested[key], backtested["model"]]).mean().unstack("model")
    return unit, losses
