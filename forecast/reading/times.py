"""A column of cells to a column of times: dates, years, quarters, weeks or whole numbers.

The idea: a column is read by the one form that fits all its cells; where two forms fit and give different times, no
row decides and neither is taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from forecast.errors import DataError, shown
from forecast.reading.forms import (
    DATE_FORMS,
    NUMBER_FORMS,
    PROPOSALS,
    Form,
    Reading,
    read_form,
    read_format,
    read_whole,
)
from forecast.reading.table import MISSING_MARKERS, coded, distinct
from forecast.reading.values import LIKELY_SHARE, is_missing
from forecast.reading.zones import dates_or_utc, local_to_utc
from forecast.regularity import infer_frequency, measure_regularity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecast.reading.table import Table

__all__ = ["Times", "looks_like_times", "read_times"]

_SPAN = re.compile(r"(\d{4})[-/](\d\d)", re.ASCII)

SNIFFED_TEXTS = 100
"""A form that fits none of so many cells is not tried on the rest."""
NOTES_SHARE = 0.1
"""So few rows that begin with no digit where times should be are totals or notes between the data."""
TITLES = 10
"""So many lines may stand above the names of the columns, as in an export that begins with a title."""
EPOCH = (631_152_000, 4_102_444_800)
"""Seconds from 1970 to 1990 and to 2100: whole numbers between them are times."""


@dataclass(frozen=True)
class Times:
    """The time of every row.

    Parameters
    ----------
    codes : ndarray [N] of int
        Which of the moments each row has: whole numbers of any size.
    moments : ndarray [U]
        Distinct times, datetime64[us] or int64, in order.
    notes : tuple of str
        What is worth saying of how they were read.
    """

    codes: NDArray[Any]
    moments: NDArray[Any]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, codes: NDArray[Any], times: NDArray[Any], notes: tuple[str, ...] = ()) -> Self:
        """Return times from codes of times in any order, in which one may occur under several codes."""
        moments, places = np.unique(times, return_inverse=True)
        if np.array_equal(places, np.arange(len(places))):  # all at once and in order
            return cls(codes, moments, notes)
        return cls(places.astype(codes.dtype).take(codes), moments, notes)

    @property
    def values(self) -> NDArray[Any]:
        """The times themselves, [N]."""
        return np.asarray(self.moments[self.codes])


def looks_like_times(cells: pd.Series[Any], *, numbers: bool = False) -> bool:
    """Return whether most of the cells are times; whole numbers count as such with `numbers` only.

    Examples
    --------
    >>> looks_like_times(pd.Series(["1949-01", "1949-02"])), looks_like_times(pd.Series(["1120", "1160"]))
    (True, False)
    """
    if _is_datetime(cells) or isinstance(cells.dtype, pd.PeriodDtype):
        return True
    if pd.api.types.is_numeric_dtype(cells) and not numbers:
        return False
    holed = not isinstance(cells.dtype, pd.CategoricalDtype) and cells.hasnans
    texts = [text for text in distinct(cells[~cells.isna()] if holed else cells) if text not in MISSING_MARKERS]
    readings = [read_form(texts, form) for form in _promising(texts, DATE_FORMS)]
    if numbers:
        readings.append(read_whole(texts))
    return any(reading.good.mean() >= LIKELY_SHARE for reading in readings if texts)


def read_times(
    table: Table, column: str, *, date_format: str | None = None, integers: bool = False, tz: str | None = None
) -> Times:
    """Return the times in `column` of `table`.

    Parameters
    ----------
    table : Table
        Where the cells stand.
    column : str
        The name of the column.
    date_format : str, optional
        A strptime format that all cells have; by default the one form that fits all.
    integers : bool
        Whether whole numbers are steps even where they could be years or seconds.
    tz : str, optional
        The zone of the times, such as ``Europe/Berlin``: dates keep its days, times of the day are turned to UTC.

    Raises
    ------
    DataError
        D109, cells that are no times; D110, day and month cannot be told apart; D112, several UTC offsets.

    Examples
    --------
    >>> from forecast.reading.readers import read_table
    >>> read_times(read_table("nile"), "year").values[:2].astype("datetime64[D]")
    array(['1871-01-01', '1872-01-01'], dtype='datetime64[D]')
    """
    cells = table.frame[column]
    _check_present(table, column)
    if _is_datetime(cells):
        return _from_datetimes(cells)
    if isinstance(cells.dtype, pd.PeriodDtype):
        cells = cells.astype(str).str.partition("/")[0]  # a week reads "2024-01-01/2024-01-07"
    codes, texts = coded(cells if isinstance(cells.dtype, pd.CategoricalDtype) else cells.astype(str).str.strip())
    if date_format is not None:
        reading = read_format(texts, date_format)
    else:
        whole = read_whole(texts)
        reading = whole if integers and whole.good.all() else _read_best(table, column, texts)
    if not reading.good.all():
        raise _not_understood(table, column, texts, np.flatnonzero(~reading.good[codes]))
    if date_format is None and _are_spans(texts):
        what = f"the times in {shown(column)} of {table.name}, such as {shown(texts[0])}, name two years each"
        raise DataError("D109", what, hint=f"write one year: {texts[0][:4]}")
    if reading.times.dtype.kind == "i" and not integers:
        reading, notes = _epoch(reading)
        return Times.of(codes, reading.times, notes)
    if len(reading.kinds) > 1 and (tz is None or "" in reading.kinds):
        listed = " and ".join(offset or "none" for offset in sorted(reading.kinds))
        what = f"UTC offsets {listed} both occur in {shown(column)} of {table.name}"
        zone = "Europe/Berlin" if reading.kinds == {"+0100", "+0200"} else "UTC"
        hint = "write all times with an offset, or none" if "" in reading.kinds else table.retry(tz=zone)
        raise DataError("D112", what, hint=hint)
    if tz is not None and reading.times.dtype.kind == "M":
        zoned = "" not in reading.kinds
        utc = reading.utc[codes] if zoned else local_to_utc(codes, reading.times, tz)
        times, note = dates_or_utc(utc, tz)
        return Times.of(np.arange(len(codes)), times, (note,))
    (offset,) = reading.kinds
    return Times.of(codes, reading.times, (f"times as written, at UTC offset {offset}",) if offset else ())


def _are_spans(texts: Sequence[str]) -> bool:
    """Whether three texts or more each name a year and the next, such as ``2019/20``, which could be a month."""
    spans = (_SPAN.fullmatch(text) for text in texts)
    return len(texts) > 2 and all(span is not None and int(span[2]) == (int(span[1]) + 1) % 100 for span in spans)


def _epoch(reading: Reading) -> tuple[Reading, tuple[str, ...]]:
    """Return whole numbers that are all seconds or milliseconds since 1970, from 1990 to 2099, as times in UTC."""
    for unit, word, factor in (("s", "seconds", 1), ("ms", "milliseconds", 1_000)):
        low, high = EPOCH[0] * factor, EPOCH[1] * factor
        if ((reading.times >= low) & (reading.times < high)).all():
            times = reading.times.astype(f"datetime64[{unit}]").astype("datetime64[us]")
            return Reading(times, reading.good), (f"times are {word} since 1970, in UTC",)
    return reading, ()


def _check_present(table: Table, column: str) -> None:
    rows = np.flatnonzero(is_missing(table.frame[column]))
    if len(rows):
        what = f"{len(rows)} row{'' if len(rows) == 1 else 's'} of {table.name} without a time in {shown(column)}"
        below_header = table.lines is not None and rows.tolist() == [0]
        hint = "remove the row if it is a second line of headers, else fill in the time"
        raise DataError(
            "D109",
            f"{what}: {table.listed(rows)}",
            hint=hint if below_header else "fill in the time, or remove the row",
        )


def _promising(texts: Sequence[str], forms: Sequence[Form]) -> list[Form]:
    """Return the forms that fit one of the first texts at least."""
    return [form for form in forms if read_form(texts[:SNIFFED_TEXTS], form).good.any()]


def _read_best(table: Table, column: str, texts: list[str]) -> Reading:
    """Return what the one form that fits all makes of `texts`, else the form that fits most."""
    forms = _promising(texts, (*DATE_FORMS, *NUMBER_FORMS))
    readings = [read_form(texts, form) for form in forms]
    complete = [i for i, reading in enumerate(readings) if reading.good.all()]
    if not complete:
        return max([read_whole(texts), *readings], key=lambda reading: int(reading.good.sum()))
    first = readings[complete[0]]
    for i in complete[1:]:
        different = np.flatnonzero(first.times != readings[i].times)
        if len(different):
            where, pair = int(different[0]), (complete[0], i)
            if _regular_share(readings[i].times) > _regular_share(first.times):
                pair = (i, complete[0])  # the likelier first, for that one is proposed
            one, other = (str(readings[j].times[where].astype("datetime64[D]")) for j in pair)
            raise _ambiguous(table, column, texts, (forms[pair[0]], forms[pair[1]]), (texts[where], one, other))
    return first


def _regular_share(times: NDArray[Any]) -> float:
    """Return how many of the steps between the distinct times are one period of their frequency; 0 without one."""
    moments = np.unique(times)
    try:
        frequency = infer_frequency([moments])
    except DataError:
        return 0.0
    return measure_regularity(moments, np.arange(len(moments)), np.zeros(1, dtype=np.int64), frequency).share


def _ambiguous(
    table: Table, column: str, texts: list[str], forms: tuple[Form, Form], example: tuple[str, str, str]
) -> DataError:
    text, one, other = example
    separator = next(character for character in text if not character.isdigit())
    clocks = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", "T%H:%M", "T%H:%M:%S", "T%H:%M:%S.%f")
    dates = [form.format.replace("/", separator) for form in forms]
    clock = next((c for c in clocks if read_format(texts, dates[0] + c).good.all()), "")
    return DataError(
        "D110",
        f"{shown(text)} in {shown(column)} of {table.name} can be {one} or {other}, and no row decides",
        found=f"{one} is {dates[0]}{clock}, {other} is {dates[1]}{clock}",
        hint=table.retry(date_format=dates[0] + clock),
    )


def _not_understood(table: Table, column: str, texts: list[str], rows: NDArray[np.intp]) -> DataError:
    readings = {form: read_format(texts, form) for form in PROPOSALS}
    shares = {form: _regular_share(reading.times) for form, reading in readings.items() if reading.good.all()}
    fitting = max(shares, key=shares.__getitem__, default=None)
    noun = "date in" if len(rows) == 1 else "dates in"
    if fitting:
        hint = table.retry(date_format=fitting)
    elif _is_header(table, int(rows[-1])):
        hint = f"remove the lines above {table.place(int(rows[-1]))}, which seems to hold the names of the columns"
    elif _are_notes(table, column, rows):
        hint = "remove these lines if they hold totals, units or notes, else correct the dates"
    else:
        hint = "correct these cells; where all have one form, name it with --date-format"
    what = f"{len(rows)} {noun} {shown(column)} of {table.name} not understood: {table.listed(rows, column)}"
    return DataError("D109", what, hint=hint)


def _are_notes(table: Table, column: str, rows: NDArray[np.intp]) -> bool:
    """Whether these rows are few and none has a cell that begins with a digit, as notes between the data are."""
    cells = table.frame[column].iloc[rows].astype(str)
    return len(rows) <= NOTES_SHARE * len(table.frame) and not cells.str.match(r"\s*\d").any()


def _is_header(table: Table, row: int) -> bool:
    """Whether a row near the top has names of columns, two at least, where the first line has not a name for each."""
    nameless = any(str(name).startswith("unnamed_") for name in table.frame.columns)
    cells = [str(cell) for cell in table.frame.iloc[row] if cell == cell and str(cell).strip()]
    return nameless and row < TITLES and len(cells) > 1 and not any(sign.isdigit() for cell in cells for sign in cell)


def _is_datetime(cells: pd.Series[Any]) -> bool:
    return pd.api.types.is_datetime64_any_dtype(cells)


def _from_datetimes(cells: pd.Series[Any]) -> Times:
    """Return datetimes without their time zone: dates as they stand, times of the day in UTC."""
    rows = np.arange(len(cells))
    if cells.dt.tz is None:
        return Times.of(rows, cells.to_numpy().astype("datetime64[us]"))
    local = cells.dt.tz_localize(None)
    if (local == local.dt.normalize()).all():
        return Times.of(rows, local.to_numpy().astype("datetime64[us]"), (f"dates as in {cells.dt.tz}",))
    utc = cells.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    return Times.of(rows, utc, (f"times turned from {cells.dt.tz} to UTC",))
