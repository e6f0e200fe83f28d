"""Backtests to scores: which points count, how well every model did on them, and where.

The idea: a frame of forecasts with their truths is all that is needed; every score is a mean over some of its rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.defaults import METRIC, QUANTILE_METRIC
from forecast.metrics import METRICS, skill

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from forecast.backtesting import Fitted
    from forecast.panel import Panel

__all__ = ["common_points", "leaderboard", "metric_of", "scores_by_place", "unit_losses"]

CALENDAR = {("M", 12): "month", ("Q", 4): "quarter", ("D", 7): "day_of_week", ("h", 24): "hour"}
"""Seasons whose positions have names of their own: how pandas calls them, by the letter of the frequency."""


def metric_of(quantile: float | None) -> str:
    """Return the name of the metric by which models are compared."""
    return METRIC if quantile is None else QUANTILE_METRIC


def common_points(backtested: pd.DataFrame) -> pd.DataFrame:
    """Return the rows at the points (series, cutoff, step) that every model forecast.

    Where a fit of one model failed, the others are not scored either.
    """
    models = backtested.groupby(["unique_id", "cutoff", "step"])["model"].transform("nunique")
    return backtested[models == backtested["model"].nunique()]


def leaderboard(
    backtested: pd.DataFrame,
    models: Iterable[str],
    *,
    baselines: tuple[str, ...],
    fits: list[Fitted],
    quantile: float | None = None,
) -> pd.DataFrame:
    """Return the scores frame: a row per model, the best first, over `common_points`.

    Columns: ``rank, model, role``, a column per metric (first that of a `quantile`, if one is forecast), `skill` (the
    share of seasonal naive's error that is gone), `windows`, `points` and `failures` (fits of the model that failed).
    """
    failed = [failure["model"] for fit in fits for failure in fit.failures]
    metric, rows = metric_of(quantile), []
    for name in models:
        own = backtested[backtested["model"] == name]
        rows.append(
            {"model": name, "role": "baseline" if name in baselines else "candidate", **_scores(own, quantile)}
            | {"windows": own["cutoff"].nunique(), "points": int(own["y"].notna().sum())}
            | {"failures": failed.count(name)}
        )
    table = pd.DataFrame(rows)
    reference = table.loc[table["model"] == "seasonal_naive", metric]
    table.insert(
        list(table.columns).index("windows"),
        "skill",
        [skill(m, float(reference.iloc[0])) if len(reference) else np.nan for m in table[metric]],
    )
    table = table.sort_values(metric, kind="stable", na_position="last", ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def scores_by_place(
    backtested: pd.DataFrame, panel: Panel, *, gap: int = 0, quantile: float | None = None
) -> pd.DataFrame:
    """Return how well every model did at each step ahead, in each window, series and position in the season.

    Columns: ``by`` ("step", "window", "series" or what the positions of the season are called), ``place, model``, a
    column per metric, and ``points``.
    """
    name, positions = _season(backtested, panel, gap)
    places = {"step": backtested["step"], "window": backtested["cutoff"], "series": backtested["unique_id"]}
    rows: list[dict[str, Any]] = []
    for by, key in {**places, **({name: positions} if name else {})}.items():
        for (place, model), own in backtested.groupby([np.asarray(key), "model"], sort=True):
            points = int(own["y"].notna().sum())
            rows.append({"by": by, "place": str(place), "model": model, **_scores(own, quantile), "points": points})
    return pd.DataFrame(rows, columns=None if rows else ["by", "place", "model", *METRICS, "points"])


def unit_losses(backtested: pd.DataFrame, *, quantile: float | None = None) -> tuple[str, pd.DataFrame]:
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
    loss = pd.Series(_losses(backtested, quantile), backtested.index)
    return unit, loss.groupby([backtested[key], backtested["model"]]).mean().unstack("model")


def _scores(own: pd.DataFrame, quantile: float | None) -> dict[str, float]:
    """Return every metric over some rows."""
    y, y_hat, scale = (own[column].to_numpy(np.float64) for column in ("y", "y_hat", "scale"))
    scores = {metric: function(y, y_hat, scale) for metric, function in METRICS.items()}
    if quantile is None:
        return scores
    losses = _losses(own, quantile)
    known = losses[np.isfinite(losses)]
    return {QUANTILE_METRIC: float(known.mean()) if len(known) else np.nan, **scores}


def _losses(frame: pd.DataFrame, quantile: float | None) -> NDArray[np.float64]:
    """Return the scaled loss of every row; of a quantile twice the pinball loss, which at one half is the error."""
    error = (frame["y"] - frame["y_hat"]).to_numpy(np.float64)
    scale = frame["scale"].where(frame["scale"] > 0).to_numpy(np.float64)
    loss = np.abs(error) if quantile is None else 2.0 * np.maximum(quantile * error, (quantile - 1.0) * error)
    return np.asarray(loss / scale)


def _season(backtested: pd.DataFrame, panel: Panel, gap: int) -> tuple[str | None, NDArray[np.int64]]:
    """Return what the positions in the season are called and that of each row; None without a season.

    Where the calendar has no name for them they are counted from 1, the last value of each series being the last.
    """
    m = panel.season_length
    if m == 1 or backtested.empty:
        return None, np.empty(0, dtype=np.int64)
    letter = panel.frequency.alias.partition("-")[0].removesuffix("S").removesuffix("E")
    name = CALENDAR.get((letter, m))
    if name is not None:
        return name, getattr(backtested["ds"].dt, name).to_numpy(np.int64)
    before_end = (backtested["back"] - gap - backtested["step"]).to_numpy(np.int64)
    return "position", m - before_end % m
