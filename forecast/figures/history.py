"""The data drawn: every value there is, what of it was tested, and what is missing.

The idea: the reader sees at once which values a model may have learned from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecast.figures.canvas import INK, RED, WIDE, legend, line, small_multiples, styled, time_axis

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

__all__ = ["whole_history"]


@styled
def whole_history(history: pd.DataFrame, *, backtest: pd.DataFrame) -> Figure:
    """Draw every value there is: the part before the first cutoff, the tested part, and where values are missing."""
    from matplotlib.patches import Patch

    ids = list(dict.fromkeys(history["unique_id"]))
    figure, axes = small_multiples(ids, single=(WIDE, 3.2))
    for ax, name in zip(axes, ids, strict=True):
        series, tested = history[history["unique_id"] == name], backtest[backtest["unique_id"] == name]
        begin, end = series["ds"].iloc[0], series["ds"].iloc[-1]
        first = tested["cutoff"].min() if len(tested) else end
        ax.axvspan(begin, first, color="#0072B2", alpha=0.06, linewidth=0)
        if len(tested):
            ax.axvspan(first, tested["ds"].max(), color="#E69F00", alpha=0.17, linewidth=0)
        ax.plot(series["ds"], series["y"], color=INK, linewidth=1.2 if len(series) < 1_000 else 0.7)
        gaps = series["ds"][series["y"].isna()]
        ax.plot(gaps, np.full(len(gaps), 0.03), "|", color=RED, markersize=9, transform=ax.get_xaxis_transform())
        time_axis(ax, history["ds"])
    handles: list[Artist] = [Patch(color="#0072B2", alpha=0.12, label="training only")]
    handles += [Patch(color="#E69F00", alpha=0.3, label="test windows")] if len(backtest) else []
    handles += [line("missing value", RED, "", "|")] if history["y"].isna().any() else []
    legend(figure, handles)
    return figure
