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

from forecast.defaults import DUPLICATES
from forecast.errors import ConfigError, DataError, nearest, shown
from forecast.reading.columns import Asked, find_columns
from forecast.reading.covariate_rows import CovariateColumns, place_covariates
from forecast.reading.doubts import doubts
from forecast.reading.duplicates import merge_duplicates
from forecast.reading.layouts import Roles
from forecast.reading.placing import MIN_VALUES, drop_short, place_most, trim
from forecast.reading.readers import read_table
from forecast.reading.resampling import resample_rows
from forecast.reading.rows import Rows
from forecast.reading.zones import check_zone
from forecast.regularity import Regularity, measure_regularity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd

    from forecast.errors import Notice
    from forecast.frequency import Frequency
    from forecast.panel import Panel
    from forecast.reading.columns import Columns
    from forecast.reading.table import Table

__all__ = ["SeriesData", "read_series"]


@dataclass(frozen=True)
class SeriesData:
    """Checked series, and how they were understood.

    Parameters
    ----------
    panel : Panel
        The series as arrays, which is what models see: on a regular grid, NaN for a gap, no NaN at the ends.
    name : str
        What to call the source, such as ``sales.csv``.
    fingerprint : str or callable
        The SHA-256 of its bytes, or what works it out.
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
    fingerprint: str | Callable[[], str]
    time: str | None
    target: str
    id: str | None
    notes: tuple[str, ...]
    notices: tuple[Notice, ...]
    regularity: Regularity

    @cached_property
    def sha256(self) -> str:
        """The hash of the bytes of the source.

        Raises
        ------
        FileError
            F102, a large file that is not as it was when it was read.
        """
        return self.fingerprint() if callable(self.fingerprint) else self.fingerprint

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
    totals: Sequence[str] = (),
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
    totals : sequence of str
        Columns such as `static`, over which sums will be taken.
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
    asked = Asked(
        roles=Roles(time, target, id),
        beside=CovariateColumns(tuple(future), tuple(past), tuple(dict.fromkeys((*static, *totals))), tuple(totals)),
        seasons=_seasons(season_length),
        layout=layout or "auto",
        freq=freq,
        resample=resample,
        aggregate=aggregate,
        date_format=date_format,
        duplicates=duplicates,
        na=tuple(na),
        tz=tz,
        least=least,
    )
    read = partial(read_table, source, delimiter=delimiter, decimal=decimal, encoding=encoding, sheet=sheet)
    table = read(texts={time, id, *asked.beside.names})
    if not table.by_columns:
        return _understood(table, asked)
    with suppress(DataError, ConfigError):
        data = _understood(table, asked)
        if not any(notice.code == "W201" for notice in data.notices):
            return data
    return _understood(read(careful=True), asked)  # what is said of a cell shows it as it was written


def _understood(table: Table, asked: Asked) -> SeriesData:
    """Return the series of a table; errors as of `read_series`."""
    columns = find_columns(table, asked)
    table, target = columns.table, columns.target
    every, merged, freq = _one_value_a_time(columns, asked)
    rows = trim(every)
    cut = 0 if asked.beside.future else len(every.values) - len(rows.values)
    rows, left_out = drop_short(rows, table, least=asked.least)
    rows, panel, gaps, irregular = place_most(rows, table, freq=freq)
    covariates, absent = place_covariates(table, asked.beside, every, panel, target=target)
    frequency = panel.frequency
    seasons = frequency.season_lengths if asked.seasons is None else asked.seasons
    first, *longer = seasons or (1,)
    regularity = measure_regularity(rows.moments, rows.ticks, rows.starts, frequency)
    how = "resampled" if asked.resample else "given" if freq else f"inferred: {regularity.reason}"
    season = f"season {' and '.join(map(str, seasons))}" if seasons else "no season"
    understood = (*columns.notes(len(rows.names)), f"{frequency.word} ({how}), {season}", *table.notes)
    read = columns.times.notes if columns.times else ()
    return SeriesData(
        panel=replace(panel, season_length=first, longer_seasons=tuple(longer), covariates=covariates),
        name=table.name,
        fingerprint=table.fingerprint,
        time=columns.time,
        target=target,
        id=columns.id,
        notes=(*understood, *read, *merged, *_cut(cut), *gaps, *absent),
        notices=(*left_out, *irregular, *doubts(rows, table, target)),
        regularity=regularity,
    )


def _one_value_a_time(columns: Columns, asked: Asked) -> tuple[Rows, list[str], str | None]:
    """Return the rows with each time once in a series, what was done for that, and the frequency that is asked for."""
    rows = columns.rows()
    if asked.resample is None:
        if asked.aggregate != "sum":
            what = f"--aggregate {asked.aggregate} says how to fill the periods of --resample, which is missing"
            raise ConfigError("U101", what, hint=f"--resample W --aggregate {asked.aggregate}")
        taken: set[str | None] = {columns.time, columns.target}
        merged = merge_duplicates(rows, columns.table, how=asked.duplicates, id=columns.id, taken=taken)
        return *merged, asked.freq
    if asked.beside.names:
        what = f"{shown(asked.beside.names[0])} cannot be resampled with the target"
        raise ConfigError("U101", what, hint="resampled data without --future, --past and --static")
    made = resample_rows(
        rows.times, rows.values, rows.codes, rule=asked.resample, aggregate=asked.aggregate, names=rows.names
    )
    moments, ticks = np.unique(made.times, return_inverse=True)
    placed = Rows.of(rows.names, made.codes, ticks, moments, made.values, rows.rows[made.rows])
    return placed, list(made.notes), made.alias


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


def _cut(count: int) -> list[str]:
    """Say how many rows stood before the first or after the last value of their series."""
    rows = "1 row" if count == 1 else f"{count} rows"
    return [f"{rows} without a value at the start or end of a series left out"] if count else []
