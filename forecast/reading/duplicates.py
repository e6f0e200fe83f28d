"""Several rows for one time of a series become one, or the error that names them.

The idea: equal rows say the same and all but one are left out; what rows that differ are worth together is for the user
to say, and a column that would tell them apart is looked for first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from forecast.errors import DataError, shown
from forecast.reading.roles import separating_columns, separating_pair
from forecast.reading.rows import stamp
from forecast.reading.zones import proposed_zone

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.reading.rows import Rows
    from forecast.reading.table import Table

__all__ = ["merge_duplicates"]


def merge_duplicates(
    rows: Rows, table: Table, *, how: str, id: str | None, taken: set[str | None]
) -> tuple[Rows, list[str]]:
    """Return the rows with each time once in a series, and what was done.

    Raises
    ------
    DataError
        D111, several rows for one time that are not equal, when `how` is ``error``.
    """
    first = ~rows.repeated()
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
    pair = None if found or id is not None else separating_pair(table, times, taken=taken)
    if pair is not None:
        return DataError(
            "D111",
            f"{count} in {table.name}, first {stamp(rows.times[at])}: {table.listed(same)}",
            found=f"columns that tell them apart together: {', '.join(map(shown, pair))}",
            hint="write one column that names both, such as north_shoes, and name it with --id",
        )
    return DataError(
        "D111",
        f"{count} in {table.name}, first {stamp(rows.times[at])}{whose}: {table.listed(same)}",
        found=f"columns that tell them apart: {', '.join(map(shown, found))}" if found else None,
        hint=table.retry(id=found[0]) if found else table.retry(duplicates="mean"),
    )
