"""Intervals held against what came: how often they covered, beside what was promised, and how wide they were.

The idea: a share of few cases is a range, so the range is drawn; the promise is a line it should hold.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from forecast.figures.canvas import (
    INK,
    MUTED,
    WIDE,
    drawable,
    label_ends,
    legend,
    line,
    look,
    new_figure,
    styled,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.figure import Figure

    from forecast.figures.canvas import End

__all__ = ["coverage_by_step", "reliability"]

DASHES = ("-", (0, (5, 2)), (0, (1, 1.5)), "-.")
"""One for each level, the widest first."""


@styled
def reliability(found: pd.DataFrame, *, models: Sequence[str]) -> Figure:
    """Draw what intervals covered over what they promised, with the range of each share; the diagonal is honest.

    Parameters
    ----------
    found : DataFrame
        A row for each model and level: ``model, interval, coverage, coverage_low, coverage_high`` in percent.
    models : sequence of str
        Which of them are drawn, side by side; at most four are told apart.
    """
    figure = new_figure(5.4, 4.6)
    ax = figure.add_subplot()
    levels = sorted(found["interval"].unique())
    first = max(0.0, levels[0] - 8.0)
    ax.plot([first, 100], [first, 100], color=INK, linewidth=0.9)
    width = min(1.4, min((b - a for a, b in pairwise(levels)), default=8.0) / (len(models) + 1))
    for place, model in enumerate(models):
        own, style = found[found["model"] == model], look(model)
        x = own["interval"] + (place - (len(models) - 1) / 2) * width
        ax.vlines(x, own["coverage_low"], own["coverage_high"], color=style.colour, alpha=0.45, linewidth=2)
        ax.plot(x, own["coverage"], color=style.colour, marker=style.marker, markersize=7, linestyle="")
    ax.set_xticks(levels, [f"{level:g}" for level in levels])
    ax.set_xlim(first, 102.5)
    ax.set_ylim(max(0.0, 0.96 * float(found["coverage_low"].min())), 101.5)
    ax.grid(visible=True, axis="x")
    ax.set_xlabel("promised, percent")
    ax.set_ylabel("covered, percent")
    legend(figure, [line(drawable(model), look(model).colour, "", look(model).marker) for model in models])
    return figure


@styled
def coverage_by_step(found: pd.DataFrame, *, model: str, levels: Sequence[str]) -> Figure:
    """Draw how often the intervals of `model` covered at each step, with its range, and how wide they were.

    Parameters
    ----------
    found : DataFrame
        A row for each step, ``step`` and for each level ``coverage-80, coverage_low-80, coverage_high-80`` in percent
        and ``mean_width-80``.
    model : str
        Whose intervals.
    levels : sequence of str
        At most four are told apart.
    """
    figure, colour = new_figure(WIDE, 3.4), look(model).colour
    covered, width = figure.subplots(1, 2)
    shares: list[End] = []
    widths: list[End] = []
    for place, (level, dash) in enumerate(zip(levels, DASHES, strict=False)):
        steps = found["step"] + (place - (len(levels) - 1) / 2) * 0.18
        low, share, high = (found[f"{name}-{level}"] for name in ("coverage_low", "coverage", "coverage_high"))
        covered.axhline(float(level), color=MUTED, linestyle=dash, linewidth=0.9)
        covered.vlines(steps, low, high, color=colour, alpha=0.3, linewidth=2)
        covered.plot(steps, share, color=colour, linestyle=dash, marker="os^D"[place])
        shares.append((float(level), f"{level}%", MUTED))
        known = found[f"mean_width-{level}"].to_numpy(np.float64)
        width.plot(found["step"], known, color=colour, linestyle=dash, marker="os^D"[place])
        widths.append((float(known[np.isfinite(known)][-1]), f"{level}%", colour))
    covered.set_ylim(0, 104)
    covered.set_title("Values covered, percent")
    width.set_ylim(bottom=0)
    width.set_title("Mean width")
    for ax, ends in ((covered, shares), (width, widths)):
        ax.set_xlabel("steps ahead")
        ax.locator_params("x", integer=True, nbins=12)
        ax.margins(x=0.03)
        label_ends(ax, ends)
    return figure
