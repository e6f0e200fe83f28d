"""The one door: whatever is given becomes a checked series frame, or an error that says what to mend.

The idea: columns get their roles, cells become times and numbers, rows find their place on a regular grid; after this
module nobody checks the data again.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.defaults import DUPLICATES
from forecast.errors import ConfigError, DataError, Notice, nearest, shown
from forecast.reading.covariate_rows import CovariateColumns, place_covariates
from forecast.reading.duplicates import merge_duplicates
from forecast.reading.layouts import Roles, made_long
from forecast.reading.placing import MIN_VALUES, drop_short, place_most, trim
from forecast.reading.readers import read_table
from forecast.reading.resampling import resample_rows
from forecast.reading.roles import check_given, find_id, find_target, find_time
from forecast.reading.rows import Rows, some
from forecast.reading.table import coded
from forecast.reading.times import Times, read_times
from forecast.reading.values import GROUPED_BY_POINTS, blanked, is_missing, read_numbers
from forecast.reading.zones import check_zone
from forecast.regularity import Regularity, measure_regularity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from forecast.frequency import Frequency
    from forecast.panel import Panel
    from forecast.reading.table import Table

__all__ = ["SeriesData", "read_series"]

ABSURD = 10_000
"""A value so many times the median of its series is worth a warning."""


@dataclass(frozen=True)
class SeriesData:
    """Checked series, and how they were understood.

    Parameters
    ----------
    panel : Panel
        The series as arrays, which is what models see: on a regular grid, NaN for a gap, no NaN at the ends.
    name : str
        What to call the source, such as ``sales.csv``.
    sha256 : str
        The hash of its bytes.
    time, target, id : str or None
        The columns that were read; None where the rows were numbered or there is one series.
    notes : tuple of str
        What was inferred or done, each a sentence to print.
    notices : tuple of Notice
        Warnings.
    regularity : Regularity
        How many of the steps are one period: the confidence in the frequency.
    """

    panel: Panel
    name: str
    sha256: str
    time: str | None
    target: str
    id: str | None
    notes: tuple[str, ...]
    notices: tuple[Notice, ...]
    regularity: Regularity

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The series frame: ``unique_id`` (str), ``ds`` (datetime64[us] or int64), ``y`` (float64), sorted."""
        return self.panel.to_frame()

    @property
    def frequency(self) -> Frequency:
        """The step of the grid."""
        return self.panel.frequency

    @property
    def season_length(self) -> int:
        """Periods of the shortest season; 1 for none."""
        return self.panel.season_length


def read_series(
    source: str | Path | pd.DataFrame | pd.Series[Any] | Table,
    *,
    time: str | None = None,
    target: str | None = None,
    id: str | None = None,
    layout: str | None = None,
    freq: str | None = None,
    season_length: int | Sequence[int] | None = None,
    resample: str | None = None,
    aggregate: str = "sum",
    date_format: str | None = None,
    duplicates: str = "error",
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    na: Sequence[str] = (),
    tz: str | None = None,
    future: Sequence[str] = (),
    past: Sequence[str] = (),
    static: Sequence[str] = (),
    least: int = MIN_VALUES,
) -> SeriesData:
    """Return the series of a CSV file, of a bundled set or of a frame, checked and on a regular grid.

    Parameters
    ----------
    source : path, DataFrame or Series
        A CSV or TSV file, lines of JSON, a Parquet file or a workbook; the name of a bundled set; a frame; or a series
        with dates as its index; or a table that was read.
    time, target, id : str, optional
        The columns of times, values and series names; inferred where exactly one fits.
    layout : {"long", "columns", "rows"}, optional
        One row a value, one column a series, or one row a series; inferred where that is plain: see
        `forecast.reading.layouts`.
    freq : str, optional
        The step of the times, as a pandas alias (``MS``, ``W-SAT``, ``15min``) or ``int``; inferred by default.
    season_length : int or sequence of int, optional
        Periods of the season, or of several, 1 for none; by default what goes with the frequency.
    resample : str, optional
        The period to which finer data or raw transactions are brought, such as ``W`` or ``MS``: see `resample`.
    aggregate : {"sum", "mean", "last", "max"}
        What becomes of the values of one such period.
    date_format : str, optional
        The strptime format of the times, where the column does not decide it.
    duplicates : {"error", "first", "last", "mean", "sum"}
        What becomes of several values for one time.
    delimiter, decimal, encoding : str, optional
        How the file is written, where that is not plain from itself.
    sheet : str, optional
        Of a workbook; by default the first with anything in it.
    na : sequence of str
        What stands for a missing value in the target, such as ``-999``, beside empty cells and ``NA``.
    tz : str, optional
        The time zone of the times, such as ``Europe/Berlin``; times of the day are then turned to UTC.
    future, past, static : sequence of str
        Columns of covariates: known ahead (rows with an empty target after the last value of a series are their
        future), known only in the past, and the same in all rows of a series.
    least : int
        Values a series must have; one with fewer is left out. Below three `freq` must be given.

    Raises
    ------
    FileError
        F101 or F102, when there is no such file or it cannot be read.
    DataError
        D101 to D117, when the data cannot be used as they are; the message says where and what to type.
    ConfigError
        U101, when an argument is not one of its possible values.

    Examples
    --------
    >>> data = read_series("airline")
    >>> data.frame.head(2)
        unique_id         ds      y
    0  passengers 1949-01-01  112.0
    1  passengers 1949-02-01  118.0
    >>> data.notes[2]
    'monthly (inferred: 143 of 143 steps are one month), season 12'
    """
    _check_options(duplicates)
    check_zone(tz)
    given_seasons = _seasons(season_length)
    beside = CovariateColumns(tuple(future), tuple(past), tuple(static))

    def understand(table: Table) -> SeriesData:
        return _understood(
            table,
            beside,
            roles=Roles(time, target, id),
            layout=layout or "auto",
            freq=freq,
            seasons=given_seasons,
            resample=resample,
            aggregate=aggregate,
            date_format=date_format,
            duplicates=duplicates,
            na=na,
            tz=tz,
            least=least,
        )

    read = partial(read_table, source, delimiter=delimiter, decimal=decimal, encoding=encoding, sheet=sheet)
    table = read(texts={time, id, *beside.names})
    if not table.by_columns:
        return understand(table)
    with suppress(DataError, ConfigError):
        data = understand(table)
        if not any(notice.code == "W201" for notice in data.notices):
            return data
    return understand(read(careful=True))  # what is said of a cell shows it as it was written


def _understood(
    table: Table,
    beside: CovariateColumns,
    *,
    roles: Roles,
    layout: str,
    freq: str | None,
    seasons: tuple[int, ...] | None,
    resample: str | None,
    aggregate: str,
    date_format: str | None,
    duplicates: str,
    na: Sequence[str],
    tz: str | None,
    least: int,
) -> SeriesData:
    """Return the series of a table; arguments and errors as of `read_series`."""
    check_given(table, time=roles.time, target=roles.target, id=roles.id)
    beside.check(table, {roles.time, roles.target, roles.id} - {None})
    table, roles = made_long(table, roles, layout=layout, beside=beside.names)
    time = find_time(table, given=roles.time, taken={roles.target, roles.id, *beside.names})
    written = partial(read_times, date_format=date_format, integers=freq == "int", tz=tz)
    times = None if time is None else written(table, time)
    key = find_id(table, times, given=roles.id, taken={time, roles.target, *beside.names})
    target = find_target(table, given=roles.target, taken={time, key, *beside.names})
    table = blanked(table, target, na)
    values = read_numbers(table, target)
    codes, names = _ids(table, key, target)
    rows = Rows.sorted(codes, names, times or _numbered(codes), values)
    if resample is None:
        if aggregate != "sum":
            what = f"--aggregate {aggregate} says how to fill the periods of --resample, which is missing"
            raise ConfigError("U101", what, hint=f"--resample W --aggregate {aggregate}")
        every, merged = merge_duplicates(rows, table, how=duplicates, id=key, taken={time, target})
    elif beside.names:
        what = f"{shown(beside.names[0])} cannot be resampled with the target"
        raise ConfigError("U101", what, hint="resampled data without --future, --past and --static")
    else:
        every, merged, freq = _resampled(rows, resample, aggregate)
    rows = trim(every)
    cut = 0 if beside.future else len(every.values) - len(rows.values)
    rows, left_out = drop_short(rows, table, least=least)
    rows, panel, gaps, irregular = place_most(rows, table, freq=freq)
    frequency = panel.frequency
    covariates, absent = place_covariates(table, beside, every, panel, target=target)
    seasons = frequency.season_lengths if seasons is None else seasons
    regularity = measure_regularity(rows.moments, rows.ticks, rows.starts, frequency)
    how = "resampled" if resample else "given" if freq else f"inferred: {regularity.reason}"
    understood = (
        "time: none, rows numbered 1, 2, 3, ..." if time is None else f"time: column {shown(time)}",
        f"target: column {shown(target)}",
        *([] if key is None else [f"id: column {shown(key)} ({len(rows.names)} series)"]),
        f"{frequency.word} ({how}), " + (f"season {' and '.join(map(str, seasons))}" if seasons else "no season"),
    )
    return SeriesData(
        panel=replace(
            panel,
            season_length=seasons[0] if seasons else 1,
            longer_seasons=seasons[1:],
            covariates=covariates,
        ),
        name=table.name,
        sha256=table.sha256,
        time=time,
        target=target,
        id=key,
        notes=(*understood, *table.notes, *(times.notes if times else ()), *merged, *_cut(cut), *gaps, *absent),
        notices=(*left_out, *irregular, *_constant(rows), *_absurd(rows, table, target), *_grouped(table, target)),
        regularity=regularity,
    )


def _check_options(duplicates: str) -> None:
    if duplicates not in DUPLICATES:
        close = nearest(duplicates, DUPLICATES) or "mean"
        what = f"{shown(duplicates)} is not a way to treat duplicates ({', '.join(DUPLICATES)})"
        raise ConfigError("U101", what, hint=f"--duplicates {close}")


def _seasons(season_length: int | Sequence[int] | None) -> tuple[int, ...] | None:
    """Return the seasons a user gave, the shortest first, without 1; None where none is given."""
    if season_length is None:
        return None
    lengths = [season_length] if isinstance(season_length, (int, np.integer)) else list(season_length)
    wrong = [length for length in lengths if length < 1]
    if wrong:
        what = f"a season of {wrong[0]} periods"
        raise ConfigError("U101", what, hint="--season-length 12, or --season-length 1 for no season")
    return tuple(sorted({int(length) for length in lengths} - {1}))


def _resampled(rows: Rows, rule: str, aggregate: str) -> tuple[Rows, list[str], str]:
    """Return a row for each period of each series, what was done, and the frequency that makes."""
    made = resample_rows(rows.times, rows.values, rows.codes, rule=rule, aggregate=aggregate, names=rows.names)
    moments, ticks = np.unique(made.times, return_inverse=True)
    placed = Rows.of(rows.names, made.codes, ticks, moments, made.values, rows.rows[made.rows])
    return placed, list(made.notes), made.alias


def _ids(table: Table, id: str | None, target: str) -> tuple[NDArray[Any], list[str]]:
    """Return which series each row belongs to, and their names: the cells of the id column, or that of the target."""
    if id is None:
        return np.zeros(len(table.frame), dtype=np.int64), [target]
    cells = table.frame[id]
    missing = np.flatnonzero(is_missing(cells))
    if len(missing):
        what = f"{len(missing)} row{'' if len(missing) == 1 else 's'} of {table.name} without an id in {shown(id)}"
        raise DataError("D106", f"{what}: {table.listed(missing)}", hint="fill in the id, or remove the row")
    return coded(cells)


def _numbered(codes: NDArray[Any]) -> Times:
    """Return 1, 2, 3, ... for the rows of each series."""
    places = pd.Series(codes).groupby(codes).cumcount().to_numpy().astype(np.int64)
    return Times(places, np.arange(1, int(places.max()) + 2))


def _cut(count: int) -> list[str]:
    """Say how many rows stood before the first or after the last value of their series."""
    rows = "1 row" if count == 1 else f"{count} rows"
    return [f"{rows} without a value at the start or end of a series left out"] if count else []


def _grouped(table: Table, target: str) -> list[Notice]:
    """Return W211 where no comma separates the columns and every point has three digits behind it."""
    if table.by_columns or table.decimal != "." or not any(note.startswith("separator") for note in table.notes):
        return []
    cells = table.frame[target][~is_missing(table.frame[target])]
    pointed = cells[cells.str.contains(".", regex=False)]
    if len(pointed) == 0 or not cells.str.fullmatch(GROUPED_BY_POINTS).all():
        return []
    what = f"every point in {shown(target)} has three digits behind it, such as {shown(pointed.iloc[0])}"
    return [Notice("W211", f"{what}: are these thousands? They are read as decimals")]


def _constant(rows: Rows) -> list[Notice]:
    """Return W202 for the series that never change."""
    low, high = (ufunc.reduceat(rows.values, rows.starts) for ufunc in (np.fmin, np.fmax))
    found = [rows.names[i] for i in np.flatnonzero(low == high)]
    if not found:
        return []
    verb = "is" if len(found) == 1 else "are"
    total = f" ({len(found)} of {len(rows.names)} series)" if len(rows.names) > 1 else ""
    effect = "scaled errors are undefined and shown as n/a"
    return [Notice("W202", f"{some(found)} {verb} constant: {effect}{total}")]


def _absurd(rows: Rows, table: Table, target: str) -> list[Notice]:
    """Return W201 for values that are ten thousand times the median of their series."""
    sizes = np.abs(rows.values)
    low, high = (ufunc.reduceat(sizes, rows.starts) for ufunc in (np.fmin, np.fmax))
    limits = np.full(len(low), np.inf)
    bounds = np.r_[rows.starts, len(sizes)]
    for s in np.flatnonzero(high >= ABSURD * low):  # the median is not below the smallest
        limits[s] = ABSURD * np.nanmedian(sizes[bounds[s] : bounds[s + 1]])
    limits[limits == 0] = np.inf
    if not (high >= limits).any():
        return []
    found = rows.rows[sizes >= limits[rows.codes]]
    what = f"{table.listed(np.sort(found), target)} in {shown(target)}"
    return [Notice("W201", f"{what}: {ABSURD:,} times the median of the series or more")]
