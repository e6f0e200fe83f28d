"""Forecasts beside what is known: the fan of the future, and what was forecast in the windows of a backtest.

The idea: a forecast hangs on the last known value, so that one step is a line too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.figures.canvas import (
    INK,
    MUTED,
    WIDE,
    drawable,
    legend,
    line,
    lines,
    look,
    new_figure,
    small_multiples,
    styled,
    time_axis,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["backtest_windows", "fan_chart", "levels", "single_windows"]

SHOWN = 12
"""Values before a cutoff that are drawn at least."""
FAINT = 0.17
"""How strongly a band is painted; the narrower lies upon the wider, so that it is darker."""
UNSURE_DASH = (0, (2, 2))
"""Of the ends of a band that no errors speak for."""


def levels(frame: pd.DataFrame) -> list[str]:
    """Return the levels (``"95"``, ``"80"``) for which a forecast frame holds bands, widest first."""
    known = [c[3:] for c in frame.columns if c.startswith("lo-") and f"hi-{c[3:]}" in frame.columns]
    held = [n for n in known if frame[[f"lo-{n}", f"hi-{n}"]].notna().all(axis=1).any()]
    return sorted(held, key=float, reverse=True)


@styled
def fan_chart(
    history: pd.DataFrame,
    *,
    forecasts: pd.DataFrame,
    model: str,
    runner_up: str | None = None,
    season_length: int = 1,
    uncalibrated: Collection[str] = (),
) -> Figure:
    """Draw the end of the history and what `model` expects next, with its bands, and upon it the runner-up, thinner.

    Parameters
    ----------
    history : DataFrame
        Series frame of the series to draw: one, or a handful as small multiples.
    forecasts : DataFrame
        Forecast frame; bands are drawn for the levels it holds.
    model, runner_up : str
        The model with the bands, and the one shown beside it.
    season_length : int
        Of the history, two seasons or three horizons are shown, whichever is longer, but never less than 12 values; and
        never more than eight horizons, for the forecast is what is looked at.
    uncalibrated : collection of str
        Levels whose bands nothing speaks for but the model itself: dashed, and said to be so.
    """
    ids = list(dict.fromkeys(history["unique_id"]))
    figure, axes = small_multiples(ids, single=(7.2, 4.0))
    horizon = int(forecasts["step"].max())
    shown = max(SHOWN, 3 * horizon, min(2 * season_length, 8 * horizon))
    for ax, name in zip(axes, ids, strict=True):
        past = history[history["unique_id"] == name].tail(shown)
        ahead = forecasts[forecasts["unique_id"] == name]
        ax.plot(past["ds"], past["y"], color=INK, linewidth=1.2)
        _fan(ax, past, ahead[ahead["model"] == model], model=model, uncalibrated=uncalibrated, width=2.2)
        if runner_up is not None:
            _thread(ax, past, ahead[ahead["model"] == runner_up], model=runner_up, width=1.2)
        ax.axvline(past["ds"].iloc[-1], color=MUTED, linestyle=(0, (4, 3)), linewidth=0.9)
        time_axis(ax, history["ds"])
    bands = _swatches(forecasts[forecasts["model"] == model], look(model).colour, uncalibrated)
    legend(figure, [line("history", INK), *lines([model]), *bands, *lines([runner_up] if runner_up else [])])
    return figure


def _fan(
    ax: Axes, past: pd.DataFrame, rows: pd.DataFrame, *, model: str, uncalibrated: Collection[str], width: float
) -> None:
    """Draw the bands of `model` from the last value on, then its line."""
    for level in levels(rows):
        band = rows[["ds", f"lo-{level}", f"hi-{level}"]].dropna()
        x, low = _from_last(past, band["ds"], band[f"lo-{level}"])
        _, high = _from_last(past, band["ds"], band[f"hi-{level}"])
        if level in uncalibrated:
            for end in (low, high):
                ax.plot(x, end, color=look(model).colour, linestyle=UNSURE_DASH, linewidth=0.9)
        else:
            ax.fill_between(x, low, high, color=look(model).colour, alpha=FAINT, linewidth=0)
    _thread(ax, past, rows, model=model, width=width)


def _swatches(rows: pd.DataFrame, colour: str, uncalibrated: Collection[str]) -> list[Artist]:
    """Return for each band, the narrowest first, what it looks like, for a legend."""
    from matplotlib.patches import Patch

    painted = [level for level in levels(rows) if level not in uncalibrated]
    swatches: list[Artist] = []
    for level in reversed(levels(rows)):
        if level in uncalibrated:
            swatches.append(line(f"{level}% not calibrated", colour, UNSURE_DASH))
        else:
            strength = 1 - (1 - FAINT) ** (1 + painted.index(level))
            swatches.append(Patch(color=colour, alpha=strength, linewidth=0, label=f"{level}% band"))
    return swatches


def _thread(ax: Axes, past: pd.DataFrame, rows: pd.DataFrame, *, model: str, width: float) -> None:
    """Draw one forecast from the last value on, or nothing where there is no forecast."""
    if not rows.empty:
        x, y = _from_last(past, rows["ds"], rows["y_hat"])
        ax.plot(x, y, color=look(model).colour, linestyle=look(model).dash, linewidth=width)


@styled
def backtest_windows(history: pd.DataFrame, *, backtest: pd.DataFrame, models: Sequence[str]) -> Figure:
    """Draw what happened over the tested span and what `models` had forecast from each cutoff."""
    ids = list(dict.fromkeys(history["unique_id"]))
    figure, axes = small_multiples(ids, single=(WIDE, 3.6))
    for ax, name in zip(axes, ids, strict=True):
        rows = backtest[(backtest["unique_id"] == name) & backtest["model"].isin(models)]
        actual = history[history["unique_id"] == name].reset_index(drop=True)
        cutoffs = rows["cutoff"].drop_duplicates()
        first = int((actual["ds"] < cutoffs.min()).sum()) if len(cutoffs) else 0
        context = max(2, (len(actual) - first) // 6)
        ax.plot(actual["ds"][max(0, first - context) :], actual["y"][max(0, first - context) :], color=INK)
        for cutoff, window in rows.groupby("cutoff"):
            past = actual[actual["ds"] <= cutoff]
            for model in reversed(models):
                _thread(ax, past, window[window["model"] == model], model=model, width=1.5)
            ax.axvline(cutoff, color=MUTED, linestyle=(0, (1, 3)), linewidth=0.8)
        time_axis(ax, history["ds"])
    legend(figure, [line("actual", INK), *lines(models), line("cutoffs", MUTED, (0, (1, 3)))])
    return figure


@styled
def single_windows(
    history: pd.DataFrame, *, backtest: pd.DataFrame, models: Sequence[str], titles: Mapping[Any, str]
) -> Figure:
    """Draw some windows of one series, a panel each, all over the same range of values.

    Parameters
    ----------
    history : DataFrame
        Series frame of one series.
    backtest : DataFrame
        Forecast frame of the same series.
    models : sequence of str
        Whose forecasts are drawn; those of the first with its bands.
    titles : mapping of cutoff to str
        What stands above each panel; at most six look well.
    """
    columns = min(3, len(titles))
    figure = new_figure(WIDE, 0.5 + 2.1 * -(-len(titles) // columns))
    axes = figure.subplots(-(-len(titles) // columns), columns, sharey=True, squeeze=False).ravel()
    for ax in axes[len(titles) :]:
        ax.set_visible(False)
    for ax, (cutoff, title) in zip(axes, titles.items(), strict=False):
        rows = backtest[backtest["cutoff"] == cutoff]
        past, came = history[history["ds"] <= cutoff], history[history["ds"] <= rows["ds"].max()]
        ahead = len(came) - len(past)
        shown = came.tail(ahead + max(SHOWN, 2 * ahead))
        ax.plot(shown["ds"], shown["y"], color=INK)
        _fan(ax, past, rows[rows["model"] == models[0]], model=models[0], uncalibrated=(), width=1.9)
        for model in models[1:]:
            _thread(ax, past, rows[rows["model"] == model], model=model, width=1.2)
        ax.axvline(cutoff, color=MUTED, linestyle=(0, (4, 3)), linewidth=0.8)
        ax.set_title(drawable(title))
        time_axis(ax, history["ds"])
        ax.tick_params("x", labelsize=8)
    legend(figure, [line("actual", INK), *lines(models)])
    return figure


def _from_last(
    past: pd.DataFrame, times: pd.Series[Any], values: pd.Series[float]
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Put the last known value before a forecast, so that it hangs on the history and one step is a line too."""
    last = past.tail(1).dropna(subset="y")
    return np.r_[last["ds"].to_numpy(), times.to_numpy()], np.r_[last["y"].to_numpy(), values.to_numpy()]
