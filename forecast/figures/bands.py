"""Intervals held against what came: how often they covered and how wide they were, step by step.

The idea: a share of few cases is a range, so the range is drawn; the promise is a line it should hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecast.figures.canvas import MUTED, WIDE, label_ends, look, new_figure, styled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.figure import Figure

    from forecast.figures.canvas import End

__all__ = ["coverage_by_step"]

DASHES = ("-", (0, (5, 2)), (0, (1, 1.5)), "-.")
"""One for each level, the widest first."""


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
