"""The data drawn: every value there is, what of it was tested, and what is missing.

The idea: the reader sees at once which values a model may have learned from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.figures.canvas import INK, MUTED, RED, WIDE, legend, line, new_figure, small_multiples, styled, time_axis

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

__all__ = ["TESTED", "TRAINED", "whole_history", "window_bars"]

TRAINED, TESTED = "#0072B2", "#E69F00"
SHADES = {TRAINED: 0.55, MUTED: 0.35, TESTED: 0.95}
"""How strongly the parts of a window are painted."""


@styled
def whole_history(history: pd.DataFrame, *, backtest: pd.DataFrame, held_out: int = 0) -> Figure:
    """Draw every value there is: the part before the first cutoff, the tested part, and where values are missing.

    The last `held_out` values before the first cutoff, which the first fit was validated on, have a shade of their own.
    """
    from matplotlib.patches import Patch

    ids = list(dict.fromkeys(history["unique_id"]))
    figure, axes = small_multiples(ids, single=(WIDE, 3.2))
    for ax, name in zip(axes, ids, strict=True):
        series, tested = history[history["unique_id"] == name], backtest[backtest["unique_id"] == name]
        begin, end = series["ds"].iloc[0], series["ds"].iloc[-1]
        first = tested["cutoff"].min() if len(tested) else end
        ax.axvspan(begin, first, color=TRAINED, alpha=0.06, linewidth=0)
        given = series["ds"][series["ds"] <= first]
        if held_out and len(given) > held_out:
            ax.axvspan(given.iloc[-1 - held_out], first, color=TRAINED, alpha=0.17, linewidth=0)
        if len(tested):
            ax.axvspan(first, tested["ds"].max(), color=TESTED, alpha=0.17, linewidth=0)
        ax.plot(series["ds"], series["y"], color=INK, linewidth=1.2 if len(series) < 1_000 else 0.7)
        gaps = series["ds"][series["y"].isna()]
        ax.plot(gaps, np.full(len(gaps), 0.03), "|", color=RED, markersize=9, transform=ax.get_xaxis_transform())
        time_axis(ax, history["ds"])
    handles: list[Artist] = [Patch(color=TRAINED, alpha=0.12, label="training only")]
    handles += (
        [Patch(color=TRAINED, alpha=0.3, label="held back by the first fit, to stop in time")] if held_out else []
    )
    handles += [Patch(color=TESTED, alpha=0.3, label="test windows")] if len(backtest) else []
    handles += [line("missing value", RED, "", "|")] if history["y"].isna().any() else []
    legend(figure, handles)
    return figure


@styled
def window_bars(windows: pd.DataFrame, *, begin: Any) -> Figure:
    """Draw every window as a bar: the values a model was given, the gap it had to leap, and those it was asked for.

    Parameters
    ----------
    windows : DataFrame
        A row a window, in the order of time: ``cutoff`` (the last value given), ``before`` (the last one that was not
        asked for: the cutoff, where there is no gap) and ``last`` (the last one asked for).
    begin : time or int
        The first value there is.
    """
    from matplotlib.patches import Patch
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(WIDE, 1.1 + 0.24 * len(windows))
    ax = figure.add_subplot()
    for row, (cutoff, before, last) in enumerate(zip(*(windows[c] for c in ("cutoff", "before", "last")), strict=True)):
        for start, end, colour in ((begin, cutoff, TRAINED), (cutoff, before, MUTED), (before, last, TESTED)):
            ends: Any = [start, end]
            ax.plot(ends, [row, row], color=colour, linewidth=9, solid_capstyle="butt", alpha=SHADES[colour])
    ax.set_ylim(len(windows) - 0.4, -0.6)
    ax.yaxis.set_major_locator(MaxNLocator(10, integer=True))
    ax.yaxis.set_major_formatter(lambda row, _: f"{row + 1:.0f}")
    ax.set_ylabel("window")
    ax.grid(visible=False)
    time_axis(ax, windows["cutoff"])
    named = {"given to the models": TRAINED, "gap": MUTED, "asked for": TESTED}
    if (windows["before"] == windows["cutoff"]).all():
        del named["gap"]
    legend(figure, [Patch(color=colour, alpha=SHADES[colour], label=name) for name, colour in named.items()])
    return figure
