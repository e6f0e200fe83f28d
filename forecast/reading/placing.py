"""Rows in any order to series on a regular grid.

The idea: rows are sorted once by series and time, and from then on a series is a stretch of arrays; what cannot be
placed is named by the line it came from.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from forecast.calendars import FAMILIES, month_ends, split
from forecast.errors import ConfigError, DataError, Notice, shown
from forecast.frequency import Frequency, parse_frequency, positions
from forecast.panel import Panel
from forecast.reading.roles import separating_columns
from forecast.reading.zones import proposed_zone
from forecast.regularity import finest_frequency, infer_frequency, shared_frequency

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from forecast.reading.table import Table
    from forecast.reading.times import Times

__all__ = ["Rows", "drop_short", "merge_duplicates", "on_month_edges", "place_most", "some", "stamp", "trim"]

MIN_VALUES = 3
"""The fewest values that make a series."""

LEAST_SERIES = 3
"""Of fewer series nobody can say which one is odd."""

MAX_GRID, MAX_SPARSENESS = 1_000_000, 50
"""A grid larger than the first and so many times as long as the rows is a mistake in a time, not a series."""

MAX_SLOTS = 8
"""Rows are sorted by slots where there are at most so many a row."""


@dataclass(frozen=True)
class Rows:
    """N rows sorted by series and time.

    Parameters
    ----------
    names : tuple of str
        The series, sorted.
    codes : ndarray [N]
        Which of them each row belongs to.
    ticks : ndarray [N]
        Which of the moments is the time of each row.
    moments : ndarray [U]
        Distinct times, sorted; each is that of a row.
    values : ndarray [N]
        The value of each row; NaN where it is missing.
    rows : ndarray [N]
        Where the row stood in the table.
    """

    names: tuple[str, ...]
    codes: NDArray[np.int64]
    ticks: NDArray[np.int64]
    moments: NDArray[Any]
    values: NDArray[np.float64]
    rows: NDArray[Any]

    @classmethod
    def sorted(cls, codes: NDArray[np.int64], names: Sequence[str], times: Times, values: NDArray[np.float64]) -> Self:
        """Return the rows by series and time; equal times stay in the order of the file.

        Parameters
        ----------
        codes : ndarray [N]
            Which of the `names`, in any order, is the series of each row.
        names : sequence of str
            Distinct.
        times : Times
            Of each row.
        values : ndarray [N]
            Of each row.
        """
        n_moments = max(len(times.moments), 1)
        by_name = sorted(range(len(names)), key=names.__getitem__)
        rank = np.empty(len(names), dtype=np.int64)
        rank[by_name] = np.arange(len(names))
        keys = (rank * n_moments)[codes]
        keys += times.codes
        if (keys[1:] >= keys[:-1]).all():
            moved = by_name != list(range(len(names)))
            series, order = rank[codes] if moved else codes, np.arange(len(keys))
            return cls(tuple(names[i] for i in by_name), series, times.codes, times.moments, values, order)
        bounds = np.arange(len(names) + 1) * n_moments
        order, ordered = _in_order(keys, int(bounds[-1]))
        counts = np.diff(np.searchsorted(ordered, bounds))
        series = np.repeat(np.arange(len(names)), counts)
        ordered -= np.repeat(bounds[:-1], counts)
        return cls(tuple(names[i] for i in by_name), series, ordered, times.moments, values.take(order), order)

    @property
    def times(self) -> NDArray[Any]:
        """The time of each row."""
        return self.moments[self.ticks]

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """The first row of each series."""
        return np.searchsorted(self.codes, np.arange(len(self.names)))

    def by_series(self, array: NDArray[Any]) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield the name of each series and its stretch of `array`."""
        return zip(self.names, np.split(array, self.starts[1:]), strict=True)

    def take(self, kept: NDArray[Any]) -> Rows:
        """Return the `kept` rows, and the series that still have any."""
        names, codes = _used(np.array(self.names, dtype=object), self.codes[kept])
        moments, ticks = _used(self.moments, self.ticks[kept])
        return Rows(tuple(names), codes, ticks, moments, self.values[kept], self.rows[kept])

    def with_moments(self, times: NDArray[Any]) -> Rows:
        """Return the rows with other `times` [U] for their moments, in the same order; some may fall together."""
        moments, places = np.unique(times, return_inverse=True)
        return replace(self, ticks=places[self.ticks], moments=moments)


def _in_order(keys: NDArray[np.int64], bound: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return ``np.argsort(keys, kind="stable")`` and the keys in that order, for keys from 0 up to the `bound`.

    Where that is not far above the number of keys, each key has a slot, and full slots are read off one after another.
    """
    if bound <= MAX_SLOTS * len(keys):
        slots: NDArray[Any] = np.full(bound, -1, dtype=np.int32 if len(keys) < 2**31 else np.int64)
        slots[keys] = np.arange(len(keys), dtype=slots.dtype)
        full = np.flatnonzero(slots >= 0)
        if len(full) == len(keys):  # else a key occurs twice
            return slots if len(full) == bound else slots[full], full
    order = np.argsort(keys, kind="stable")
    return order, keys[order]


def _used(kinds: NDArray[Any], codes: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return those of the kinds that occur among the codes, and the codes of these alone."""
    occurs = np.bincount(codes, minlength=len(kinds)) > 0
    return (kinds, codes) if occurs.all() else (kinds[occurs], (np.cumsum(occurs) - 1)[codes])


def merge_duplicates(
    rows: Rows, table: Table, *, how: str, id: str | None, taken: set[str | None]
) -> tuple[Rows, list[str]]:
    """Return the rows with each time once in a series, and what was done.

    Raises
    ------
    DataError
        D111, several rows for one time that are not equal, when `how` is ``error``.
    """
    first = np.r_[True, (rows.codes[1:] != rows.codes[:-1]) | (rows.ticks[1:] != rows.ticks[:-1])]
    if first.all():
        return rows, []
    if how == "error":
        again = table.frame.duplicated().to_numpy()[rows.rows]
        if not (first | again).all():
            raise _conflict(rows, table, ~first & ~again, id, taken)
        count = int((~first).sum())
        return rows.take(np.flatnonzero(first)), [f"{count} row{'' if count == 1 else 's'} equal to another left out"]
    starts = np.flatnonzero(first)
    merged = rows.take(starts)
    repeated = len(starts) - int(first[np.r_[starts[1:] - 1, len(first) - 1]].sum())
    values = _merged_values(rows, starts, how)
    return (
        replace(merged, values=values),
        [f"{repeated} repeated time{'' if repeated == 1 else 's'}: the {how} is taken"],
    )


def trim(rows: Rows) -> Rows:
    """Return the rows without those before the first and after the last value of their series."""
    valid = ~np.isnan(rows.values)
    if valid.all():
        return rows
    seen = np.cumsum(valid)  # values up to and with each row
    starts, ends = rows.starts, np.r_[rows.starts[1:], len(valid)] - 1
    before, total = (seen - valid)[starts], seen[ends]
    inside = (seen > before[rows.codes]) & (seen - valid < total[rows.codes])
    return rows.take(np.flatnonzero(inside))


def drop_short(rows: Rows, table: Table, *, least: int = MIN_VALUES) -> tuple[Rows, list[Notice]]:
    """Return the series of `least` values or more, and W204 if others are left out.

    Raises
    ------
    DataError
        D117, when no series has as many.
    """
    valid = ~np.isnan(rows.values)
    bounds = np.r_[rows.starts, len(valid)]
    counts = np.diff(bounds if valid.all() else np.r_[0, np.cumsum(valid)][bounds])
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
    if (places < 0).any():
        raise _off_grid(rows, table, frequency, np.flatnonzero(places < 0))
    ends = np.r_[rows.starts[1:], len(places)] - 1
    lengths = places[ends] + 1
    total = int(lengths.sum())
    if total > max(MAX_GRID, MAX_SPARSENESS * len(places)):
        raise DataError(
            "D113",
            f"{frequency.word} from {stamp(rows.times.min())} to {stamp(rows.times.max())} makes "
            f"{total:,} times for the {len(places):,} rows of {table.name}",
            hint=table.retry(freq=_finest(rows)) if freq else "correct the time that lies far from the others",
        )
    offsets = np.r_[0, np.cumsum(lengths)].astype(np.int64)
    values = rows.values.copy()
    if total > len(places):
        values = np.full(total, np.nan)
        values[offsets[:-1][rows.codes] + places] = rows.values
    last = rows.moments[rows.ticks[ends]]
    panel = Panel(values, offsets, rows.names, last, frequency, frequency.season_length)
    gaps = int(np.isnan(values).sum())
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


def stamp(time: Any) -> str:
    """Return a time without the zeros of its clock: ``2024-05-01``."""
    return str(time).removesuffix(".000000").removesuffix("T00:00:00") if isinstance(time, np.datetime64) else f"{time}"


def some(names: Sequence[str], limit: int = 5) -> str:
    """Return the first of the names of series, quoted, and how many more there are."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(shown(name) for name in names[:limit]) + more


def _places(rows: Rows, frequency: Frequency) -> NDArray[np.int64]:
    """Return the place of every row on the grid that begins with its series; -1 for off the grid."""
    common = positions(rows.moments, frequency)
    if (common >= 0).all():  # one grid for all series
        own = rows.ticks if len(common) == common[-1] + 1 else common[rows.ticks]
        first = own[rows.starts]
        return own - np.repeat(first, np.diff(np.r_[rows.starts, len(own)])) if first.any() else own
    return np.concatenate([positions(times, frequency) for _, times in rows.by_series(rows.times)])


def _merged_values(rows: Rows, starts: NDArray[np.int64], how: str) -> NDArray[np.float64]:
    """Return one value for the rows from each start to the next; mean and sum leave missing values out."""
    if how in ("first", "last"):
        return rows.values[starts if how == "first" else np.r_[starts[1:], len(rows.values)] - 1]
    slot = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(rows.values)]))
    order = np.lexsort((rows.values, slot))  # added from small to large, the sum is the same for any order of the file
    values = rows.values[order]
    counts = np.add.reduceat(~np.isnan(values), starts, dtype=np.int64)
    totals = np.add.reduceat(np.nan_to_num(values), starts)
    result = totals / np.maximum(counts, 1) if how == "mean" else totals
    return np.where(counts > 0, result, np.nan)


def _conflict(
    rows: Rows, table: Table, repeated: NDArray[np.bool_], id: str | None, taken: set[str | None]
) -> DataError:
    """Return the error that names a repeated time; its hint is an id column that would tell the rows apart."""
    where = np.flatnonzero(repeated)
    at = int(where[0])
    same = rows.rows[(rows.codes == rows.codes[at]) & (rows.ticks == rows.ticks[at])]
    times = rows.times[np.argsort(rows.rows)]
    found = [] if id is not None else separating_columns(table, times, taken=taken)
    whose = f" of {shown(rows.names[rows.codes[at]])}" if id is not None else ""
    count = f"{len(where)} repeated time{'' if len(where) == 1 else 's'}"
    zone = None if found else proposed_zone(rows.times[where])
    if zone is not None:
        return DataError(
            "D111",
            f"{count} in {table.name}, first {stamp(rows.times[at])}{whose}: {table.listed(same)}",
            found="perhaps local times: this hour comes twice when summer ends",
            hint=table.retry(tz=zone),
        )
    return DataError(
        "D111",
        f"{count} in {table.name}, first {stamp(rows.times[at])}{whose}: {table.listed(same)}",
        found=f"columns that tell them apart: {', '.join(map(shown, found))}" if found else None,
        hint=table.retry(id=found[0]) if found else table.retry(duplicates="mean"),
    )


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
    twice = np.flatnonzero((np.diff(moved.codes) == 0) & (np.diff(moved.ticks) == 0))
    if len(twice):
        pair = table.listed(rows.rows[[twice[0], twice[0] + 1]])
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
