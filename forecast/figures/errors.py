"""Errors drawn: of each model beside seasonal naive, by the step ahead and by the cutoff.

The idea: errors are positive and lower is better in every picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecast.figures.canvas import HIGH, INK, LOW, MUTED, WIDE, drawable, label_ends, look, new_figure, styled

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "comparable_errors",
    "error_by_cutoff",
    "error_by_step",
    "error_tiles",
    "paired_errors",
    "ratio_dots",
    "step_errors",
    "window_errors",
]

MOST_WRITTEN = 200
"""Tiles of which each carries its number; with more, colours must do."""


def comparable_errors(backtest: pd.DataFrame) -> pd.DataFrame:
    """Return the backtest with its absolute errors as a column ``error``.

    With several series, each error is divided by the mean error of seasonal naive on the same series, so that no series
    counts for more because its numbers are larger; NaN where that made none.
    """
    scored = backtest.assign(error=(backtest["y"] - backtest["y_hat"]).abs())
    if len(scored["unique_id"].unique()) > 1:
        scale = scored[scored["model"] == "seasonal_naive"].groupby("unique_id")["error"].mean()
        scored["error"] /= scored["unique_id"].map(scale[scale > 0])
    return scored


def step_errors(backtest: pd.DataFrame) -> pd.DataFrame:
    """Return the mean error of each model at each step, [steps, models], as `comparable_errors` counts it."""
    scored = comparable_errors(backtest)
    return scored.pivot_table(index="step", columns="model", values="error", aggfunc="mean")


def window_errors(backtest: pd.DataFrame) -> pd.DataFrame:
    """Return the mean error of each model in each window of each series, as `comparable_errors` counts it."""
    scored = comparable_errors(backtest)
    return scored.pivot_table(index=["unique_id", "cutoff"], columns="model", values="error", aggfunc="mean")


@styled
def ratio_dots(
    leaderboard: pd.DataFrame, *, ends: Mapping[str, tuple[float, float]] | None = None, limit: float = 3.0
) -> Figure:
    """Draw the error of each model as a share of seasonal naive's, with a line at 1; left of it is better.

    Ratios above `limit` stand at the edge, with their number beside them; `ends` are the intervals of the ratios, and
    one that goes on beyond the edge has no cap there.
    """
    ratios = 1 - leaderboard.set_index("model")["skill"].dropna()
    reach = [high for model, (_, high) in (ends or {}).items() if model in ratios]
    edge = min(limit, max(1.25, float(ratios.max()), *reach))
    figure = new_figure(5.4, 1.0 + 0.5 * len(ratios))
    ax = figure.add_subplot()
    ax.axvline(1, color=INK, linewidth=1)
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    for row, (model, ratio) in enumerate(ratios.items()):
        style, x = look(str(model)), min(float(ratio), edge)
        ax.hlines(row, min(x, 1), max(x, 1), color=style.colour, linewidth=2, alpha=0.45)
        if ends and model in ends:
            low, high = np.minimum(ends[str(model)], 1.08 * edge)
            ax.hlines(row, low, high, color=INK, linewidth=1)
            caps = [end for end in ends[str(model)] if end <= edge]
            ax.plot(caps, [row] * len(caps), "|", color=INK, markersize=7)
        ax.plot(x, row, color=style.colour, marker=style.marker, markersize=8)
        beyond = " →" if ratio > edge else ""
        text = f"{ratio:.2f}{beyond}"
        ax.annotate(text, (x, row), (0, 8), textcoords="offset points", ha="center", weight="bold", bbox=behind)
    ax.set_xlim(0, edge * 1.08)
    ax.set_ylim(len(ratios) - 0.5, -0.7)
    ax.set_yticks(range(len(ratios)), [drawable(str(model)) for model in ratios.index], color=INK)
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")
    ax.set_xlabel("error as a share of seasonal naive's (below 1 is better)")
    return figure


@styled
def error_by_step(
    errors: pd.DataFrame, *, unit: str = "mean absolute error", dots: pd.DataFrame | None = None
) -> Figure:
    """Draw how the error of each model grows with the step ahead; `errors` is what `step_errors` returns.

    `dots` are the errors of the first model alone, a row a step and a column a window, drawn faintly behind.
    """
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(WIDE, 3.3)
    ax = figure.add_subplot()
    if dots is not None:
        colour = look(str(errors.columns[0])).colour
        ax.plot(dots.index, dots.to_numpy(), "o", color=colour, markersize=3, alpha=0.25, markeredgewidth=0)
    _lines_of_models(ax, errors)
    ax.xaxis.set_major_locator(MaxNLocator(12, integer=True, min_n_ticks=1))
    ax.set_xlabel("steps ahead")
    ax.set_ylabel(unit)
    return figure


@styled
def error_by_cutoff(errors: pd.DataFrame, *, unit: str = "mean absolute error") -> Figure:
    """Draw the error of each model in each window: `errors` has a row for each cutoff and a column for each model."""
    figure = new_figure(WIDE, 3.3)
    ax = figure.add_subplot()
    _lines_of_models(ax, errors)
    if errors.index.dtype.kind == "i":
        ax.locator_params("x", integer=True)
    ax.set_xlabel("cutoff")
    ax.set_ylabel(unit)
    return figure


def _lines_of_models(ax: Axes, errors: pd.DataFrame) -> None:
    """Draw a line for each model, named at its end."""
    ends = []
    for model in errors.columns:
        style, known = look(model), errors[model].dropna()
        every = max(1, len(known) // 24)
        ax.plot(known.index, known, color=style.colour, linestyle=style.dash, marker=style.marker, markevery=every)
        ends.append((float(known.iloc[-1]), model, style.colour))
    ax.set_ylim(bottom=0)
    ax.margins(x=0.02)
    label_ends(ax, ends)


@styled
def paired_errors(errors: pd.DataFrame) -> Figure:
    """Draw the errors of two models against each other, a dot a window; below the diagonal the first is better.

    `errors` has two columns, the models: the first goes up, the second to the right.
    """
    first, second = errors.columns
    figure = new_figure(5.4, 5.0)
    ax = figure.add_subplot()
    reach = 1.08 * float(errors.to_numpy().max()) or 1.0
    ax.plot([0, reach], [0, reach], color=INK, linewidth=0.9)
    ax.fill_between([0, reach], [0, reach], color=look(first).colour, alpha=0.07, linewidth=0)
    size, strength = (3.0, 0.4) if len(errors) > 200 else (6.0, 0.8)
    ax.plot(errors[second], errors[first], "o", color=look(first).colour, markersize=size, alpha=strength)
    ax.set_xlim(0, reach)
    ax.set_ylim(0, reach)
    ax.set_aspect("equal")
    ax.grid(visible=True, axis="x")
    ax.set_xlabel(f"error of {drawable(second)}")
    ax.set_ylabel(f"error of {drawable(first)}")
    for place, name, side in (((0.97, 0.03), first, "right"), ((0.03, 0.97), second, "left")):
        ax.annotate(f"{drawable(name)} better", place, xycoords="axes fraction", ha=side, color=MUTED,
                    va="bottom" if side == "right" else "top")  # fmt: skip
    return figure


@styled
def error_tiles(table: pd.DataFrame, *, labels: tuple[str, str]) -> Figure:
    """Draw mean errors as tiles: rows and columns of `table`; blue where forecasts were too low, orange too high.

    Parameters
    ----------
    table : DataFrame
        Forecast minus value, on average; NaN where nothing was tested.
    labels : tuple of str
        What rows and columns are.
    """
    from matplotlib.colors import LinearSegmentedColormap

    rows, columns = table.shape
    figure = new_figure(WIDE, 1.3 + 0.36 * min(rows, 16))
    ax = figure.add_subplot()
    values = table.to_numpy(np.float64)
    reach = float(np.nanmax(np.abs(values))) or 1.0
    colours = LinearSegmentedColormap.from_list("errors", [LOW, "#f7f7f7", HIGH])
    drawn = ax.imshow(values, cmap=colours, vmin=-reach, vmax=reach, aspect="auto", interpolation="nearest")
    ax.set_xticks(range(columns), [drawable(str(name)) for name in table.columns])
    every = max(1, -(-rows // 16))
    ax.set_yticks(range(0, rows, every), [drawable(str(name)) for name in table.index[::every]])
    ax.grid(visible=False)
    if rows * columns <= MOST_WRITTEN:
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                ink = "white" if abs(value) > 0.6 * reach else INK
                ax.text(column, row, f"{value:+.2g}", ha="center", va="center", color=ink, fontsize=8)
    ax.set_ylabel(labels[0])
    ax.set_xlabel(labels[1])
    bar = figure.colorbar(drawn, ax=ax, pad=0.01, aspect=12)
    bar.outline.set_visible(False)
    bar.ax.set_ylim(min(0.0, float(np.nanmin(values))), max(0.0, float(np.nanmax(values))) or reach)
    bar.set_label("forecast minus value")
    return figure
