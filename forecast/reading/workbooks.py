"""An Excel workbook to a table.

The idea: a workbook knows numbers and dates as such, so there is nothing to sniff; a sheet is read from its first row
with anything in it, which holds the names of the columns.
"""

from __future__ import annotations

import hashlib
import io
import warnings
import zipfile
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from forecast.errors import ConfigError, DataError, FileError, nearest, shown
from forecast.reading.sources import MAX_BYTES
from forecast.reading.table import Table

__all__ = ["is_workbook", "read_workbook"]

OLE = b"\xd0\xcf\x11\xe0"
"""How old workbooks begin, and new ones with a password."""
CONTENTS = "[Content_Types].xml"


def is_workbook(data: bytes) -> bool:
    """Return whether these are the bytes of a workbook, of a new one or of one that nobody can read."""
    if data[:4] == OLE:
        return True
    try:
        return data[:2] == b"PK" and CONTENTS in zipfile.ZipFile(io.BytesIO(data)).namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


def read_workbook(data: bytes, *, name: str, source: str, sheet: str | None = None) -> Table:
    """Return the columns of a sheet: the one that was named, or the first with anything in it.

    Raises
    ------
    FileError
        F102, when it is damaged, has a password or is of an old format, or openpyxl is not installed.
    ConfigError
        U101, when there is no such sheet.
    DataError
        D101, no rows; D105, two columns of one name; D122, too large when unpacked.
    """
    if data[:4] == OLE:
        what = f"{shown(name)} is a workbook with a password, or one from before 2007"
        raise FileError("F102", what, hint="the same saved as .xlsx without a password, or as CSV")
    size = sum(member.file_size for member in zipfile.ZipFile(io.BytesIO(data)).infolist())
    if size > MAX_BYTES:
        what = f"{name} holds more than {MAX_BYTES / 2**20:.0f} MB"
        raise DataError("D122", what, hint="a workbook with fewer sheets or rows")
    sheets = _sheets(data, name)
    if sheet is not None and sheet not in sheets:
        close = nearest(sheet, sheets) or next(iter(sheets))
        what = f"no sheet {shown(sheet)} in {name}"
        raise ConfigError("U101", what, found=", ".join(map(shown, sheets)), hint=f'--sheet "{close}"')
    filled = [title for title, rows in sheets.items() if rows]
    if not filled:
        raise DataError("D101", f"{name} has no cell with anything in it", hint="a sheet with a row for each time")
    chosen = sheet or filled[0]
    if len(sheets[chosen]) < 2:
        raise DataError("D101", f"sheet {shown(chosen)} of {name} has no rows", hint="a sheet with a row for each time")
    notes = (f"sheet {shown(chosen)} of {len(filled)} (--sheet for another)",) if sheet is None and filled[1:] else ()
    lines, frame = _frame(sheets[chosen], name)
    return Table(frame, name, hashlib.sha256(data).hexdigest(), notes=notes, source=source, lines=lines)


def _sheets(data: bytes, name: str) -> dict[str, list[tuple[int, tuple[Any, ...]]]]:
    """Return the rows of every sheet that have a cell with anything in it, each with its number."""
    try:
        import openpyxl
    except ImportError as error:
        what = f"reading {shown(name)} takes openpyxl, which is not installed"
        raise FileError("F102", what, hint="pip install 'forecast[excel]'") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that are of no concern here
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            return {
                sheet.title: [
                    (number, row)
                    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1)
                    if any(cell not in (None, "") for cell in row)
                ]
                for sheet in book.worksheets
            }
    except Exception as error:  # openpyxl promises nothing about what a damaged file makes it raise
        reason = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
        raise FileError("F102", f"cannot read {shown(name)}: {reason}", hint="a whole workbook, or a CSV") from error


def _frame(rows: list[tuple[int, tuple[Any, ...]]], name: str) -> tuple[Any, pd.DataFrame]:
    """Return the numbers of the rows below the header, and the columns."""
    (_, header), body = rows[0], rows[1:]
    width = max(len(row) for _, row in rows)
    cells = [[*row, *[None] * (width - len(row))] for _, row in body]
    columns = {}
    for i, values in enumerate(zip(*cells, strict=True)):
        title = _text(header[i] if i < len(header) else None)
        if title in columns:
            raise DataError("D105", f"several columns of {name} are named {shown(title)}", hint="rename all but one")
        if title or any(value is not None for value in values):
            columns[title or f"unnamed_{i + 1}"] = _column(list(values))
    return np.array([number for number, _ in body], dtype=np.int64), pd.DataFrame(columns)


def _column(values: list[Any]) -> pd.Series[Any]:
    """Return the cells of a column as times, as numbers, or else as the texts that one sees."""
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, datetime) for value in known):
        return pd.Series(pd.to_datetime(pd.Series(values, dtype=object)))
    if known and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in known):
        return pd.Series(values if len(known) == len(values) else np.array(values, dtype=np.float64))
    return pd.Series([_text(value) for value in values], dtype="str")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return str(value).removesuffix(" 00:00:00")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
