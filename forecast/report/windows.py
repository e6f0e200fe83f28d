"""The pictures of single windows: when it went well, when badly, and what each model was given.

The idea: a mean hides where a model fails, so its best and its worst window are drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast import figures
from forecast.report.picture import Picture
from forecast.report.tables import table_of
from forecast.report.words import column, number, part_of

if TYPE_CHECKING:
    from forecast.report.tables import Table
    from forecast.report.view import View

__all__ = ["by_cutoff", "paired", "single", "window_bars"]

MIN_DRAWN = 3
"""Windows below which none is drawn by itself."""
MIN_PAIRS = 8
"""Windows below which errors are not drawn in pairs."""
MAX_BARS = 40
"""Windows that are drawn as bars."""


def by_cutoff(view: View) -> Picture | str:
    """Draw the mean error of every model in each window: whether one wins always, or once."""
    errors = figures.window_errors(view.backtest) if len(view.backtest) else pd.DataFrame()
    errors = errors.groupby("cutoff").mean().dropna(how="all") if len(errors) else errors
    if len(errors) < 2:
        return "it takes two windows to see whether errors change"
    errors = errors[[model for model in view.run.leaderboard["model"] if model in errors.columns]].dropna(
        axis=1, how="all"
    )
    errors = errors.dropna(how="all")
    if errors.empty:
        return "seasonal naive made no error to compare with"
    wins = errors.idxmin(axis=1).value_counts()
    title = f"{wins.index[0]} erred least in {part_of(int(wins.iloc[0]), len(errors))} windows"
    unit = "mean absolute error" if len(view.ids) == 1 else "error / mean error of seasonal naive"
    told = ", ".join(f"{m} {number(errors[m].min())} to {number(errors[m].max())}" for m in errors.columns)
    alt = f"Lines of the {unit} in {len(errors)} windows: {told}."
    data = errors.rename_axis(columns=None).reset_index()
    numbers = _windows_table(view, errors, caption=f"The {unit} in every window")
    figure = figures.error_by_cutoff(errors, unit=unit)
    return Picture.of(figure, title=title, alt=alt, data=data, numbers=numbers)


def single(view: View) -> Picture | str:
    """Draw up to six windows of the first series: the first, the last, the best, the worst, and two drawn by lot."""
    rows = view.backtest[view.backtest["unique_id"] == view.ids[0]]
    errors = figures.window_errors(rows).reset_index("unique_id", drop=True) if len(rows) else pd.DataFrame()
    own = errors[view.best].dropna() if view.best in errors.columns else pd.Series(dtype=float)
    if len(own) < MIN_DRAWN:
        return "with so few windows the picture above shows them all"
    best, worst = own.index[int(own.argmin())], own.index[int(own.argmax())]
    titles = {cutoff: f"{view.when(cutoff)} ({why})" for cutoff, why in _marked(own, seed=view.info["seed"]).items()}
    models = [m for m in (view.best, view.runner_up) if m is not None and m in errors.columns]
    actual = view.run.history[view.run.history["unique_id"] == view.ids[0]]
    figure = figures.single_windows(actual, backtest=rows, models=models, titles=titles)
    low, high = column([own[best], own[worst]])
    least, most = f"least after {view.when(best)}, {low} on average", f"most after {view.when(worst)}, {high}"
    title = f"{view.best} erred {least}, and {most}"
    shown = rows[rows["cutoff"].isin(titles) & rows["model"].isin(models)]
    data = shown[["cutoff", "ds", "model", "y", "y_hat"]]
    alt = f"Actual values and forecasts of {' and '.join(models)} in {len(titles)} windows. {title}."
    return Picture.of(figure, title=title, alt=alt, data=data, numbers=_windows_table(view, errors[models]))


def _marked(errors: pd.Series[float], *, seed: int) -> dict[Any, str]:
    """Return why each of at most six windows is drawn, in the order of time."""
    why: dict[Any, str] = {}
    chosen = {"first": 0, "last": len(errors) - 1, "best": int(errors.argmin()), "worst": int(errors.argmax())}
    for name, place in chosen.items():
        cutoff = errors.index[place]
        why[cutoff] = f"{why[cutoff]}, {name}" if cutoff in why else name
    rest = [cutoff for cutoff in errors.index if cutoff not in why]
    why |= {rest[place]: "by lot" for place in np.random.default_rng(seed).permutation(len(rest))[:2]}
    return dict(sorted(why.items()))


def _windows_table(view: View, errors: pd.DataFrame, *, caption: str = "Mean absolute error in every window") -> Table:
    cells = [column(errors[model]) for model in errors]
    rows = [list(row) for row in zip(map(view.when, errors.index), *cells, strict=True)]
    return table_of(caption, ["Cutoff", *errors.columns], rows)


def paired(view: View) -> Picture | str:
    """Draw the errors of the network against those of ARIMA, or else of the best against the next, window by window."""
    pair = ["mlp", "arima"]
    if not set(pair) <= set(view.backtest["model"]):
        pair = [view.best, view.runner_up or view.best]
    errors = figures.window_errors(view.backtest) if len(view.backtest) else pd.DataFrame()
    if len(set(pair) & set(errors.columns)) < 2:
        return "it takes two models to compare"
    both = errors[pair].dropna()
    if len(both) < MIN_PAIRS:
        return f"{len(both)} windows are too few to compare them one by one, which takes {MIN_PAIRS}"
    first, second = pair
    closer = int((both[first] < both[second]).sum())
    title = f"{first} erred less than {second} in {part_of(closer, len(both))} windows"
    halves = " and ".join(f"{model} {number(both[model].median())}" for model in pair)
    alt = f"A dot for each window, error of {first} over that of {second}: {title}; medians {halves}."
    data = both.rename_axis(columns=None).reset_index()
    return Picture.of(figures.paired_errors(both), title=title, alt=alt, data=data)


def window_bars(view: View) -> Picture | str:
    """Draw what each window gave to the models and asked of them, for the first series."""
    rows = view.backtest[view.backtest["unique_id"] == view.ids[0]]
    if rows.empty:
        return "no window was left to test on"
    times = view.run.history.loc[view.run.history["unique_id"] == view.ids[0], "ds"].reset_index(drop=True)
    found = rows.groupby("cutoff")["ds"].agg(["min", "max"]).reset_index()
    found["before"] = [times[times < first].iloc[-1] for first in found["min"]]
    found = found.rename(columns={"max": "last"})
    shown = found.tail(MAX_BARS)
    latest = shown.iloc[-1]
    gap = "no gap" if (found["before"] == found["cutoff"]).all() else "a gap"
    shares = part_of(len(shown), len(found))
    title = f"In {shares} windows models were given what lies before a cutoff and nothing after"
    alt = (
        f"A bar for each window, {gap} between what was given and what was asked for; the last was given the values to "
        f"{view.when(latest['cutoff'])} and asked for those to {view.when(latest['last'])}."
    )
    cells = zip(*(map(view.when, found[name]) for name in ("cutoff", "min", "last")), strict=True)
    table = [[str(place), *row] for place, row in enumerate(cells, start=1)]
    numbers = table_of("Every window", ("Window", "Given up to", "Asked for from", "to"), table)
    return Picture.of(
        figures.window_bars(shown, begin=times.iloc[0]), title=title, alt=alt, data=shown, numbers=numbers
    )
