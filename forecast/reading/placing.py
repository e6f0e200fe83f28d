"""Rows sorted by series and time to series on a regular grid.

The idea: one frequency has a place for every time of every series; what lies between places, or is too little to be a
series, is named or left out and said.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.calendars import FAMILIES, month_ends, split
from forecast.errors import ConfigError, DataError, Notice, shown
from forecast.frequency import Frequency, parse_frequency, positions
from forecast.panel import Panel
from forecast.reading.rows import some, stamp
from forecast.regularity import finest_frequency, infer_frequency, shared_frequency

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.reading.rows import Rows
    from forecast.reading.table import Table

__all__ = ["drop_short", "on_month_edges", "place_most", "some", "stamp", "trim"]

MIN_VALUES = 3
"""The fewest values that make a series."""

LEAST_SERIES = 3
"""Of fewer series nobody can say which one is odd."""

MAX_GRID, MAX_SPARSENESS = 1_000_000, 50
"""A grid larger than the first and so many times as long as the rows is a mistake in a time, not a series."""


def trim(rows: Rows) -> Rows:
    """Return the rows without those before the first and after the last value of their series."""
    valid = rows.known
    if valid.all():
        return rows
    seen: NDArray[np.int64] = np.cumsum(valid)  # values up to and with each row
    before, total = (seen - valid)[rows.starts], seen[rows.offsets[1:] - 1]
    inside = (seen > before[rows.codes]) & (seen - valid < total[rows.codes])
    return rows.take(np.flatnonzero(inside))


def drop_short(rows: Rows, table: Table, *, least: int = MIN_VALUES) -> tuple[Rows, list[Notice]]:
    """Return the series of `least` values or more, and W204 if others are left out.

    Raises
    ------
    DataError
        D117, when no series has as many.
    """
    valid = rows.known
    counts = np.diff(rows.offsets if valid.all() else np.r_[0, np.cumsum(valid)][rows.offsets])
    short = counts < least
    if short.all():
        longest = int(counts.max(initial=0))
        what = "value" if longest == 1 else "values"
        whose = f"the longest series of {table.name}" if len(rows.names) > 1 else table.name
        raise DataError("D117", f"{whose} has {longest} {what}: a series needs {least}", hint="a file with more rows")
    if not short.any():
        return rows, []
    left_out = [name for name, is_short in zip(rows.names, short, strict=True) if is_short]
    verb = "has" if len(left_out) == 1 else "have"
    what = f"{some(left_out)} {verb} fewer than {least} values and {'is' if verb == 'has' else 'are'} left out"
    return rows.take(np.flatnonzero(~short[rows.codes])), [Notice("W204", what)]


def place_on_grid(rows: Rows, table: Table, *, freq: str | None) -> tuple[Panel, list[str]]:
    """Return the series on their grid, and what was moved or marked.

    Raises
    ------
    DataError
        D113, when the times follow no one step, or not the one asked for.
    ConfigError
        U101, when `freq` is no frequency, or one of dates and the times are whole numbers.
    """
    rows, frequency, notes = _with_frequency(rows, table, freq)
    places = _places(rows, frequency)
    if places.min() < 0:
        raise _off_grid(rows, table, frequency, np.flatnonzero(places < 0))
    ends = rows.offsets[1:] - 1
    lengths = places[ends].astype(np.int64) + 1
    total = int(lengths.sum())
    if total > max(MAX_GRID, MAX_SPARSENESS * len(places)):
        raise DataError(
            "D113",
            f"{frequency.word} from {stamp(rows.times.min())} to {stamp(rows.times.max())} makes "
            f"{total:,} times for the {len(places):,} rows of {table.name}",
            hint=table.retry(freq=_finest(rows)) if freq else "correct the time that lies far from the others",
        )
    offsets = np.r_[0, np.cumsum(lengths)].astype(np.int64)
    values = rows.values
    if total > len(places):
        values = np.full(total, np.nan)
        values[offsets[:-1][rows.codes] + places] = rows.values
    last = rows.moments[rows.ticks[ends]]
    panel = Panel(values, offsets, rows.names, last, frequency, frequency.season_length)
    gaps = total - np.count_nonzero(rows.known)
    marked = [f"{gaps} gap{'' if gaps == 1 else 's'} marked"] if gaps else []
    return panel, [*notes, *marked]


def place_most(rows: Rows, table: Table, *, freq: str | None) -> tuple[Rows, Panel, list[str], list[Notice]]:
    """Return `place_on_grid`, and the rows it was made of; series that do not follow the step of most are left out.

    Raises
    ------
    DataError, ConfigError
        As `place_on_grid`, when the step was given or no step is that of more than half of the series.
    """
    try:
        return rows, *place_on_grid(rows, table, freq=freq), []
    except DataError as error:
        if error.code != "D113" or freq is not None or len(rows.names) < LEAST_SERIES:
            raise
        steps = [_own_step(times) for _, times in rows.by_series(rows.times)]
        (most, count), *_ = Counter(step for step in steps if step).most_common(1) or [("", 0)]
        if 2 * count <= len(steps):
            raise
    regular = np.array([step == most for step in steps])
    left_out = [name for name, kept in zip(rows.names, regular, strict=True) if not kept]
    does, is_ = ("does", "is") if len(left_out) == 1 else ("do", "are")
    what = f"{some(left_out)} {does} not follow the step of the others and {is_} left out"
    kept = rows.take(np.flatnonzero(regular[rows.codes]))
    return kept, *place_on_grid(kept, table, freq=most), [Notice("W204", what)] if left_out else []


def _own_step(times: NDArray[Any]) -> str | None:
    """Return the frequency of one series, None where it has none."""
    try:
        return "MS" if _same_odd_day(times) else infer_frequency([times]).alias
    except DataError:
        return None


def on_month_edges(rows: Rows, frequency: Frequency) -> Rows:
    """Return the rows with their dates where a grid of whole months has them; other grids leave them as they are."""
    name = "" if frequency.is_integer else split(frequency.alias)[1]
    return _to_month_edges(rows, name) if name and FAMILIES[name].months else rows


def _places(rows: Rows, frequency: Frequency) -> NDArray[Any]:
    """Return the place of every row on the grid that begins with its series; -1 for off the grid."""
    common = positions(rows.moments, frequency)
    if (common >= 0).all():  # one grid for all series
        own = rows.ticks if len(common) == common[-1] + 1 else common[rows.ticks]
        first = own[rows.starts]
        return own - np.repeat(first, np.diff(rows.offsets)) if first.any() else own
    return np.concatenate([positions(times, frequency) for _, times in rows.by_series(rows.times)])


def _with_frequency(rows: Rows, table: Table, freq: str | None) -> tuple[Rows, Frequency, list[str]]:
    """Return the frequency asked for or inferred, and the rows with their dates moved to the edge of their month."""
    if freq is None:
        moved = _to_month_edges(rows, "MS") if _same_odd_day(rows.moments) else rows
        frequency = shared_frequency(moved.moments, moved.ticks, moved.starts)
    else:
        frequency = _asked(rows, table, freq)
        moved = on_month_edges(rows, frequency)
    if moved is rows or np.array_equal(moved.moments, rows.moments):
        return rows, frequency, []
    twice = np.flatnonzero(moved.repeated())
    if len(twice):
        pair = table.listed(rows.rows[[twice[0] - 1, twice[0]]])
        raise DataError(
            "D113", f"several times of {table.name} in one month, first {pair}", hint=table.retry(freq=_finest(rows))
        )
    edge = "end" if frequency.alias.partition("-")[0].endswith("E") else "start"
    return moved, frequency, [f"dates within a month moved to its {edge}"]


def _asked(rows: Rows, table: Table, freq: str) -> Frequency:
    """Return the frequency the user named, anchored in the data where the name leaves that open."""
    dated = rows.moments.dtype.kind == "M"
    frequency = parse_frequency(freq, first=rows.times[0] if dated else None)
    if frequency.is_integer == dated:
        kind, found = ("whole numbers", "dates") if frequency.is_integer else ("dates", "whole numbers")
        what = f"frequency {shown(freq)} is for {kind}, and the times of {table.name} are {found}"
        raise ConfigError("U101", what, hint=table.retry(freq=_finest(rows)))
    if not frequency.is_integer:
        return frequency
    return Frequency("int", int(np.gcd.reduce(np.diff(rows.times)[np.diff(rows.codes) == 0])))


def _same_odd_day(times: NDArray[Any]) -> bool:
    """Whether all dates are on one day of the month that is neither its first nor its last."""
    if times.dtype.kind != "M":
        return False
    days = times.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    offsets = np.unique(days - months)
    is_day = len(offsets) == 1 and len(np.unique(times - days)) == 1
    return bool(is_day and offsets[0] > np.timedelta64(0) and not (days == month_ends(months)).all())


def _to_month_edges(rows: Rows, name: str) -> Rows:
    """Return the rows with each date on the first day of its month, or on the last for a family such as ``ME``."""
    days = rows.moments.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    edges = months.astype("datetime64[D]") if name.endswith("S") else month_ends(months)
    return rows.with_moments(edges + (rows.moments - days))


def _off_grid(rows: Rows, table: Table, frequency: Frequency, off: NDArray[np.intp]) -> DataError:
    """Return the error that lists the times which are not on the calendar asked for."""
    count = "1 time is" if len(off) == 1 else f"{len(off)} times are"
    example = f"{table.place(int(rows.rows[off[0]]))} {stamp(rows.times[off[0]])}"
    return DataError(
        "D113",
        f"{count} not on the calendar of {shown(frequency.alias)} in {table.name}, first {example}",
        hint=table.retry(freq=_finest(rows)),
    )


def _finest(rows: Rows) -> str:
    """Return the alias of a frequency on which all times fall."""
    return finest_frequency([times for _, times in rows.by_series(rows.times)]).alias
