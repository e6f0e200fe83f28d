"""What repeats itself in the data: one season over the other, and what goes together over which distance.

The idea: both are drawn from the values alone, before any model, so that a reader sees what there is to be learned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.figures.canvas import INK, MUTED, WIDE, drawable, label_ends, look, new_figure, styled
from forecast.figures.residuals import autocorrelations

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["correlograms", "partial_autocorrelations", "seasonal_lines"]

MOST_SEASONS = 24
"""Seasons that are drawn: the latest."""
MOST_TICKS = 24


@styled
def seasonal_lines(table: pd.DataFrame, *, label: str) -> Figure:
    """Draw a line for each season, the older the paler, with the latest in colour and the mean of all in black.

    Parameters
    ----------
    table : DataFrame
        A row for each season, a column for each place in it; NaN where nothing is known.
    label : str
        What the places are.
    """
    from matplotlib.colors import to_rgb

    drawn = table.tail(MOST_SEASONS)
    figure = new_figure(WIDE, 3.4)
    ax, places = figure.add_subplot(), np.arange(table.shape[1])
    last, shades = len(drawn) - 1, np.linspace(0.82, 0.45, max(1, len(drawn) - 1))
    for row, (_, values) in enumerate(drawn.iterrows()):
        colour: Any = look("mlp").colour if row == last else (float(shades[row]),) * 3
        ax.plot(places, values, color=to_rgb(colour), linewidth=1.9 if row == last else 1.0, marker="o", markersize=2.5)
    ax.plot(places, table.mean(), color=INK, linestyle=(0, (4, 2)), linewidth=1.4)
    ends = [(_last(table.mean()), "mean", INK), (_last(drawn.iloc[last]), str(drawn.index[last]), look("mlp").colour)]
    if last:
        ends.append((_last(drawn.iloc[0]), str(drawn.index[0]), MUTED))
    every = max(1, -(-len(places) // MOST_TICKS))
    ax.set_xticks(places[::every], [drawable(str(name)) for name in table.columns[::every]])
    ax.set_xlabel(label)
    ax.margins(x=0.02)
    label_ends(ax, ends)
    return figure


def _last(values: pd.Series[float]) -> float:
    known = values.dropna()
    return float(known.iloc[-1]) if len(known) else float("nan")


def partial_autocorrelations(found: Floats) -> Floats:
    """Return the partial autocorrelations [lags] that follow from autocorrelations [lags] (Durbin 1960).

    The last coefficient of the autoregression of each order, by the recursion of Levinson and Durbin.

    Examples
    --------
    >>> partial_autocorrelations(np.array([0.5, 0.25, 0.125])).round(6).tolist()
    [0.5, 0.0, 0.0]
    """
    phi, partial, error = np.empty(0), np.empty(len(found)), 1.0
    for k in range(len(found)):
        known = found[:k]
        partial[k] = last = (found[k] - phi @ known[::-1]) / error if error > 0 else 0.0
        phi = np.r_[phi - last * phi[::-1], last]
        error *= 1.0 - last**2
    return partial


@styled
def correlograms(values: Floats, *, lags: int, season_length: int = 1) -> Figure:
    """Draw autocorrelations and partial autocorrelations of values [T] by lag, and where those of noise would lie."""
    figure = new_figure(WIDE, 3.2)
    left, right = figure.subplots(1, 2, sharey=True)
    whole = autocorrelations(values, lags)
    limit = 1.96 / np.sqrt(np.isfinite(values).sum())
    _bars(left, whole, limit, season_length)
    _bars(right, partial_autocorrelations(whole), limit, season_length)
    left.set_title("Autocorrelation")
    right.set_title("Partial autocorrelation")
    return figure


def _bars(ax: Axes, found: Floats, limit: float, season_length: int) -> None:
    steps = np.arange(1, len(found) + 1)
    ax.axhspan(-limit, limit, color=MUTED, alpha=0.13, linewidth=0)
    ax.axhline(0, color=INK, linewidth=0.8)
    at_season = (steps % season_length == 0) if season_length > 1 else np.zeros(len(steps), dtype=bool)
    for chosen, colour in ((~at_season, MUTED), (at_season, look("arima").colour)):
        ax.vlines(steps[chosen], 0, found[chosen], color=colour, linewidth=2)
        ax.plot(steps[chosen], found[chosen], "o", color=colour)
    ax.locator_params("x", integer=True)
    ax.set_xlabel("steps apart")
