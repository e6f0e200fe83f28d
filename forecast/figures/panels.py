"""Many series in one picture: how the models compare on each, and where in the panel errors are large.

The idea: of a thousand series no line can be followed, but their distribution can be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecast.figures.canvas import HIGH, INK, LOW, MUTED, WIDE, drawable, label_ends, look, new_figure, short, styled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.figure import Figure

    from forecast.figures.canvas import End

__all__ = ["error_map", "ratio_curve", "scatter_of_series"]

EDGES = (0.2, 5.0)
"""Ratios beyond are drawn at these edges."""


@styled
def ratio_curve(ratios: pd.DataFrame, *, reference: str) -> Figure:
    """Draw the share of series on which the ratio of errors to `reference` is at most x, a line a model.

    Parameters
    ----------
    ratios : DataFrame
        A row for each series, a column for each model; NaN where there is no ratio.
    reference : str
        Whose errors they are relative to: the line at 1.
    """
    figure = new_figure(WIDE, 3.6)
    ax = figure.add_subplot()
    ends: list[End] = []
    for model in ratios.columns:
        known = np.sort(np.clip(ratios[model].dropna(), *EDGES))
        share = 100.0 * np.arange(1, len(known) + 1) / len(known)
        style = look(str(model))
        ax.step(known, share, where="post", color=style.colour, linestyle=style.dash, linewidth=1.5)
        ends.append((float(np.searchsorted(known, 1.0) / len(known) * 100.0), str(model), style.colour))
    ax.axvline(1, color=INK, linewidth=0.9)
    ax.set_xscale("log")
    ax.set_xlim(*EDGES)
    ax.set_xticks([0.2, 0.5, 1, 2, 5], ["0.2", "0.5", "1", "2", "5"])
    ax.minorticks_off()
    ax.set_ylim(0, 101)
    ax.grid(visible=True, axis="x")
    ax.set_xlabel(f"error as a share of that of {drawable(reference)}, on the same series (log)")
    ax.set_ylabel("series with at most this, percent")
    label_ends(ax, [(height, f"{name} {height:.0f}%", colour) for height, name, colour in ends])
    return figure


@styled
def scatter_of_series(errors: pd.DataFrame) -> Figure:
    """Draw a dot for each series: the error of the second model to the right, that of the first upwards, both log."""
    from matplotlib.ticker import LogLocator

    first, second = errors.columns
    figure = new_figure(5.4, 4.8)
    ax = figure.add_subplot()
    known = errors[(errors > 0).all(axis=1)]
    low, high = 0.8 * float(known.to_numpy().min()), 1.25 * float(known.to_numpy().max())
    ax.plot([low, high], [low, high], color=INK, linewidth=0.9)
    ax.fill_between([low, high], [low, high], low, color=look(first).colour, alpha=0.07, linewidth=0)
    strength = 0.8 if len(known) < 100 else 0.35
    size = 5.0 if len(known) < 100 else 3.0
    ax.plot(known[second], known[first], "o", color=look(first).colour, markersize=size, alpha=strength,
            markeredgewidth=0, rasterized=True)  # fmt: skip
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlim(low, high)
    ax.set_ylim(low, high)
    ax.set_aspect("equal")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,)))
        axis.set_major_formatter(short)
        axis.set_minor_formatter(lambda *_: "")
    ax.grid(visible=True, axis="x")
    ax.set_xlabel(f"error of {drawable(second)} (log)")
    ax.set_ylabel(f"error of {drawable(first)} (log)")
    ax.annotate(f"{drawable(first)} better", (0.97, 0.03), xycoords="axes fraction", ha="right", color=MUTED)
    return figure


@styled
def error_map(table: pd.DataFrame, *, labels: Sequence[str], unit: str) -> Figure:
    """Draw errors as tiles, the darker the larger; rows and columns of `table` are groups of series and steps."""
    from matplotlib.colors import LinearSegmentedColormap, LogNorm

    values = table.to_numpy(np.float64)
    known = values[np.isfinite(values) & (values > 0)]
    reach = max(1.5, float(np.max(known)), float(1.0 / np.min(known)))
    figure = new_figure(WIDE, 1.2 + 0.36 * len(table))
    ax = figure.add_subplot()
    colours = LinearSegmentedColormap.from_list("errors", [LOW, "#f7f7f7", HIGH])
    drawn = ax.imshow(values, cmap=colours, norm=LogNorm(1 / reach, reach), aspect="auto", interpolation="nearest")
    every = max(1, -(-table.shape[1] // 24))
    ax.set_xticks(range(0, table.shape[1], every), [f"{step:g}" for step in table.columns[::every]])
    ax.set_yticks(range(len(table)), [drawable(str(name)) for name in table.index])
    ax.grid(visible=False)
    if table.shape[1] <= 18:
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                ink = "white" if abs(np.log(value)) > 0.6 * np.log(reach) else INK
                ax.text(column, row, f"{value:.2g}", ha="center", va="center", color=ink, fontsize=8)
    ax.set_ylabel(labels[0])
    ax.set_xlabel(labels[1])
    bar = figure.colorbar(drawn, ax=ax, pad=0.01, aspect=12)
    bar.outline.set_visible(False)
    bar.ax.minorticks_off()
    low, high = min(1.0, float(known.min())), max(1.0, float(known.max()))
    bar.ax.set_ylim(low, high)  # the colours that are drawn; a PNG of few colours would lose the others
    ends = sorted({low, 1.0, high})
    bar.set_ticks(ends, labels=[f"{end:.2g}" for end in ends])
    bar.set_label(unit)
    return figure
