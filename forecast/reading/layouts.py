"""Wide tables made long: one column a series, or one row a series, become one row a value.

The idea: only what cannot be read otherwise is taken apart unasked, which is when the columns count something:
``V2, V3, V4``, ``store_1, store_2`` or dates. Columns with names of their own may be things to choose from, so the user
is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.defaults import LAYOUTS
from forecast.errors import ConfigError, DataError, nearest, shown
from forecast.reading.roles import find_time
from forecast.reading.table import ID_NAMES, TIME_NAMES
from forecast.reading.times import looks_like_times
from forecast.reading.values import is_missing, meant_as_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecast.reading.table import Table

__all__ = ["Roles", "made_long"]

_COUNTED = re.compile(r"(.*?)(\d+)([^\d]*)")


@dataclass(frozen=True)
class Roles:
    """The columns of times, values and series names, as far as they were given."""

    time: str | None = None
    target: str | None = None
    id: str | None = None


def made_long(table: Table, roles: Roles, *, layout: str = "auto", beside: Sequence[str] = ()) -> tuple[Table, Roles]:
    """Return the table with a row for each value, and which columns it has then.

    Parameters
    ----------
    table : Table
        As it was read.
    roles : Roles
        The columns a user named. With a target or covariates a table is long.
    layout : {"auto", "long", "columns", "rows"}
        One row a value, one column a series, one row a series; ``auto``: the second or third where the columns are
        numbered or dates, else the first.
    beside : sequence of str
        Columns of covariates.

    Raises
    ------
    ConfigError
        U101, a layout that does not exist, or does not go with the columns named.
    DataError
        D107, nothing to forecast in a wide table.

    Examples
    --------
    >>> frame = pd.DataFrame({"day": ["2024-01-01", "2024-01-02"], "shop1": [1, 2], "shop2": [3, 4]})
    >>> from forecast.reading.table import Table
    >>> table, roles = made_long(Table(frame, "x.csv", ""), Roles())
    >>> table.frame.to_numpy().tolist()[1:3], roles.id
    ([['2024-01-02', 'shop1', 2], ['2024-01-01', 'shop2', 3]], 'series')
    """
    if layout not in LAYOUTS:
        close = nearest(layout, LAYOUTS) or "columns"
        raise ConfigError("U101", f"{shown(layout)} is not a layout ({', '.join(LAYOUTS)})", hint=f"--layout {close}")
    if layout == "auto":
        layout = "long" if roles.target or beside else _recognised(table, roles)
    if layout == "long":
        return table, roles
    if roles.target or beside:
        named = roles.target or beside[0]
        what = f"one {layout[:-1]} a series leaves no column {shown(named)} of its own"
        raise ConfigError("U101", what, hint=f"leave out --layout {layout}, or the column {named}")
    return _from_columns(table, roles) if layout == "columns" else _from_rows(table, roles)


def _recognised(table: Table, roles: Roles) -> str:
    """Return the layout that only a wide table has, or "long"."""
    columns = [str(name) for name in table.frame.columns]
    if len(columns) < 3:
        return "long"
    if roles.time is None and _is_one_row_a_series(table, columns, roles.id):
        return "rows"
    first = roles.time or columns[0]
    values = [name for name in columns if name != first]
    if roles.id is None and _counted(values) and (roles.time or _is_time(table, first)):
        return "columns" if all(_is_numeric(table, name) for name in values) else "long"
    return "long"


def _is_one_row_a_series(table: Table, columns: list[str], id: str | None) -> bool:
    """Return whether a column of distinct names is followed by numbered or dated columns of numbers."""
    key = id or columns[0]
    values = [name for name in columns if name != key]
    cells = table.frame[key]
    counted = _counted(values) or looks_like_times(pd.Series(values)) or all(name.isdigit() for name in values)
    if not counted or cells.duplicated().any() or is_missing(cells).any():
        return False
    if id is None and (_is_time(table, key) or _is_numeric(table, key)):
        return False
    known = [name for name in values if not is_missing(table.frame[name]).all()]
    return bool(known) and all(_is_numeric(table, name) for name in known)


def _from_columns(table: Table, roles: Roles) -> tuple[Table, Roles]:
    """Return the columns below each other."""
    if roles.id is not None:
        what = f"one column a series leaves no column {shown(roles.id)} of names"
        raise ConfigError("U101", what, hint="leave out --layout columns or --id")
    time = roles.time or find_time(table, given=None, taken=set())
    values = [str(name) for name in table.frame.columns if name != time]
    values = [name for name in values if not is_missing(table.frame[name]).all()]
    if not values:
        raise DataError(
            "D107", f"{table.name} has no column of values beside the times", hint="a column for each series"
        )
    count = len(table.frame)
    long = pd.DataFrame(
        {
            "series": np.repeat(np.array(values, dtype=object), count),
            "value": pd.concat([_plain(table.frame[name]) for name in values], ignore_index=True),
        }
    )
    if time is not None:
        long.insert(0, time, pd.concat([_plain(table.frame[time])] * len(values), ignore_index=True))
    note = f"layout: one column a series, {len(values)} of them"
    return _remade(table, long, np.tile(np.arange(count), len(values)), note), Roles(time, "value", "series")


def _from_rows(table: Table, roles: Roles) -> tuple[Table, Roles]:
    """Return the rows one after another, each up to its last value, timed by the headers or numbered."""
    columns = [str(name) for name in table.frame.columns]
    if roles.time is not None:
        what = f"one row a series leaves no column {shown(roles.time)} of times"
        raise ConfigError("U101", what, hint="leave out --layout rows or --time")
    key = roles.id or columns[0]
    values = [name for name in columns if name != key]
    if not values:
        what = f"{table.name} has no column of values beside the names"
        raise DataError("D107", what, hint="a column for each time")
    known = np.stack([~is_missing(table.frame[name]) for name in values], axis=1)
    lengths = np.where(known.any(axis=1), known.shape[1] - known[:, ::-1].argmax(axis=1), 0)
    inside = np.arange(len(values)) < lengths[:, None]
    rows, places = np.nonzero(inside)
    cells = np.stack([_plain(table.frame[name]).to_numpy(object) for name in values], axis=1)[inside]
    dated = looks_like_times(pd.Series(values))
    times = np.array(values, dtype=object)[places] if dated else places + 1
    long = pd.DataFrame(
        {
            "time": pd.Series(times, dtype="str") if dated else times,
            "series": _plain(table.frame[key]).to_numpy(object)[rows],
            "value": pd.Series(cells).infer_objects(),
        }
    )
    note = f"layout: one row a series, {len(table.frame)} of them, " + ("timed by the headers" if dated else "numbered")
    return _remade(table, long, rows, note), Roles("time", "value", "series")


def _remade(table: Table, long: pd.DataFrame, rows: np.ndarray[tuple[int], np.dtype[np.int64]], note: str) -> Table:
    """Return the table of a long frame whose rows come from the given `rows` of the wide one."""
    lines = None if table.lines is None else np.asarray(table.lines)[rows]
    return replace(table, frame=long, lines=lines, notes=(note, *table.notes))


def _plain(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Return cells without codes, which differ from column to column."""
    return cells.astype(str) if isinstance(cells.dtype, pd.CategoricalDtype) else cells


def _counted(names: list[str]) -> bool:
    """Return whether names are one name with numbers that go up by one.

    Examples
    --------
    >>> _counted(["V2", "V3", "V4"]), _counted(["store_1", "store_2"]), _counted(["y1", "x2"]), _counted(["price"])
    (True, True, False, False)
    """
    found = [_COUNTED.fullmatch(name) for name in names]
    if len(names) < 2 or not all(found):
        return False
    around = {(match[1], match[3]) for match in found if match}
    numbers = [int(match[2]) for match in found if match]
    return len(around) == 1 and all(after == before + 1 for before, after in pairwise(numbers))


def _is_time(table: Table, name: str) -> bool:
    cells = table.frame[name]
    return looks_like_times(cells, numbers=name.strip().casefold() in TIME_NAMES) and name.casefold() not in ID_NAMES


def _is_numeric(table: Table, name: str) -> bool:
    return meant_as_numbers(table.frame[name], table.decimal)
