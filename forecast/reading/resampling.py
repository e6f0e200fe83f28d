"""Raw transactions or finer data to one value a period.

The idea: rows get the number of their period and are reduced group by group; a period that the data cover in part is
no value of that period, so it is left out, and said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.calendars import DAYS, FAMILIES, MONTHS, month_ends, split, weekdays
from forecast.errors import ConfigError, DataError, nearest, shown
from forecast.frequency import Frequency, advance, parse_frequency
from forecast.regularity import infer_frequency

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["AGGREGATES", "Calendar", "Resampled", "resample_rows"]

AGGREGATES = ("sum", "mean", "last", "max")

MAX_PERIODS, MAX_SPARSENESS = 1_000_000, 50
"""More periods than the first, and so many times as many as rows, come from a mistake in a time."""


FEW = 20
"""So few rows may have one long step between them by chance."""


@dataclass(frozen=True)
class Resampled:
    """N periods, sorted by series and time.

    `rows` holds for each the number of its first row, or of the row before where it has none.
    """

    times: NDArray[Any]
    values: NDArray[np.float64]
    codes: NDArray[np.int64]
    rows: NDArray[np.int64]
    alias: str
    notes: tuple[str, ...]


class Calendar:
    """The periods of a frequency, numbered from that in which `first` lies.

    Parameters
    ----------
    alias : str
        A pandas alias with its anchor. Weeks end on the day named; months, quarters and years are those of the
        calendar; periods of several days, hours or minutes begin at midnight of the day of `first`.
    first : datetime64
        The earliest time.

    Examples
    --------
    >>> weeks = Calendar("W-SUN", np.datetime64("2024-05-29"))
    >>> weeks.begin(np.array([0, 1])).astype("datetime64[D]"), weeks.label(np.array([0])).astype("datetime64[D]")
    (array(['2024-05-27', '2024-06-03'], dtype='datetime64[D]'), array(['2024-06-02'], dtype='datetime64[D]'))
    """

    def __init__(self, alias: str, first: np.datetime64) -> None:
        multiple, self.name = split(alias)
        suffix = alias.partition("-")[2]
        family = FAMILIES[self.name]
        day = first.astype("datetime64[D]")
        self.months, self.seconds = multiple * family.months, multiple * family.seconds
        if self.months:
            month = int(day.astype("datetime64[M]").astype(np.int64))
            anchored = MONTHS.index(suffix) + (self.name[-1] == "E") if suffix else 0
            self.origin = np.datetime64(month - (month - anchored) % family.months, "M")
        else:
            back = (int(weekdays(day)) - DAYS.index(suffix) - 1) % 7 if self.name == "W" else 0
            self.origin = (day - np.timedelta64(back, "D")).astype("datetime64[us]")

    def number(self, times: NDArray[Any]) -> NDArray[np.int64]:
        """Return the number of the period of each time."""
        if self.months:
            return np.asarray((times.astype("datetime64[M]") - self.origin).astype(np.int64) // self.months)
        return np.asarray((times - self.origin) // np.timedelta64(self.seconds, "s"), dtype=np.int64)

    def begin(self, numbers: NDArray[np.int64]) -> NDArray[Any]:
        """Return the first moment of each period."""
        if self.months:
            return np.asarray((self.origin + numbers * self.months).astype("datetime64[us]"))
        return np.asarray(self.origin + (numbers * self.seconds).astype("timedelta64[s]"))

    def label(self, numbers: NDArray[np.int64]) -> NDArray[Any]:
        """Return the time that stands for each period: its last day for weeks and ``ME, QE, YE``, else its begin."""
        if self.months and self.name[-1] == "E":
            return month_ends(self.origin + ((numbers + 1) * self.months - 1)).astype("datetime64[us]")
        if self.name == "W":
            return np.asarray(self.begin(numbers + 1) - np.timedelta64(1, "D"))
        return self.begin(numbers)


def resample_rows(
    times: NDArray[Any],
    values: NDArray[np.float64],
    codes: NDArray[np.int64],
    *,
    rule: str,
    aggregate: str = "sum",
    names: Sequence[str] = (),
) -> Resampled:
    """Return one value a period for each series.

    Missing values are passed over; a period of missing values only is missing. A period without a row, between the
    first and the last of its series, is 0 for ``sum`` (nothing was sold) and missing for the others. ``last`` is the
    last in time; of several at one time that which comes last in the data.

    The first and the last period are left out where the data do not cover them. Times that follow one regular step
    cover a period when the next step would leave it, series by series. Other times (transactions) cover it when the
    first and last row of all series lie in its first and last day (of a day: hour; of an hour or less: minute).

    Parameters
    ----------
    times, values, codes : ndarray [N]
        Rows sorted by series (`codes`, from 0) and time, datetime64; a time may occur often.
    rule : str
        The period, as a pandas alias: ``W`` (ends on Sunday), ``W-SAT``, ``MS``, ``QS``, ``D``, ``h``, ``15min``.
    aggregate : {"sum", "mean", "last", "max"}
        What becomes of the values of a period.
    names : sequence of str
        What the series are called in notes.

    Raises
    ------
    ConfigError
        U101, on a rule that is no period or is finer than the data, an unknown aggregate, or times that are no dates.
    DataError
        D117, when no series covers a whole period; D113, when the times are too far apart to be meant.

    Examples
    --------
    >>> days = np.arange("2024-05-20", "2024-05-30", dtype="datetime64[D]").astype("datetime64[us]")
    >>> weekly = resample_rows(days, np.ones(10), np.zeros(10, np.int64), rule="W")
    >>> weekly.values, weekly.notes[1]
    (array([7.]), 'the last week, from 2024-05-27, has 3 of 7 days: left out')
    """
    frequency = _checked(rule, aggregate, times)
    calendar = Calendar(frequency.alias, times.min())
    numbers = calendar.number(times)
    kept, partial = _complete(times, numbers, codes, calendar, frequency, names)
    if not kept.any():
        what = f"the data cover no whole period of {shown(rule)}"
        raise DataError("D117", what, found="; ".join(partial), hint="--resample with a shorter period, such as D")
    kept_rows = np.flatnonzero(kept)
    first = np.r_[True, (np.diff(codes[kept]) != 0) | (np.diff(numbers[kept]) != 0)]
    starts = np.flatnonzero(first)
    rows = kept_rows[starts]
    reduced = _reduced(values[kept], starts, aggregate)
    group_codes, group_numbers = codes[rows], numbers[rows]
    note = f"resampled to {frequency.word} by {aggregate}: {len(starts):,} values of {len(kept_rows):,} rows"
    notes = [note]
    if aggregate == "sum":
        source, group_codes, group_numbers = _with_empty(group_codes, group_numbers, len(values))
        empty = len(source) - len(rows)
        was_there = np.r_[True, np.diff(source) != 0]
        reduced, rows = np.where(was_there, reduced[source], 0.0), rows[source]
        notes += [f"{empty:,} period{'' if empty == 1 else 's'} without a row {'is' if empty == 1 else 'are'} 0"] * (
            empty > 0
        )
    return Resampled(calendar.label(group_numbers), reduced, group_codes, rows, frequency.alias, (*notes, *partial))


def _checked(rule: str, aggregate: str, times: NDArray[Any]) -> Frequency:
    """Return the frequency of `rule`, or raise what is wrong with the arguments."""
    if aggregate not in AGGREGATES:
        what = f"{shown(aggregate)} is not a way to put values together ({', '.join(AGGREGATES)})"
        raise ConfigError("U101", what, hint=f"--aggregate {nearest(aggregate, AGGREGATES) or 'sum'}")
    if times.dtype.kind != "M":
        what = "rows can be put into periods by dates only, and the times are whole numbers"
        raise ConfigError("U101", what, hint="--time with a column of dates, or leave --resample out")
    try:
        frequency = parse_frequency(rule)
    except ConfigError as error:
        raise ConfigError(
            "U101", f"{shown(rule)} is not a period", hint="--resample W, MS, QS, D, h or 15min"
        ) from error
    if frequency.is_integer or split(frequency.alias)[1] == "B":
        what = f"{shown(rule)} is not a period that rows can be put into"
        raise ConfigError("U101", what, hint="--resample D")
    return frequency


def _reduced(values: NDArray[np.float64], starts: NDArray[np.int64], how: str) -> NDArray[np.float64]:
    """Return one value for the rows from each start to the next; NaN where all are missing."""
    known = ~np.isnan(values)
    counts = np.add.reduceat(known, starts, dtype=np.int64)
    if how == "max":
        return np.asarray(np.fmax.reduceat(values, starts))
    if how == "last":
        places = np.maximum.reduceat(np.where(known, np.arange(len(values)), -1), starts)
        return np.where(counts > 0, values[places], np.nan)
    slots = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(values)]))
    ordered = values[np.lexsort((values, slots))]  # from small to large: the same sum for any order of the rows
    totals = np.add.reduceat(np.nan_to_num(ordered), starts)
    return np.where(counts > 0, totals / np.maximum(counts, 1) if how == "mean" else totals, np.nan)


def _with_empty(
    codes: NDArray[np.int64], numbers: NDArray[np.int64], n_rows: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return every period from the first to the last of each series: from which group, and its code and number."""
    steps = np.where(np.diff(codes) == 0, np.diff(numbers), 1)
    lengths = np.r_[steps, 1].astype(np.int64)
    total = int(lengths.sum())
    if total > MAX_PERIODS and total > MAX_SPARSENESS * n_rows:
        what = f"{total:,} periods from {n_rows:,} rows: a time is far from the others"
        raise DataError("D113", what, hint="--resample with a longer period, such as MS")
    source = np.repeat(np.arange(len(codes)), lengths)
    within = np.arange(total) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return source, codes[source], numbers[source] + within


def _complete(
    times: NDArray[Any],
    numbers: NDArray[np.int64],
    codes: NDArray[np.int64],
    calendar: Calendar,
    frequency: Frequency,
    names: Sequence[str],
) -> tuple[NDArray[np.bool_], list[str]]:
    """Return which rows lie in periods that the data cover, and what is to be said of the others."""
    starts = np.flatnonzero(np.r_[True, np.diff(codes) != 0])
    ends = np.r_[starts[1:], len(codes)] - 1
    opened, closed = calendar.begin(numbers), calendar.begin(numbers + 1)
    source = _regular_step(times, starts, frequency)
    if source is not None:
        name = split(source.alias)[1]
        unit = "D" if name in ("B", "W") else "MS" if FAMILIES[name].months else name
        reach = _neighbours(times[ends], 1, source)
        late, early = _neighbours(times[starts], -1, source) >= opened[starts], reach < closed[ends]
    else:
        unit = _unit(times, calendar)
        length = np.timedelta64(FAMILIES[unit].seconds, "s")
        reach = times[ends] - (times[ends] - opened[ends]) % length + length
        at_first, at_last = numbers[starts] == numbers.min(), numbers[ends] == numbers.max()
        late = at_first & ((times.min() - opened[starts[at_first][0]]) >= length)
        early = at_last & (reach[at_last].max() < closed[ends[at_last][0]])
    where = np.searchsorted(starts, np.arange(len(codes)), side="right") - 1
    out = (late[where] & (numbers == numbers[starts][where])) | (early[where] & (numbers == numbers[ends][where]))
    notes = []
    for word, rows, wrong, begins, stops in (
        ("first", starts, late, times[starts], closed[starts]),
        ("last", ends, early, opened[ends], reach),
    ):
        for s in np.flatnonzero(wrong)[:1]:
            row = rows[s]
            total = _parts(opened[row], closed[row], unit)
            covered = f"{_parts(begins[s], stops[s], unit)} of {total} {FAMILIES[unit].plural}"
            several = f" of {shown(names[codes[row]])}" if len(starts) > 1 and len(names) > codes[row] else ""
            more = f" (and that of {wrong.sum() - 1:,} other series)" if wrong.sum() > 1 else ""
            since = str(opened[row].astype("datetime64[D]" if calendar.seconds % 86_400 == 0 else "datetime64[m]"))
            period = _noun(frequency)
            notes.append(f"the {word} {period}{several}, from {since}, has {covered}{more}: left out")
    return ~out, notes


def _regular_step(times: NDArray[Any], starts: NDArray[np.int64], frequency: Frequency) -> Frequency | None:
    """Return the step of regular data, finer than `frequency`, or None for rows at any time."""
    within = np.ones(len(times), dtype=bool)
    within[starts] = False
    if (np.diff(times)[within[1:]] == np.timedelta64(0)).any():
        return None
    try:
        source = infer_frequency(np.split(times, starts[1:]))
    except DataError:
        return None
    if _days(source) <= _days(frequency) * 1.05:
        return source
    if len(times) < FEW:
        return None
    what = f"the data are {source.word}, and {shown(frequency.alias)} is finer"
    raise ConfigError("U101", what, hint="--resample with a longer period, or leave it out")


def _days(frequency: Frequency) -> float:
    multiple, name = split(frequency.alias)
    family = FAMILIES[name]
    return multiple * (family.months * 30.4375 or family.seconds / 86_400 or 1.0)


def _neighbours(times: NDArray[Any], steps: int, frequency: Frequency) -> NDArray[Any]:
    """Return the time so many steps from each of `times`."""
    distinct, where = np.unique(times, return_inverse=True)
    return np.array([advance(time, steps, frequency) for time in distinct], dtype="datetime64[us]")[where]


def _unit(times: NDArray[Any], calendar: Calendar) -> str:
    """Return in what a period is measured: days, of a day hours, of hours minutes; never finer than the times."""
    seconds = calendar.seconds or 31 * 86_400
    usual = "D" if seconds > 86_400 else "h" if seconds > 3_600 else "min" if seconds > 60 else "s"
    resolutions = {"D": "datetime64[D]", "h": "datetime64[h]", "min": "datetime64[m]"}
    return next(
        (name for name, kind in resolutions.items() if name == usual or (times.astype(kind) == times).all()), usual
    )


def _parts(begin: Any, end: Any, unit: str) -> int:
    """Return how many of `unit` lie between two moments, begun ones counted."""
    if unit == "MS":
        return int((end.astype("datetime64[M]") - begin.astype("datetime64[M]")).astype(np.int64))
    return int(-(-(end - begin) // np.timedelta64(FAMILIES[unit].seconds, "s")))


def _noun(frequency: Frequency) -> str:
    multiple, name = split(frequency.alias)
    plural = FAMILIES[name].plural
    return plural[:-1] if multiple == 1 else f"{multiple} {plural}"
