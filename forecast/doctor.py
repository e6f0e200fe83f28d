"""What is wrong with a series and how to repair it.

The idea: a finding is found once, before any model is fitted, and says what to type; one bad series never stops the
others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecast.errors import DataError, Notice, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.panel import Panel

__all__ = ["fillable"]

LONGEST_WITHOUT_SEASON = 3


def fillable(panel: Panel, *, missing: str) -> tuple[Panel, list[Notice]]:
    """Return the series whose gaps may be filled, and a notice for each that is left out.

    With ``auto`` a run of missing values may be as long as a season (without a season: 3 values).

    Raises
    ------
    DataError
        D114, a gap where `missing` is ``error``; D115, when every series has a gap that is too long.
    """
    limit = max(panel.season_length, LONGEST_WITHOUT_SEASON)
    runs = [_longest_run(panel.series(s)) for s in range(panel.n_series)]
    if missing == "error" and max(runs) > 0:
        total = int(np.isnan(panel.values).sum())
        raise DataError("D114", f"{total} missing values, longest run {max(runs)}", hint="--missing auto")
    if missing != "auto" or max(runs) <= limit:
        return panel, []
    first = int(np.argmax(np.array(runs) > limit))
    what = f"{runs[first]} values missing in a row in {shown(panel.ids[first])} (limit: {limit})"
    if min(runs) > limit:
        raise DataError("D115", what, hint="--missing linear")
    kept = [s for s in range(panel.n_series) if runs[s] <= limit]
    left_out = panel.n_series - len(kept)
    notice = Notice("W204", f"{left_out} of {panel.n_series} series left out: {what}; try --missing linear")
    return panel.take(kept), [notice]


def _longest_run(y: NDArray[np.float64]) -> int:
    """Return the length of the longest run of NaN."""
    edges = np.flatnonzero(np.diff(np.r_[False, np.isnan(y), False]))
    return int((edges[1::2] - edges[::2]).max(initial=0))
