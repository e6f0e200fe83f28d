"""Errors drawn: of each model beside seasonal naive, and by the step ahead.

The idea: errors are positive and lower is better in every picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecast.figures.canvas import INK, WIDE, drawable, label_ends, look, new_figure, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["error_by_step", "ratio_dots", "step_errors"]


def step_errors(backtest: pd.DataFrame) -> pd.DataFrame:
    """Return the mean absolute error of each model at each step of the horizon, [steps, models].

    With several series, each error is first divided by the mean error of seasonal naive on the same series, so that
    no series counts for more because its numbers are larger.
    """
    scored = backtest.assign(error=(backtest["y"] - backtest["y_hat"]).abs())
    if len(scored["unique_id"].unique()) > 1:
        scale = scored[scored["model"] == "seasonal_naive"].groupby("unique_id")["error"].mean()
        scored["error"] /= scored["unique_id"].map(scale[scale > 0])
    return scored.pivot_table(index="step", columns="model", values="error", aggfunc="mean")


@styled
def ratio_dots(leaderboard: pd.DataFrame, *, limit: float = 3.0) -> Figure:
    """Draw the error of each model as a share of seasonal naive's, with a line at 1; left of it is better.

    Ratios above `limit` stand at the edge, with their number beside them.
    """
    ratios = 1 - leaderboard.set_index("model")["skill"].dropna()
    edge = min(limit, max(1.25, float(ratios.max())))
    figure = new_figure(5.4, 1.0 + 0.5 * len(ratios))
    ax = figure.add_subplot()
    ax.axvline(1, color=INK, linewidth=1)
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    for row, (model, ratio) in enumerate(ratios.items()):
        style, x = look(str(model)), min(float(ratio), edge)
        ax.hlines(row, min(x, 1), max(x, 1), color=style.colour, linewidth=2, alpha=0.45)
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
def error_by_step(errors: pd.DataFrame, *, unit: str = "mean absolute error") -> Figure:
    """Draw how the error of each model grows with the step ahead; `errors` is what `step_errors` returns."""
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(WIDE, 3.3)
    ax = figure.add_subplot()
    ends = []
    for model in errors.columns:
        style, known = look(model), errors[model].dropna()
        ax.plot(
            known.index,
            known,
            color=style.colour,
            linestyle=style.dash,
            marker=style.marker,
            markevery=max(1, len(known) // 24),
        )
        ends.append((float(known.iloc[-1]), model, style.colour))
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_locator(MaxNLocator(12, integer=True, min_n_ticks=1))
    ax.set_xlabel("steps ahead")
    ax.set_ylabel(unit)
    ax.margins(x=0.02)
    label_ends(ax, ends)
    return figure
