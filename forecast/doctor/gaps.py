"""Which series may be filled, and which have too little to fill from.

The idea: a run of missing values is a stretch between two edges of one flat array, so that ten thousand series are
looked at together; a run that is too long costs its own series and no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecast.errors import DataError, Notice, shown
from forecast.frequency import advance

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from forecast.panel import Panel

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

__all__ = ["fill_limit", "fillable", "plain_time", "runs_of", "series_of", "time_at"]

LONGEST_WITHOUT_SEASON = 3


def fill_limit(panel: Panel) -> int:
    """Return the longest run of missing values that ``auto`` fills: a season, or 3 values without one."""
    return max(panel.season_length, LONGEST_WITHOUT_SEASON)


def fillable(panel: Panel, *, missing: str) -> tuple[Panel, list[Notice]]:
    """Return the series whose gaps may be filled, and a notice when others are left out.

    With ``auto`` a run of missing values may be as long as a season (without a season: 3 values).

    Raises
    ------
    DataError
        D114, a gap where `missing` is ``error``; D115, when every series has a gap that is too long.

    Examples
    --------
    >>> from forecast.series import read_series
    >>> panel, notices = fillable(read_series("airline").panel, missing="auto")
    >>> panel.n_series, notices
    (1, [])
    """
    if missing not in ("auto", "error") or not panel.has_gaps:
        return panel, []
    starts, lengths = runs_of(np.isnan(panel.values), panel.offsets)
    if missing == "error":
        at = int(np.argmax(lengths))
        longest = f"longest run {lengths[at]} {_where(panel, int(starts[at]))}"
        raise DataError("D114", f"{int(lengths.sum())} missing values, {longest}", hint="--missing auto")
    limit = fill_limit(panel)
    long = np.flatnonzero(lengths > limit)
    if len(long) == 0:
        return panel, []
    failed = np.unique(series_of(panel, starts[long]))
    first = int(long[0])
    what = f"{lengths[first]} values missing in a row {_where(panel, int(starts[first]))} (limit: {limit})"
    if len(failed) == panel.n_series:
        # More gap than series: that is a time gone wrong, and nothing to draw a line through.
        known = int((~np.isnan(panel.series(int(failed[0])))).sum())
        by_hand = "correct the time that lies far from the others"
        raise DataError("D115", what, hint="--missing linear" if lengths[first] <= known else by_hand)
    kept = np.setdiff1d(np.arange(panel.n_series), failed)
    notice = Notice("W204", f"{len(failed)} of {panel.n_series} series left out: {what}; try --missing linear")
    return panel.take(kept), [notice]


def runs_of(marked: Bools, offsets: Ints) -> tuple[Ints, Ints]:
    """Return where each run of marked places begins and how long it is; a run ends with its series.

    Parameters
    ----------
    marked : ndarray [T_total]
        Which places count.
    offsets : ndarray [S + 1]
        Where each series begins.

    Examples
    --------
    >>> starts, lengths = runs_of(np.array([True, True, True, False, True]), np.array([0, 2, 5]))
    >>> starts.tolist(), lengths.tolist()
    ([0, 2, 4], [2, 1, 1])
    """
    before = np.r_[False, marked[:-1]]
    after = np.r_[marked[1:], False]
    before[offsets[:-1]] = False
    after[offsets[1:] - 1] = False
    starts = np.flatnonzero(marked & ~before)
    return starts, np.flatnonzero(marked & ~after) - starts + 1


def series_of(panel: Panel, places: Ints) -> Ints:
    """Return which series each of the `places` in the flat array belongs to."""
    return np.asarray(np.searchsorted(panel.offsets, places, side="right") - 1, dtype=np.int64)


def time_at(panel: Panel, place: int) -> Any:
    """Return the time of a `place` in the flat array."""
    s = int(series_of(panel, np.array([place]))[0])
    back = place - int(panel.offsets[s + 1]) + 1
    return panel.last[s] if back == 0 else advance(panel.last[s], back, panel.frequency)[()]


def _where(panel: Panel, place: int) -> str:
    """Return ``in "store_1" from 2019-06-01``."""
    s = int(series_of(panel, np.array([place]))[0])
    return f"in {shown(panel.ids[s])} from {plain_time(time_at(panel, place))}"


def plain_time(time: object) -> str:
    """Return a time without the zeros of its clock.

    Examples
    --------
    >>> plain_time("2024-05-01T00:00:00.000000"), plain_time(7)
    ('2024-05-01', '7')
    """
    return str(time).removesuffix(".000000").removesuffix("T00:00:00")
