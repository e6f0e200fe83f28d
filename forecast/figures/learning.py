"""How the network learned, and what it uses: its losses, the range test of its rate, the worth of its inputs.

The idea: losses fall over several sizes, so they are drawn on a logarithmic axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.figures.canvas import INK, MUTED, WIDE, drawable, label_ends, look, new_figure, short, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["importance_bars", "learning_rate_curve", "score_strip", "training_curves"]

MOST_ROWS = 20
"""Inputs beside the lags that are drawn."""


@styled
def training_curves(training: pd.DataFrame) -> Figure:
    """Draw the loss of each network of the ensemble while it learned, and below it the learning rate.

    A dot marks the lowest validation loss of each member.
    """
    from matplotlib.ticker import LogLocator, MaxNLocator

    figure, blue = new_figure(WIDE, 3.9), look("mlp").colour
    ax, below = figure.subplots(2, height_ratios=(4, 1), sharex=True)
    losses = training[["train_loss", "val_loss"]]
    losses = losses.where(np.isfinite(losses) & (losses > 0))
    for _, rows in training.assign(**losses).groupby("member"):
        ax.plot(rows["step"], rows["train_loss"], color=MUTED, linewidth=0.9, alpha=0.55)
        checked = rows.dropna(subset="val_loss")
        ax.plot(checked["step"], checked["val_loss"], color=blue, linewidth=1.3)
        best = checked.nsmallest(1, "val_loss")
        ax.plot(best["step"], best["val_loss"], color=blue, marker="o", markersize=6, markeredgecolor="white", zorder=4)
    low, high = float(np.nanmin(losses)), float(np.nanmax(losses))
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(MaxNLocator(5) if high < 10 * low else LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter(short)
    ax.yaxis.set_minor_formatter(lambda *_: "")
    ax.set_ylabel("loss (log)")
    last = losses.ffill().iloc[-1]
    label_ends(ax, [(float(last["train_loss"]), "training", MUTED), (float(last["val_loss"]), "validation", blue)])
    rate = training.drop_duplicates("step").sort_values("step")
    below.plot(rate["step"], rate["learning_rate"], color=INK, linewidth=1.1)
    below.set_ylim(0, float(rate["learning_rate"].max()) * 1.2)
    below.set_yticks([0, float(rate["learning_rate"].max())])
    below.yaxis.set_major_formatter(short)
    below.set_ylabel("learning\nrate")
    below.set_xlabel("training step")
    return figure


@styled
def learning_rate_curve(rates: NDArray[Any], losses: NDArray[Any], *, proposed: float) -> Figure:
    """Draw the loss of a learning-rate range test over the rate, with a line at the proposed one."""
    from matplotlib.ticker import LogLocator

    figure, blue = new_figure(WIDE, 3.3), look("mlp").colour
    ax = figure.add_subplot()
    ax.plot(rates, losses, color=blue)
    ax.axvline(proposed, color=MUTED, linestyle=(0, (4, 3)))
    ax.annotate(f"{proposed:.2g}", (proposed, 1), (4, -4), xycoords=("data", "axes fraction"),
                textcoords="offset points", va="top", color=MUTED)  # fmt: skip
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(short)
    ax.yaxis.set_major_formatter(short)
    ax.yaxis.set_minor_formatter(lambda *_: "")
    ax.set_xlabel("learning rate")
    ax.set_ylabel("loss (log)")
    return figure


@styled
def importance_bars(found: pd.DataFrame) -> Figure:
    """Draw what each input is worth, with two standard errors: the lags as upright bars, all others as rows.

    `found` is what `forecast.explain.importance` returns.
    """
    blue = look("mlp").colour
    lags, beside = found[found["kind"] == "lag"], found[found["kind"] != "lag"].head(MOST_ROWS)
    figure = new_figure(WIDE, 3.1 + 0.3 * len(beside))
    heights = (8, len(beside) + 1.5) if len(beside) else (1,)
    axes = figure.subplots(len(heights), 1, height_ratios=heights, squeeze=False).ravel()
    places = np.arange(len(lags))
    axes[0].bar(places, lags["importance"], color=blue, alpha=0.55)
    axes[0].errorbar(places, lags["importance"], 2 * lags["standard_error"], fmt="none", ecolor=INK, elinewidth=0.9)
    every = max(1, -(-len(lags) // 24))
    axes[0].set_xticks(places[::every], list(lags["name"].astype(str))[::every])
    axes[0].axhline(0, color=INK, linewidth=0.8)
    axes[0].set_xlabel("steps back")
    axes[0].set_ylabel("error grows by, %")
    axes[0].margins(x=0.01)
    if len(beside):
        rows, ax = np.arange(len(beside)), axes[1]
        ax.barh(rows, beside["importance"], color=blue, alpha=0.55)
        ax.errorbar(
            beside["importance"], rows, xerr=2 * beside["standard_error"], fmt="none", ecolor=INK, elinewidth=0.9
        )
        ax.set_yticks(rows, [drawable(str(name)) for name in beside["name"]])
        ax.set_ylim(len(beside) - 0.5, -0.5)
        ax.axvline(0, color=INK, linewidth=0.8)
        ax.grid(visible=False, axis="y")
        ax.grid(visible=True, axis="x")
        ax.set_xlabel("error grows by, %")
    return figure


@styled
def score_strip(rows: pd.DataFrame, *, label: str) -> Figure:
    """Draw a row of dots for each name, all scores of its seeds or members, with a bar at their median.

    Parameters
    ----------
    rows : DataFrame
        ``name, score`` and, where one dot is of the run itself, ``chosen``.
    label : str
        What is scored.
    """
    names = list(dict.fromkeys(rows["name"]))
    figure = new_figure(WIDE, 1.0 + 0.5 * len(names))
    ax = figure.add_subplot()
    for place, name in enumerate(names):
        own, style = rows[rows["name"] == name], look(str(name))
        colour = style.colour if style.colour != MUTED else look("mlp").colour
        ax.plot(own["score"], np.full(len(own), place), "o", color=colour, alpha=0.55, markersize=8, markeredgewidth=0)
        ax.plot([own["score"].median()] * 2, [place - 0.3, place + 0.3], color=INK, linewidth=1.6)
    ax.set_yticks(range(len(names)), [drawable(str(name)) for name in names], color=INK)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")
    ax.margins(x=0.06)
    ax.set_xlabel(label)
    return figure
