"""The columns of a table in their roles, and the cells of these as times, numbers and names.

The idea: what a user asks for and what the data show together decide on each column once; what comes out are rows that
have a series, a time and a value.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.errors import DataError, shown
from forecast.reading.layouts import Roles, made_long
from forecast.reading.roles import check_given, find_id, find_target, find_time
from forecast.reading.rows import Rows
from forecast.reading.table import coded
from forecast.reading.times import Times, read_times
from forecast.reading.values import blanked, grouped_cell, is_missing, read_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.reading.covariate_rows import CovariateColumns
    from forecast.reading.table import Table

__all__ = ["Asked", "Columns", "find_columns"]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How a table is to be understood, as far as the user says so; the fields are arguments of `read_series`.

    Parameters
    ----------
    roles : Roles
        The columns of times, values and series names.
    beside : CovariateColumns
        The columns of covariates.
    seasons : tuple of int or None
        Periods of the seasons, the shortest first; None for what goes with the frequency.
    layout, freq, resample, aggregate, date_format, duplicates, na, tz, least
        As of `forecast.series.read_series`.
    """

    roles: Roles
    beside: CovariateColumns
    seasons: tuple[int, ...] | None
    layout: str
    freq: str | None
    resample: str | None
    aggregate: str
    date_format: str | None
    duplicates: str
    na: tuple[str, ...]
    tz: str | None
    least: int


@dataclass(frozen=True)
class Columns:
    """A long table whose columns have their roles.

    Parameters
    ----------
    table : Table
        One row a value.
    time, target, id : str or None
        The columns; None where the rows are numbered or there is one series.
    times : Times or None
        Those of the rows; None where they are numbered.
    values : ndarray [N]
        The target, NaN where it is missing.
    """

    table: Table
    time: str | None
    target: str
    id: str | None
    times: Times | None
    values: NDArray[np.float64]

    def rows(self) -> Rows:
        """Return the rows by series and time.

        Raises
        ------
        DataError
            D106, a row without the name of its series.
        """
        codes, names = _ids(self.table, self.id, self.target)
        values = self.values if self.table.by_columns else self.values.copy()  # a frame may be changed by who gave it
        return Rows.sorted(codes, names, self.times or _numbered(codes), values)

    def notes(self, n_series: int) -> tuple[str, ...]:
        """Say which column is what, and how many series that makes."""
        return (
            "time: none, rows numbered 1, 2, 3, ..." if self.time is None else f"time: column {shown(self.time)}",
            f"target: column {shown(self.target)}",
            *([] if self.id is None else [f"id: column {shown(self.id)} ({n_series} series)"]),
        )


def find_columns(table: Table, asked: Asked) -> Columns:
    """Return the columns of a table in the roles that were asked for, or that exactly one of them fits.

    Raises
    ------
    DataError
        D104, D105, D107, D109, D110, D112 and D116, as of `roles`, `times` and `values`.
    ConfigError
        U101, one column for two roles.
    """
    given, beside = asked.roles, asked.beside.names
    check_given(table, time=given.time, target=given.target, id=given.id)
    asked.beside.check(table, {given.time, given.target, given.id} - {None})
    table, roles = made_long(table, given, layout=asked.layout, beside=beside)
    time = find_time(table, given=roles.time, taken={roles.target, roles.id, *beside})
    times = None
    if time is not None:
        times = read_times(table, time, date_format=asked.date_format, integers=asked.freq == "int", tz=asked.tz)
    key = find_id(table, times, given=roles.id, taken={time, roles.target, *beside})
    target = find_target(table, given=roles.target, taken={time, key, *beside})
    table = blanked(table, target, asked.na)
    if cell := grouped_cell(table, target):
        told = f"{shown(target)} has marks between thousands, as in {shown(cell)}: they are left out"
        table = replace(table, notes=(*table.notes, told))
    return Columns(table, time, target, key, times, read_numbers(table, target))


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
