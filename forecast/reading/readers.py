"""Whatever holds data to a table: the one reader for each kind of source.

The idea: a kind is known by what is there, never by a name; a large plain file is read by columns, and the reader of
cells is there for all that this gives back.
"""

from __future__ import annotations

import hashlib
import io
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

import pandas as pd

from forecast.errors import ConfigError, DataError, shown
from forecast.reading.bulk import ENOUGH, read_bulk
from forecast.reading.delimited import check_names, read_delimited
from forecast.reading.formats import (
    is_json_lines,
    is_parquet,
    read_json_lines,
    read_parquet,
    read_parquet_folder,
    without_categories,
)
from forecast.reading.sources import (
    MAX_BYTES,
    STANDARD_INPUT,
    Fingerprint,
    bundled_path,
    find_file,
    load_bytes,
    load_standard_input,
)
from forecast.reading.table import Table
from forecast.reading.workbooks import is_workbook, read_workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from pathlib import Path

__all__ = ["bundled_path", "read_table"]


def read_table(
    source: str | Path | pd.DataFrame | pd.Series[Any] | Table,
    *,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    texts: Container[str | None] = (),
    careful: bool = False,
) -> Table:
    """Return the columns of a CSV file, of a bundled set or of a frame.

    Parameters
    ----------
    source : path, DataFrame or Series
        A CSV or TSV file, lines of JSON or a Parquet file, also gzipped or zipped; a workbook; a folder of Parquet
        files; ``-`` for standard input; the name of a bundled set; a frame; or a series with dates as its index. A
        table is returned as it is.
    delimiter, decimal, encoding : str, optional
        How the file is written; by default what exactly one reading fits. Without meaning for a frame but `decimal`.
    sheet : str, optional
        Of a workbook; by default the first with anything in it.
    texts : container of str
        Columns that stay texts in a large file, numbers or not.
    careful : bool
        Keep the cells of a large file, too, as they are written.

    Raises
    ------
    FileError
        F101, no such file; F102, it cannot be read.
    DataError
        D101, no rows; D102, not text in one encoding; D103, no or several separators fit; D106, rows of unequal
        length; D108, decimal or thousands commas; D122, too large.
    ConfigError
        U101, an option that is no separator, decimal mark or encoding.

    Examples
    --------
    >>> table = read_table("airline")
    >>> table.name, list(table.frame.columns), table.place(0)
    ('airline.csv', ['month', 'passengers'], 'line 2')
    """
    if decimal not in (None, ".", ","):
        raise ConfigError("U101", f"{shown(decimal)} is not a decimal mark", hint='--decimal , or --decimal "."')
    if isinstance(source, Table):
        return source
    if isinstance(source, (pd.DataFrame, pd.Series)):
        return _from_frame(source, decimal or ".")
    cells = partial(read_delimited, source=str(source), delimiter=delimiter, decimal=decimal, encoding=encoding)
    columns = partial(_by_columns, careful=careful, texts=texts, delimiter=delimiter, decimal=decimal)
    plain = sheet is None and (encoding or "utf-8").lower() in ("utf-8", "utf8")
    if str(source) == "-":
        name, data = STANDARD_INPUT, load_standard_input()
    else:
        path = find_file(source)
        if path.is_dir():
            return read_parquet_folder(path, source=str(source))
        name = path.name
        with suppress(OSError):
            if plain and ENOUGH <= path.stat().st_size <= MAX_BYTES:
                with path.open("rb") as file:
                    fingerprint = Fingerprint.of(file, path)
                    table = columns(file, partial(cells, name=name))
                if table is not None:
                    return replace(table, fingerprint=fingerprint)
                plain = False
        data = load_bytes(path)
    if is_workbook(data):
        return read_workbook(data, name=name, source=str(source), sheet=sheet)
    if sheet is not None:
        raise ConfigError("U101", f"{name} is no workbook and has no sheets", hint="leave out --sheet")
    if is_parquet(data):
        return read_parquet(data, name=name, source=str(source))
    if is_json_lines(data):
        return read_json_lines(data, name=name, source=str(source))
    table = columns(io.BytesIO(data), partial(cells, name=name)) if plain and len(data) >= ENOUGH else None
    return replace(table, fingerprint=hashlib.sha256(data).hexdigest()) if table else cells(data, name=name)


def _by_columns(
    file: BinaryIO,
    read_head: Callable[[bytes], Table],
    *,
    careful: bool,
    texts: Container[str | None],
    delimiter: str | None,
    decimal: str | None,
) -> Table | None:
    """Return the table of a large plain file, None where only the careful path can read it."""
    return read_bulk(file, read_head, delimiter=delimiter, decimal=decimal, texts=texts, as_written=careful)


def _from_frame(source: pd.DataFrame | pd.Series[Any], decimal: str) -> Table:
    """Return a frame as a table; times in its index become a column."""
    frame = source.to_frame(source.name or "y") if isinstance(source, pd.Series) else source
    index = frame.index
    if isinstance(index, (pd.DatetimeIndex, pd.PeriodIndex)) and index.name is None:
        frame = frame.rename_axis(index="ds" if "ds" not in frame.columns else "index")
    frame = frame.reset_index(drop=all(name is None for name in frame.index.names))
    frame.columns = [str(name) for name in frame.columns]
    if frame.empty:
        raise DataError("D101", "the frame has no rows", hint="a frame with a column of times and one of values")
    check_names(list(frame.columns), "the frame")
    sha256 = hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest()
    return Table(without_categories(frame), "the frame", sha256, decimal=decimal)
