"""Backtests to scores: which points count, how well every model did on them, and where.

The idea: a frame of forecasts with their truths is all that is needed; every score is a mean over some of its rows.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast.covered import judgement
from forecast.defaults import METRIC, QUANTILE_METRIC
from forecast.metrics import skill
from forecast.metrics.terms import difference, symmetric
from forecast.score_table import (
    LEVEL_SCORES,
    POINT_SCORES,
    QUANTILE_SCORES,
    referenced,
    row_losses,
    score_table,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from forecast.backtesting import Fitted
    from forecast.panel import Panel

__all__ = [
    "common_points",
    "leaderboard",
    "losses_of",
    "metric_of",
    "ranked",
    "score_names",
    "scores_by_place",
    "series_errors",
    "summed",
    "unit_losses",
]

CALENDAR = {("M", 12): "month", ("Q", 4): "quarter", ("D", 7): "day_of_week", ("h", 24): "hour"}
"""Seasons whose positions have names of their own: how pandas calls them, by the letter of the frequency."""


def metric_of(quantile: float | None, chosen: str = METRIC) -> str:
    """Return the name of the metric by which models are compared: the `chosen` one, or the loss of a quantile."""
    return chosen if quantile is None else QUANTILE_METRIC


def score_names(levels: Iterable[float], quantile: float | None = None) -> list[str]:
    """Return what the numbers of a leaderboard are called, with intervals of these levels.

    Examples
    --------
    >>> score_names([80])[:2], "coverage-80" in score_names([80]), score_names([], 0.9)[1]
    (['rank', 'mase'], True, 'quantile_loss')
    """
    ends = [f"{level:g}" for level in levels]
    return [
        "rank",
        *([QUANTILE_METRIC] if quantile is not None else []),
        *POINT_SCORES,
        *(QUANTILE_SCORES if ends else ()),
        *(f"{name}-{level}" for level in ends for name in LEVEL_SCORES),
        *("skill", "windows", "points", "failures"),
    ]


def common_points(backtested: pd.DataFrame, n_models: int | None = None) -> pd.DataFrame:
    """Return the rows at the points (series, cutoff, step) that every model forecast: by default all that are there.

    Where a fit of one model failed, the others are not scored either.
    """
    wanted = backtested["model"].nunique() if n_models is None else n_models
    if wanted == 1:
        return backtested
    models = backtested.groupby(["unique_id", "cutoff", "step"])["model"].transform("nunique")
    return backtested[models == wanted]


def leaderboard(
    backtested: pd.DataFrame,
    models: Iterable[str],
    *,
    baselines: tuple[str, ...],
    fits: list[Fitted],
    quantile: float | None = None,
    metric: str = METRIC,
) -> pd.DataFrame:
    """Return the scores frame: a row per model, the best first, over `common_points`; a model that failed is one too.

    Columns: ``rank, model, role``, those of `forecast.score_table.score_table`, for each level ``judgement-80`` (what
    its coverage amounts to), `skill` (the share of seasonal naive's error that is gone), `windows`, `points`,
    `failures` (fits of the model that failed) and the `reason` of most of them.
    """
    scores = score_table(referenced(backtested), [backtested["model"]], quantile=quantile)
    counts = backtested.groupby("model").agg(windows=("cutoff", "nunique"), points=("y", "count"))
    failed = [failure for fit in fits for failure in fit.failures]
    return ranked(scores, counts, models, baselines=baselines, failed=failed, metric=metric_of(quantile, metric))


def ranked(
    scores: pd.DataFrame,
    counts: pd.DataFrame,
    models: Iterable[str],
    *,
    baselines: tuple[str, ...],
    failed: list[dict[str, str]],
    metric: str,
) -> pd.DataFrame:
    """Return the leaderboard of scores that are known, the best model by `metric` first: see `leaderboard`.

    Parameters
    ----------
    scores, counts : DataFrame
        Those of `forecast.score_table.score_table`, and `windows` and `points`; a row a model.
    models : iterable of str
        All that were to be tried.
    baselines : tuple of str
        Which of them are baselines.
    failed : list of dict
        The fits that failed: ``model, reason``.
    metric : str
        A column of the scores.
    """
    models = list(models)
    levels = [name.removeprefix("cases-") for name in scores.columns if name.startswith("cases-")]
    counts = counts.reindex(models)
    table = _judged(scores.reindex(models).reset_index(drop=True), levels)
    table.insert(0, "model", models)
    table.insert(1, "role", ["baseline" if name in baselines else "candidate" for name in models])
    reference = table.loc[table["model"] == "seasonal_naive", metric]
    table["skill"] = [skill(m, float(reference.iloc[0])) if len(reference) else np.nan for m in table[metric]]
    for name in ("windows", "points"):
        table[name] = counts[name].fillna(0).to_numpy(np.int64)
    table["failures"] = [sum(failure["model"] == name for failure in failed) for name in models]
    table["reason"] = [_reason([f["reason"] for f in failed if f["model"] == name]) for name in models]
    table = table.sort_values(metric, kind="stable", na_position="last", ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def _judged(table: pd.DataFrame, levels: list[str]) -> pd.DataFrame:
    """Add what the coverage of each level amounts to; a model that was never tested has no cases."""
    for level in levels:
        table[f"cases-{level}"] = table[f"cases-{level}"].fillna(0.0).astype(np.int64)
        bands = zip(*(table[f"{name}-{level}"] for name in ("coverage_low", "coverage_high", "cases")), strict=True)
        at = list(table.columns).index(f"cases-{level}") + 1
        table.insert(at, f"judgement-{level}", [judgement(float(level), *band) for band in bands])
    return table


def _reason(reasons: list[str]) -> str:
    """Return the reason that most failures had; none for no failure."""
    if not reasons:
        return ""
    (first, _), *others = Counter(reasons).most_common()
    more = f" (and {len(others)} other {'reason' if len(others) == 1 else 'reasons'})" if others else ""
    return f"{first}{more}"


def scores_by_place(
    backtested: pd.DataFrame, panel: Panel, *, gap: int = 0, quantile: float | None = None
) -> pd.DataFrame:
    """Return how well every model did at each step ahead, in each window, series and position in the season.

    Columns: ``by`` ("step", "window", "series" or what the positions of the season are called), ``place, model``,
    those of `forecast.score_table.score_table`, and ``points``.
    """
    name, positions = _season(backtested, panel, gap)
    places = {"step": backtested["step"], "window": backtested["cutoff"], "series": backtested["unique_id"]}
    rows, parts = referenced(backtested), []
    for by, key in {**places, **({name: positions} if name else {})}.items():
        keys = [pd.Series(key, backtested.index), backtested["model"]]
        table = score_table(rows, keys, quantile=quantile)
        table["points"] = backtested.groupby(keys, sort=True)["y"].count().to_numpy()
        where = pd.DataFrame({"by": by, "place": [str(at) for at, _ in table.index]})
        where["model"] = [model for _, model in table.index]
        parts.append(pd.concat([where, table.reset_index(drop=True)], axis=1))
    return pd.concat(parts, ignore_index=True)


def series_errors(backtest: pd.DataFrame, *, best: str) -> pd.DataFrame:
    """Return the mean scaled error of every model on each series: a row a series, a column a model, and `ratio`.

    Parameters
    ----------
    backtest : DataFrame
        Forecast frame with ``y`` and, where MASE is defined, ``scale``.
    best : str
        The model whose error is divided by seasonal naive's in the column `ratio`; NaN where that made none.

    Examples
    --------
    >>> rows = {"unique_id": "a", "model": ["mlp", "seasonal_naive"], "y": 3.0, "y_hat": [2.0, 5.0], "scale": 0.5}
    >>> series_errors(pd.DataFrame(rows), best="mlp").loc["a"].tolist()
    [2.0, 4.0, 0.5]
    """
    if backtest.empty:
        return pd.DataFrame({"ratio": pd.Series(dtype=float)})
    scale = backtest["scale"].where(backtest["scale"] > 0) if "scale" in backtest else 1.0
    errors = ((backtest["y"] - backtest["y_hat"]).abs() / scale).groupby([backtest["unique_id"], backtest["model"]])
    table = errors.mean().unstack("model")
    usual = table["seasonal_naive"] if "seasonal_naive" in table else pd.Series(np.nan, table.index)
    table["ratio"] = table.get(best, np.nan) / usual.where(usual > 0)
    return table


def summed(paths: pd.DataFrame, ahead: pd.DataFrame, levels: Iterable[float]) -> pd.DataFrame:
    """Return the sum of each series over the horizon, and the ends of its intervals, from sample paths.

    Ends of intervals do not add up, for errors of several steps go together; sums of whole paths keep that.

    Parameters
    ----------
    paths : DataFrame
        ``unique_id, path, y`` of one model.
    ahead : DataFrame
        Its forecast frame.
    levels : iterable of float
        In percent.

    Returns
    -------
    DataFrame
        ``unique_id, paths`` (how many), ``y_hat`` and for each level ``lo-80, hi-80``; empty without paths.

    Examples
    --------
    >>> paths = pd.DataFrame({"unique_id": "a", "path": [1, 1, 2, 2], "y": [1.0, 2.0, 3.0, 4.0]})
    >>> ahead = pd.DataFrame({"unique_id": "a", "y_hat": [2.0, 3.0]})
    >>> summed(paths, ahead, [50]).to_dict("records")
    [{'unique_id': 'a', 'paths': 2, 'y_hat': 5.0, 'lo-50': 4.0, 'hi-50': 6.0}]
    """
    if paths.empty:
        return pd.DataFrame()
    sums = paths.groupby(["unique_id", "path"], sort=False)["y"].sum().unstack("path")
    found = pd.DataFrame({"paths": sums.notna().sum(axis=1)}, index=sums.index)
    found["y_hat"] = ahead.groupby("unique_id", sort=False)["y_hat"].sum().reindex(sums.index)
    for level in levels:
        outside = (100.0 - level) / 200.0
        found[f"lo-{level:g}"], found[f"hi-{level:g}"] = (sums.quantile(q, axis=1) for q in (outside, 1.0 - outside))
    return found.reset_index()


def unit_losses(
    backtested: pd.DataFrame, *, quantile: float | None = None, metric: str = METRIC
) -> tuple[str, pd.DataFrame]:
    """Return the unit that a verdict counts and the mean loss of each model in each unit: that of the metric.

    Returns
    -------
    unit : {"windows", "series"}
        A window of the one series, or a series of the panel.
    losses : DataFrame
        A row per unit in the order of time or id, a column per model.
    """
    unit = "series" if len(backtested["unique_id"].unique()) > 1 else "windows"
    key = "unique_id" if unit == "series" else "cutoff"
    loss = pd.Series(losses_of(backtested, metric, quantile=quantile), backtested.index)
    return unit, loss.groupby([backtested[key], backtested["model"]]).mean().unstack("model")


def losses_of(frame: pd.DataFrame, metric: str, *, quantile: float | None = None) -> NDArray[np.float64]:
    """Return the loss of every row whose mean over many is the metric, or the loss of a quantile.

    Examples
    --------
    >>> losses_of(pd.DataFrame({"y": [2.0, 4.0], "y_hat": [3.0, 1.0]}), "mae").tolist()
    [1.0, 3.0]
    """
    y, y_hat = (frame[name].to_numpy(np.float64) for name in ("y", "y_hat"))
    if quantile is not None or metric == METRIC:
        return row_losses(frame, quantile)
    return np.abs(difference(y, y_hat)) if metric == "mae" else symmetric(y, y_hat)


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
