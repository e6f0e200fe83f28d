"""Which column of a table is the time, which the target and which the id.

The idea: a role is given by name or taken by the only column that fits it, and said; where several fit, the user is
asked.
"""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.errors import ConfigError, DataError, shown
from forecast.reading.table import ID_NAMES, TIME_NAMES, occurs_again
from forecast.reading.times import looks_like_times
from forecast.reading.values import LIKELY_SHARE, is_missing, meant_as_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecast.reading.table import Table
    from forecast.reading.times import Times

__all__ = ["check_given", "find_id", "find_target", "find_time", "separating_columns", "separating_pair"]

TARGET_NAMES = frozenset(["y", "value", "target"])
PARTS_OF_YEARS = frozenset(["month", "quarter", "week", "day"])
KEY_WORDS = frozenset(["id", "no", "nr", "number", "code", "key", "index", "zip"])
"""Words in the names of columns whose numbers stand for something else than an amount."""
_DRESSED = re.compile(
    r"\(?[+-]?\s*(?:[A-Z]{3}|[^\w\s.,+()-]{1,2})?\s*[+-]?\d[\d.,' ]*\s*(?:[^\W\d_]{1,4}|[^\w\s.,()]{1,2})?\s*\)?"
)
"""A number with a sign of money, a unit or brackets around it: ``$1,200``, ``12 kg``, ``(5)``."""


_MONTHS = frozenset(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])


def check_given(table: Table, **given: str | None) -> None:
    """Check that the columns a user named are there and that none has two roles.

    Raises
    ------
    DataError
        D104, a column that is not there.
    ConfigError
        U101, one column for two roles.
    """
    roles: dict[str, str] = {}
    for role, column in given.items():
        if column is None:
            continue
        table.require(column, role)
        if column in roles:
            what = f"column {shown(column)} cannot be both {roles[column]} and {role}"
            raise ConfigError("U101", what, hint=f"another column for --{role}")
        roles[column] = role


def find_time(table: Table, *, given: str | None, taken: set[str | None]) -> str | None:
    """Return the time column: the one that holds dates, or numbers under a name such as ``year``; None without one.

    Raises
    ------
    DataError
        D104, when several columns could be it.
    """
    columns = [column for column in _columns(table) if column not in taken]
    if given is not None or len(_columns(table)) == 1:
        return given
    found = [column for column in columns if looks_like_times(table.frame[column])]
    found = found or [c for c in columns if _folded(c) in TIME_NAMES and looks_like_times(table.frame[c], numbers=True)]
    found = found or [c for c in columns if _sounds_like_time(c) and not _is_numeric(table, c)]
    if not found:
        numeric = [c for c in columns if _is_numeric(table, c)]
        found = [c for c in numeric if _folded(c) in TIME_NAMES and len(numeric) > 1]
    preferred = [c for c in found if _folded(c) == "ds"] or [c for c in found if _folded(c) in TIME_NAMES]
    if len(found) > 1 and len(preferred) != 1:
        listed = ", ".join(shown(column) for column in found)
        what = f"which column of {table.name} is the time? Several could be"
        if "year" in (folded := set(map(_folded, found))) and folded & PARTS_OF_YEARS:
            parts = " and ".join(shown(column) for column in found)
            hint = f"one column made of {parts}, such as 2024-01-31, 2024-01 or 2024-Q1"
        else:
            hint = table.retry(time=found[0])
        raise DataError("D104", what, found=listed, hint=hint)
    return next(iter(preferred or found), None)


def find_id(table: Table, times: Times | None, *, given: str | None, taken: set[str | None]) -> str | None:
    """Return the id column: one named ``unique_id`` or ``id``, or the only one that tells repeated times apart."""
    if given is not None:
        return given
    frame = table.frame
    named = [c for c in _columns(table) if c not in taken and _folded(c) in ID_NAMES and occurs_again(frame[c])]
    if named:
        return named[0]
    if times is None or len(times.moments) == len(times.codes):
        return None
    found = [c for c in separating_columns(table, times.values, taken=taken) if not _is_numeric(table, c)]
    if len(found) == 1 and frame[found[0]].astype(str).str.fullmatch(r"\d{1,2}:\d{2}(?::\d{2})?").all():
        what = f"the times of the day of {table.name} stand in a column of their own, {shown(found[0])}"
        raise DataError("D104", what, hint="write date and time into one column, such as 2024-01-31 13:00")
    return found[0] if len(found) == 1 else None


def separating_columns(table: Table, times: NDArray[Any], *, taken: set[str | None]) -> list[str]:
    """Return the columns, text first, under each of whose values no time occurs twice; equal rows are left aside."""
    distinct = ~table.frame.duplicated().to_numpy()
    cells = table.frame[distinct]
    found = []
    for column in (c for c in _columns(table) if c not in taken):
        pairs = pd.DataFrame({"id": cells[column].to_numpy(), "time": times[distinct]})
        if pairs["id"].duplicated().any() and not is_missing(cells[column]).any() and not pairs.duplicated().any():
            found.append(column)
    return sorted(found, key=lambda column: _is_numeric(table, column))


def separating_pair(table: Table, times: NDArray[Any], *, taken: set[str | None]) -> tuple[str, str] | None:
    """Return the first two columns of texts that tell repeated times apart together, each series having several."""
    free = [c for c in _columns(table) if c not in taken and not _is_numeric(table, c)]
    for pair in combinations([c for c in free if not is_missing(table.frame[c]).any()], 2):
        cells = table.frame[list(pair)].astype(str)
        if cells.duplicated().any() and not cells.assign(**{"time of the row": times}).duplicated().any():
            return pair
    return None


def find_target(table: Table, *, given: str | None, taken: set[str | None]) -> str:
    """Return the target column: the one named ``y``, ``value`` or ``target``, or the only one that holds numbers.

    Raises
    ------
    DataError
        D105, when several columns hold numbers; D107, when none does.
    """
    if given is not None:
        return given
    found = [c for c in _columns(table) if c not in taken and _folded(c) not in ID_NAMES and _is_numeric(table, c)]
    found = [c for c in found if not c.startswith("unnamed_")] or found
    preferred = [column for column in found if _folded(column) in TARGET_NAMES]
    if len(found) == 1 or len(preferred) == 1:
        return (preferred or found)[0]
    if not found:
        for column in (c for c in _columns(table) if c not in taken):
            _check_signs(table, column)
        raise DataError(
            "D107",
            f"{table.name} has no column of numbers to forecast",
            found=", ".join(shown(column) for column in _columns(table)[:20]),
            hint="write commas between the columns instead of spaces"
            if len(_columns(table)) == 1 and table.frame.iloc[:, 0].astype(str).str.contains(r"\S\s+\S").all()
            else "a file with a column of numbers beside the times",
        )
    listed = ", ".join(shown(column)[1:-1] for column in found[:20]) + (", ..." if len(found) > 20 else "")
    what = f"which column of {table.name} to forecast? numeric columns: {listed} (all of them: --layout columns)"
    if sum(name[:3] in _MONTHS for name in map(_folded, found)) > LIKELY_SHARE * len(found) > 1:
        raise DataError("D105", what, hint="write a row for each month: its date in one column, its value in another")
    amounts = [column for column in found if not _has_word(column, KEY_WORDS)] or found
    likely = max(preferred or amounts, key=lambda column: table.frame[column].astype(str).value_counts().size)
    raise DataError("D105", what, hint=table.retry(target=likely))


def _check_signs(table: Table, column: str) -> None:
    """Check that the cells would not be numbers but for what stands around them, such as a sign of money.

    Raises
    ------
    DataError
        D107, with the lines.
    """
    cells = table.frame[column].astype(str)
    dressed = np.array([_DRESSED.fullmatch(text) is not None for text in cells.tolist()])
    signed = dressed & cells.str.contains(r"[^\d.,+-]").to_numpy(bool)
    if signed.any() and dressed.sum() >= LIKELY_SHARE * (~is_missing(cells)).sum():
        what = (
            f"values in {shown(column)} of {table.name} are not numbers: {table.listed(np.flatnonzero(signed), column)}"
        )
        hint = "write the numbers without % or signs of money, units and brackets"
        raise DataError("D107", f"{int(signed.sum())} {what}", hint=hint)


def _columns(table: Table) -> list[str]:
    return [str(column) for column in table.frame.columns]


def _folded(column: str) -> str:
    return column.strip().casefold()


def _is_numeric(table: Table, column: str) -> bool:
    return meant_as_numbers(table.frame[column], table.decimal)


def _sounds_like_time(column: str) -> bool:
    """Whether one of the words in a name is a word for time: ``order_date``, ``OrderDate``."""
    return _has_word(column, TIME_NAMES)


def _has_word(column: str, words: frozenset[str]) -> bool:
    """Whether one of these words is part of a name, however its words are kept apart."""
    return any(word.casefold() in words for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", column))
