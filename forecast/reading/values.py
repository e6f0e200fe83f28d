"""Cells to numbers: what is a number, what is missing and what is neither.

The idea: a decimal mark is decided once for the whole table, and only where exactly one reading fits; a cell that is
no number is never quietly taken for a missing value.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.errors import DataError, shown
from forecast.reading.table import MISSING_MARKERS, distinct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecast.reading.table import Table

__all__ = [
    "GROUPED_BY_POINTS",
    "LIKELY_SHARE",
    "grouped_cell",
    "is_missing",
    "looks_decimal",
    "meant_as_numbers",
    "read_numbers",
    "sniff_decimal",
]

LIKELY_SHARE = 0.5
"""A column of which this share is numbers (or times) is meant to be one; the other cells are then errors."""

LARGEST = 1e100
"""Beyond it squares and sums of values end in no number."""

USUAL_MARKS = frozenset({"-", "--", ".", "?", "n/a", "n.a.", "#n/a", "missing", "unknown", "nil", "none", "empty"})
"""What cells say, written small, whose value is missing, though not so plainly that it would be read as such."""

_NUMBER = r"[+-]?(?:\d+{mark}?\d*|{mark}\d+)(?:[eE][+-]?\d+)?|[+-]?(?:inf|Inf|INF|infinity|Infinity)"
_PATTERNS = {mark: re.compile(_NUMBER.replace("{mark}", re.escape(mark)), re.ASCII) for mark in (".", ",")}
_DECIMAL = {mark: re.compile(rf"[+-]?\d*{re.escape(mark)}\d+(?:[eE][+-]?\d+)?", re.ASCII) for mark in (".", ",")}
_UNMARKED = {mark: re.compile(rf"[+-]?\d+{re.escape(mark)}?(?:[eE][+-]?\d+)?", re.ASCII) for mark in (".", ",")}
_OTHER = {".": ",", ",": "."}
_GROUPS = {
    mark: re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:{re.escape(group)}\d{{3}})+(?:{re.escape(mark)}\d*)?", re.ASCII)
    for mark, group in _OTHER.items()
}
"""By decimal mark: numbers whose thousands are kept apart by the other one."""
_BOTH = {
    mark: re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:{re.escape(group)}\d{{3}})+{re.escape(mark)}\d+", re.ASCII)
    for mark, group in _OTHER.items()
}
"""Those of them that have both marks, and so can be read in one way only."""
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[., '\u00a0\u202f]\d{3})+(?:[.,]\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+", re.ASCII)

_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-", "(": "-", ")": ""})
"""What people and accountants write for a minus."""

GROUPED_BY_POINTS = r"[+-]?(?:0|[1-9]\d{0,2}(?:\.\d{3})*)"
"""Numbers whose points can all stand between thousands."""


def is_missing(cells: pd.Series[Any]) -> NDArray[np.bool_]:
    """Return which cells stand for a missing value: nothing, ``NA``, ``NaN``, ``nan``, ``null`` or ``None``."""
    if isinstance(cells.dtype, pd.CategoricalDtype):
        kinds = distinct(cells)
        if MISSING_MARKERS.isdisjoint(kinds):
            return np.zeros(len(cells), dtype=np.bool_)
        return np.array([text in MISSING_MARKERS for text in kinds], dtype=np.bool_)[cells.cat.codes]
    missing = cells.isna()
    return np.asarray(missing if _is_plain(cells) else missing | cells.isin(list(MISSING_MARKERS)), dtype=np.bool_)


def meant_as_numbers(cells: pd.Series[Any], decimal: str) -> bool:
    """Return whether most of the cells that are not missing are numbers, if only with thousands separators."""
    missing = is_missing(cells)
    present = cells[~missing] if missing.any() else cells
    if len(present) == 0 or pd.api.types.is_bool_dtype(cells) or pd.api.types.is_datetime64_any_dtype(cells):
        return False
    if _is_plain(cells):
        return True
    if isinstance(cells.dtype, pd.CategoricalDtype):
        counts = np.bincount(present.cat.codes, minlength=len(cells.cat.categories))
        kinds = pd.Series(cells.cat.categories)
        fitting = _matches(kinds, _PATTERNS[decimal]) | _matches(kinds, _GROUPED)
        return float(counts[fitting].sum()) >= LIKELY_SHARE * len(present)
    return float((_matches(present, _PATTERNS[decimal]) | _matches(present, _GROUPED)).mean()) >= LIKELY_SHARE


def read_numbers(table: Table, column: str) -> NDArray[np.float64]:
    """Return `column` as float64, NaN where it is missing.

    Marks between thousands are left out where a cell of the column has a decimal mark as well: ``1.234,5``.

    Raises
    ------
    DataError
        D107, cells that are no numbers; D116, infinite numbers; both with their lines.
    """
    cells = table.frame[column]
    if _is_plain(cells):
        values = cells.to_numpy(np.float64, na_value=np.nan)
    else:
        missing = is_missing(cells)
        if grouped_cell(table, column):
            cells = _ungrouped(cells, table.decimal)
        good = ~missing
        good[good] = _matches(cells[good], _PATTERNS[table.decimal])
        if not (good | missing).all():
            raise _not_numbers(table, column, np.flatnonzero(~(good | missing)))
        values = np.full(len(cells), np.nan)
        # Python's own float() is exact to the last bit, which the parser of pandas.to_numeric is not.
        values[good] = cells[good].astype(str).str.replace(",", ".", regex=False).to_numpy(object).astype(np.float64)
    if max(np.fmax.reduce(values, initial=0.0), -np.fmin.reduce(values, initial=0.0)) > LARGEST:
        raise _too_large(table, column, values)
    return np.asarray(values, dtype=np.float64)


def grouped_cell(table: Table, column: str) -> str:
    """Return a cell of `column` that shows that marks stand between thousands; nothing where none does.

    Examples
    --------
    >>> from forecast.reading.table import Table
    >>> table = Table(pd.DataFrame({"y": ["950,50", "1.234,5"]}), "x.csv", "", decimal=",")
    >>> grouped_cell(table, "y"), read_numbers(table, "y").tolist()
    ('1.234,5', [950.5, 1234.5])
    """
    cells = table.frame[column]
    if _is_plain(cells):
        return ""
    texts = cells.cat.categories.to_series() if isinstance(cells.dtype, pd.CategoricalDtype) else cells
    shows = texts[_matches(texts, _BOTH[table.decimal])]
    return str(shows.iloc[0]) if len(shows) else ""


def _ungrouped(cells: pd.Series[Any], decimal: str) -> pd.Series[Any]:
    """Return the cells without the marks between thousands."""
    grouped, plain = _matches(cells, _GROUPS[decimal]), cells.to_numpy(object, copy=True)
    plain[grouped] = [str(cell).replace(_OTHER[decimal], "") for cell in plain[grouped]]
    return pd.Series(plain, index=cells.index, dtype=object)


def blanked(table: Table, column: str, marks: Sequence[str]) -> Table:
    """Return the table without the cells of `column` that are one of `marks`, equal as texts or as numbers.

    Examples
    --------
    >>> from forecast.reading.table import Table
    >>> table = blanked(Table(pd.DataFrame({"y": ["5", "-999.0", "n/a"]}), "x.csv", ""), "y", ["-999", "n/a"])
    >>> is_missing(table.frame["y"]).tolist(), table.notes
    ([False, True, True], ('2 cells of "y" that say -999 or n/a are missing values',))
    """
    if not marks:
        return table
    cells = table.frame[column]
    numbers = [float(mark) for mark in marks if _matches(pd.Series([mark]), _PATTERNS["."]).all()]
    if _is_plain(cells):
        hit = cells.isin(numbers)
    else:
        texts = cells.astype(str)
        values = pd.to_numeric(texts.str.replace(table.decimal, ".", regex=False), errors="coerce")
        hit = texts.isin(list(marks)) | values.isin(numbers)
        cells = texts.mask(is_missing(cells), "")
    if not hit.any():
        return table
    count = int(hit.sum())
    said = f"{count} cell{'' if count == 1 else 's'} of {shown(column)} that sa{'ys' if count == 1 else 'y'}"
    note = f"{said} {' or '.join(marks)} {'is a missing value' if count == 1 else 'are missing values'}"
    emptied = cells.mask(hit, np.nan if _is_plain(cells) else "")
    return replace(table, frame=table.frame.assign(**{column: emptied}), notes=(*table.notes, note))


def looks_decimal(text: str, mark: str) -> bool:
    """Return whether a text is a number with digits behind its decimal `mark`.

    Examples
    --------
    >>> looks_decimal("2,5", ","), looks_decimal("2.5", ","), looks_decimal("2", ",")
    (True, False, False)
    """
    return _DECIMAL[mark].fullmatch(text) is not None


def sniff_decimal(table: Table, *, quoted: bool = False) -> str:
    """Return the decimal mark of the text columns of `table`; a point where nothing says otherwise.

    Parameters
    ----------
    table : Table
        Of texts.
    quoted : bool
        Whether commas stand between the cells too, so that one in a number is likelier to be one of thousands.

    Raises
    ------
    DataError
        D108, when the commas can be decimal or thousands, or when both marks occur.
    """
    if not any(table.frame[column].str.contains(",", regex=False).any() for column in table.frame.columns):
        return "."
    clear: dict[str, str] = {}
    unclear = ""
    for column in map(str, table.frame.columns):
        cells = table.frame[column]
        if not cells.str.contains("[.,]").any():
            continue
        cells = cells[~is_missing(cells)]
        told = [mark for mark, pattern in _BOTH.items() if _matches(cells, pattern).any()]
        for mark in told if len(told) == 1 else (".", ","):
            with_mark = _matches(cells, _DECIMAL[mark]) | _matches(cells, _BOTH[mark])
            fitting = with_mark | _matches(cells, _UNMARKED[mark])
            if told == [mark]:
                fitting |= _matches(cells, _GROUPS[mark])
            marked = cells[with_mark].tolist()
            if not marked or fitting.sum() < LIKELY_SHARE * len(cells):
                continue
            decisive = [cell for cell in marked if not (mark == "," and _THOUSANDS.fullmatch(cell))]
            if decisive:
                clear.setdefault(mark, f"{shown(decisive[0])} in {shown(column)}")
            else:
                unclear = f"{shown(marked[0])} in {shown(column)}"
    if len(clear) == 1 or not (clear or unclear):
        return next(iter(clear), ".")
    what = (
        f"decimal points ({clear['.']}) and decimal commas ({clear[',']}) both occur in {table.name}"
        if clear
        else f"the comma of {unclear} of {table.name} can be a decimal or a thousands separator, and no row decides"
    )
    by_hand = "write the numbers without commas, or add --decimal , where these are decimal commas"
    raise DataError("D108", what, hint=by_hand if quoted and not clear else table.retry(decimal=","))


def _too_large(table: Table, column: str, values: NDArray[np.float64]) -> DataError:
    infinite = np.flatnonzero(np.abs(values) > LARGEST)
    what = "infinite" if np.isinf(values[infinite]).any() else f"larger than {LARGEST:g}"
    return DataError(
        "D116",
        f"{_counted(len(infinite), 'value')} in {shown(column)} of {table.name} "
        f"{'is' if len(infinite) == 1 else 'are'} {what}: {table.listed(infinite, column)}",
        hint="leave these cells empty: an empty cell is a gap, which is marked and can be filled",
    )


def _not_numbers(table: Table, column: str, rows: NDArray[np.intp]) -> DataError:
    cells = table.frame[column]
    other = "," if table.decimal == "." else "."
    if _matches(cells[~is_missing(cells)], _PATTERNS[other]).all():
        hint = table.retry(decimal=other)
    elif any(not str(cells.iloc[row]).isprintable() for row in rows):
        hint = "remove the invisible characters from these cells"
    elif all(_GROUPED.fullmatch(str(cells.iloc[row])) for row in rows):
        hint = "write the numbers without thousands separators: 1200"
    elif all(_is_number(str(cells.iloc[row]).translate(_MINUS), table.decimal) for row in rows):
        hint = "write numbers below zero with a hyphen and without brackets: -1200"
    elif words := _only_words(cells, rows):
        hint = table.retry(na=",".join(words))
    else:
        hint = "correct these cells, or leave them empty: an empty cell is a gap"
    verb = "is not a number" if len(rows) == 1 else "are not numbers"
    where = f"in {shown(column)} of {table.name}"
    return DataError("D107", f"{_counted(len(rows), 'value')} {where} {verb}: {table.listed(rows, column)}", hint=hint)


def _only_words(cells: pd.Series[Any], rows: NDArray[np.intp]) -> list[str]:
    """Return what all of these cells say, if it looks like missing values: usual words, or one that is there twice."""
    words = [str(text) for text in cells.iloc[rows].unique()]
    if any(word != word.strip() or any(sign.isdigit() or sign == "," for sign in word) for word in words):
        return []
    usual = all(word.casefold() in USUAL_MARKS for word in words)
    return words if usual or (len(words) == 1 and len(rows) > 1) else []


def _is_number(text: str, decimal: str) -> bool:
    return _PATTERNS[decimal].fullmatch(text) is not None


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _is_plain(cells: pd.Series[Any]) -> bool:
    """Whether the cells are numbers already."""
    kinds = pd.api.types
    return kinds.is_numeric_dtype(cells) and not kinds.is_complex_dtype(cells)


def _matches(cells: pd.Series[Any], pattern: re.Pattern[str]) -> NDArray[np.bool_]:
    fullmatch = pattern.fullmatch
    return np.array([fullmatch(cell) is not None for cell in cells.astype(str).tolist()], dtype=np.bool_)
