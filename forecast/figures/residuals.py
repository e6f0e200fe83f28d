"""What a fit left unexplained: its one-step errors over time, their sizes, what goes together, and their tails.

The idea: noise looks the same from all four sides, so whatever has a shape here was not used by the model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from forecast.figures.canvas import INK, MUTED, RED, WIDE, look, new_figure, styled, time_axis

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["autocorrelations", "residual_panels"]


def autocorrelations(errors: Floats, lags: int) -> Floats:
    """Return the autocorrelations [lags] of errors [T] at 1 to `lags` steps; a pair with a NaN counts for nothing.

    ``r_k = sum_t e_t e_{t-k} / sum_t e_t^2`` of errors less their mean (Box & Jenkins 1976, section 2.1.5).

    Examples
    --------
    >>> autocorrelations(np.array([1.0, -1.0, 1.0, -1.0]), 2).tolist()
    [-0.75, 0.5]
    """
    e = errors - np.nanmean(errors)
    found: Floats = np.array([np.nansum(e[k:] * e[: len(e) - k]) for k in range(1, lags + 1)]) / np.nansum(e**2)
    return found


@styled
def residual_panels(errors: pd.DataFrame, *, model: str, lags: int) -> Figure:
    """Draw the one-step errors of a fit in four panels: over time, as a histogram, their autocorrelations, and Q-Q.

    Parameters
    ----------
    errors : DataFrame
        Columns ``ds, residual`` of one series, NaN where there is no error, not all of them equal.
    model : str
        Whose errors they are.
    lags : int
        Autocorrelations at 1 to `lags` steps are drawn.
    """
    figure = new_figure(WIDE, 5.4)
    (over_time, sizes), (together, tails) = figure.subplots(2, 2)
    colour, e = look(model).colour, errors["residual"].to_numpy(np.float64)
    known = e[np.isfinite(e)]
    over_time.axhline(0, color=INK, linewidth=0.8)
    over_time.plot(errors["ds"], e, color=colour, linewidth=0.9, marker="o" if len(known) < 300 else "", markersize=2.5)
    time_axis(over_time, errors["ds"])
    _histogram(sizes, known, colour)
    _correlogram(together, autocorrelations(e, lags), len(known), colour)
    _quantiles(tails, known, colour)
    titles = ("Over time", "How large", "What goes together", "Against a normal distribution")
    for ax, title in zip(figure.axes, titles, strict=True):
        ax.set_title(title)
    return figure


def _histogram(ax: Axes, errors: Floats, colour: str) -> None:
    """Draw how often errors of each size are, and the normal curve of their mean and standard deviation."""
    counts, edges, _ = ax.hist(errors, bins=int(np.clip(np.sqrt(len(errors)), 5, 30)), color=colour, alpha=0.45)
    x: NDArray[Any] = np.linspace(edges[0], edges[-1], 100)
    mean, sd = errors.mean(), errors.std()
    area = np.sum(counts) * (edges[1] - edges[0])
    ax.plot(x, area * np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi)), color=INK, linewidth=1)
    ax.locator_params("x", nbins=6)
    ax.set_xlabel("error")
    ax.set_ylabel("how many")


def _correlogram(ax: Axes, found: Floats, n: int, colour: str) -> None:
    """Draw the autocorrelations by lag, and within dashes where those of noise lie 95 times of 100."""
    steps, limit = np.arange(1, len(found) + 1), 1.96 / np.sqrt(n)
    ax.axhline(0, color=INK, linewidth=0.8)
    for end in (-limit, limit):
        ax.axhline(end, color=MUTED, linestyle=(0, (4, 3)), linewidth=0.9)
    ax.vlines(steps, 0, found, color=colour, linewidth=1.6)
    outside = np.abs(found) > limit
    ax.plot(steps[~outside], found[~outside], "o", color=colour)
    ax.plot(steps[outside], found[outside], "D", color=RED)
    reach = max(1.15 * float(np.max(np.abs(found))), 2 * limit)
    ax.set_ylim(-reach, reach)
    ax.locator_params("x", integer=True)
    ax.set_xlabel("steps apart")
    ax.set_ylabel("autocorrelation")


def _quantiles(ax: Axes, errors: Floats, colour: str) -> None:
    """Draw the sorted errors against normal quantiles of (i - 3/8) / (n + 1/4) (Blom 1958), and their line."""
    n = len(errors)
    normal = ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25))
    ax.plot(normal, errors.mean() + errors.std() * normal, color=INK, linewidth=0.9)
    ax.plot(normal, np.sort(errors), "o", color=colour, markersize=3)
    ax.set_xlabel("normal quantile")
    ax.set_ylabel("error")
