"""What can be read and is yet doubtful: values out of proportion, points between thousands, series that never change.

The idea: a doubt is a warning that a run lives with; each is found by one small function from the rows or the cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecast.errors import Notice, shown
from forecast.reading.rows import some
from forecast.reading.values import GROUPED_BY_POINTS, is_missing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.reading.rows import Rows
    from forecast.reading.table import Table

    Floats = NDArray[np.float64]

__all__ = ["doubts"]

ABSURD = 10_000
"""A value so many times the median of its series is worth a warning."""


def doubts(rows: Rows, table: Table, target: str) -> list[Notice]:
    """Return W202, W201 and W211, where they are due."""
    low, high = (ufunc.reduceat(rows.values, rows.starts) for ufunc in (np.fmin, np.fmax))
    return [*_constant(rows, low, high), *_absurd(rows, low, high, table, target), *_grouped(table, target)]


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


def _constant(rows: Rows, low: Floats, high: Floats) -> list[Notice]:
    """Return W202 for the series that never change, by their smallest and largest values [S]."""
    found = [rows.names[i] for i in np.flatnonzero(low == high)]
    if not found:
        return []
    verb = "is" if len(found) == 1 else "are"
    total = f" ({len(found)} of {len(rows.names)} series)" if len(rows.names) > 1 else ""
    effect = "scaled errors are undefined and shown as n/a"
    return [Notice("W202", f"{some(found)} {verb} constant: {effect}{total}")]


def _absurd(rows: Rows, low: Floats, high: Floats, table: Table, target: str) -> list[Notice]:
    """Return W201 for values that are ten thousand times the median of their series."""
    sizes = rows.values
    if not (low >= 0).all():
        sizes = np.abs(sizes)
        low, high = (ufunc.reduceat(sizes, rows.starts) for ufunc in (np.fmin, np.fmax))
    limits = np.full(len(low), np.inf)
    for s in np.flatnonzero(high >= ABSURD * low):  # the median is not below the smallest
        limits[s] = ABSURD * np.nanmedian(sizes[rows.offsets[s] : rows.offsets[s + 1]])
    limits[limits == 0] = np.inf
    if not (high >= limits).any():
        return []
    found = rows.rows[np.abs(rows.values) >= limits[rows.codes]]
    what = f"{table.listed(np.sort(found), target)} in {shown(target)}"
    return [Notice("W201", f"{what}: {ABSURD:,} times the median of the series or more")]
