"""What is no CSV: Parquet files and folders of them, and lines of JSON.

The idea: a format is recognised by the bytes themselves and becomes a frame with columns of its own types; from there
on it is a table like any other.
"""

from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecast.errors import DataError, FileError, shown
from forecast.reading.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

__all__ = [
    "from_arrow",
    "is_json_lines",
    "is_parquet",
    "parquet_files",
    "pyarrow_part",
    "read_json_lines",
    "read_parquet",
    "read_parquet_folder",
    "without_categories",
]

PARQUET = b"PAR1"
MAX_CELLS, MAX_SIZE = 2**29, 2**32
"""The most cells, and bytes unpacked, that are read of Parquet files: what repeats itself takes no room there."""


def is_parquet(data: bytes) -> bool:
    """Return whether these are the bytes of a Parquet file."""
    return data[:4] == PARQUET


def is_json_lines(data: bytes) -> bool:
    """Return whether the first line begins with an object."""
    return data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def read_parquet(data: bytes, *, name: str, source: str) -> Table:
    """Return the columns of a Parquet file.

    Raises
    ------
    FileError
        F102, when it is damaged, or pyarrow is not installed.
    DataError
        D101, no rows; D107, a column of lists or records; D122, more than `MAX_CELLS`.
    """
    pq = pyarrow_part("parquet", name)

    def read() -> Any:
        _require_room([pq.read_metadata(io.BytesIO(data))], name)
        return pq.read_table(io.BytesIO(data))

    return from_arrow(read, name, source, hashlib.sha256(data).hexdigest())


def read_parquet_folder(folder: Path, *, source: str) -> Table:
    """Return the rows of all Parquet files below a folder; folders such as ``store=3`` become a column.

    Raises
    ------
    FileError
        F102, when there is no such file below, one is damaged, or pyarrow is not installed.
    DataError
        As `read_parquet`.
    """
    files = parquet_files(folder, source=source)
    dataset, pq = (pyarrow_part(part, folder.name) for part in ("dataset", "parquet"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())

    def read() -> Any:
        _require_room(map(pq.read_metadata, files), folder.name)
        return dataset.dataset(
            [str(file) for file in files], format="parquet", partitioning="hive", partition_base_dir=str(folder)
        ).to_table()

    return from_arrow(read, folder.name, source, digest.hexdigest())


def read_json_lines(data: bytes, *, name: str, source: str) -> Table:
    """Return the objects of a file with one a line; a key that one of them lacks is a missing value.

    Raises
    ------
    DataError
        D102, not UTF-8; D106, a line that is no object, or one with lists or objects in it.
    """
    rows, lines = [], []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except UnicodeDecodeError as error:
            raise DataError("D102", f"line {number} of {name} is not UTF-8", hint="a file saved as UTF-8") from error
        except ValueError as error:
            what = f"line {number} of {name} is not an object of JSON: {error}"
            raise DataError("D106", what, hint="one object a line, such as a row of to_json(lines=True)") from error
        if not isinstance(row, dict) or any(isinstance(value, (dict, list)) for value in row.values()):
            what = f"line {number} of {name} is not one object of plain values"
            raise DataError("D106", what, hint='lines such as {"ds": "2024-01-01", "y": 5}')
        rows.append(row)
        lines.append(number)
    frame = pd.DataFrame(rows)
    return _named(frame, name, source, hashlib.sha256(data).hexdigest(), np.array(lines, dtype=np.int64))


def parquet_files(folder: Path, *, source: str) -> list[Path]:
    """Return the Parquet files below a folder, sorted.

    Raises
    ------
    FileError
        F102, when there is none.
    """
    files = sorted(p for p in folder.rglob("*.parquet") if not p.name.startswith((".", "_")))
    if not files:
        raise FileError("F102", f"{shown(source)} is a folder without Parquet files", hint="a file, or such a folder")
    return files


def pyarrow_part(part: str, name: str) -> Any:
    """Return a module of pyarrow, or with "" itself, to read the file `name`.

    Raises
    ------
    FileError
        F102, when it is not installed.
    """
    from importlib import import_module

    try:
        return import_module(f"pyarrow.{part}" if part else "pyarrow")
    except ImportError as error:
        what = f"reading {shown(name)} takes pyarrow, which is not installed"
        raise FileError("F102", what, hint="pip install 'forecast[parquet]'") from error


def from_arrow(read: Callable[[], Any], name: str, source: str, sha256: str) -> Table:
    """Return as a table what `read` gives as one of pyarrow.

    Raises
    ------
    FileError
        F102, when it cannot be read.
    DataError
        D101, no rows; D107, a column of lists or records.
    """
    import pyarrow as pa

    try:
        table = read().replace_schema_metadata(None)  # what other programs noted in it
    except DataError:
        raise
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0][:100]
        raise FileError("F102", f"cannot read {shown(name)}: {reason}", hint="a whole Parquet file") from error
    nested = [field.name for field in table.schema if pa.types.is_nested(field.type)]
    if nested:
        what = f"{shown(nested[0])} of {name} holds lists or records, not single values"
        raise DataError("D107", what, hint=f"a file without the column {nested[0]}")
    frame = table.to_pandas(strings_to_categorical=False, ignore_metadata=True)
    return _named(frame, name, source, sha256, None)


def _require_room(files: Iterable[Any], name: str) -> None:
    """Refuse files that say of themselves that they are too large; no more than they say is ever read of them."""
    groups = [file.row_group(i) for file in files for i in range(file.num_row_groups)]
    cells = sum(max(0, group.num_rows) * group.num_columns for group in groups)
    size = sum(max(0, group.total_byte_size) for group in groups)
    if cells > MAX_CELLS or size > MAX_SIZE:
        what = f"{name} holds {cells:,} cells, {size / 2**20:,.0f} MB unpacked: more than is read at once"
        raise DataError("D122", what, hint="a file with fewer columns or rows: only time, value and id are needed")


def _named(frame: pd.DataFrame, name: str, source: str, sha256: str, lines: Any) -> Table:
    """Return the table of a frame."""
    if frame.empty:
        raise DataError("D101", f"{name} has no rows", hint="a file with a row for each time")
    frame.columns = [str(column) for column in frame.columns]
    return Table(without_categories(frame), name, sha256, source=source, lines=lines)


def without_categories(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with what its categories stand for: missing ones have no code that could be counted."""
    kinds = [name for name in frame.columns if isinstance(frame[name].dtype, pd.CategoricalDtype)]
    return frame.astype(dict.fromkeys(kinds, object)) if kinds else frame
