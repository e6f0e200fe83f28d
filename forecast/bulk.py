"""Large plain CSV files, read by columns: texts as codes of their few distinct values, numbers as numbers.

The idea: this path takes only what it provably reads as the careful one in `readers` does, and gives everything else
back to it; the careful path also makes every message, so that a large file with a fault is simply read again.
"""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pandas as pd

from forecast.table import MISSING_MARKERS

if TYPE_CHECKING:
    from forecast.table import Table

__all__ = ["ENOUGH", "head_of", "read_columns"]

ENOUGH = 1_000_000
"""Bytes from which reading by columns is worth its preparation."""
HEAD = 200
"""Lines on which the careful path decides what the columns are."""


def head_of(data: bytes) -> bytes | None:
    """Return the first lines of a file that may be read by columns, None for one that may not.

    It may if it has no quotes, no zero bytes, one kind of line end, and is UTF-8.
    """
    plain = data.removeprefix(b"\xef\xbb\xbf")
    if b'"' in plain or b"\0" in plain or not _is_utf8(plain):
        return None
    if b"\r" in plain and plain.count(b"\r\n") != plain.count(b"\r"):
        return None
    end = -1
    for _ in range(HEAD + 1):
        end = plain.find(b"\n", end + 1)
        if end < 0:
            return None
    return plain[: end + 1]


def read_columns(data: bytes, head: Table, texts: frozenset[str], numbers: frozenset[str]) -> pd.DataFrame | None:
    """Return the columns of a comma-separated file, categorical texts and numbers; None where a cell does not fit.

    Parameters
    ----------
    data : bytes
        The file, for which `head_of` is not None.
    head : Table
        Its first lines, read carefully.
    texts, numbers : frozenset of str
        Its columns, each in one of the two.
    """
    plain = data.removeprefix(b"\xef\xbb\xbf")
    names = [str(name) for name in head.frame.columns]
    try:
        frame = (_by_arrow if find_spec("pyarrow") else _by_pandas)(plain, names, numbers)
    except (ValueError, OSError, OverflowError):  # pyarrow's errors are ValueErrors
        return None
    if frame is None or any(_has_margins(frame[name]) for name in texts):
        return None
    return frame


def _by_arrow(data: bytes, names: list[str], numbers: frozenset[str]) -> pd.DataFrame | None:
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv

    text, number = pa.dictionary(pa.int32(), pa.string()), pa.float64()
    kinds = {name: number if name in numbers else text for name in names}
    table = csv.read_csv(
        pa.py_buffer(data),
        read_options=csv.ReadOptions(column_names=names, skip_rows=1),
        parse_options=csv.ParseOptions(quote_char=False, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(
            column_types=kinds, null_values=sorted(MISSING_MARKERS), strings_can_be_null=False, true_values=[]
        ),
    )
    columns: dict[str, Any] = {}
    for name in names:
        if name in numbers:
            columns[name] = table[name].to_numpy()
            if np.isnan(columns[name]).sum() != table[name].null_count:  # a NaN in a spelling that is no marker
                return None
            continue
        unified = table[name].unify_dictionaries().combine_chunks()
        unified = unified.chunk(0) if isinstance(unified, pa.ChunkedArray) else unified
        kept = pd.Index(unified.dictionary.to_pylist(), dtype=object)
        codes = np.asarray(unified.indices.to_numpy(zero_copy_only=False))
        columns[name] = pd.Categorical.from_codes(codes, kept, validate=False)
    return pd.DataFrame(columns)


def _by_pandas(data: bytes, names: list[str], numbers: frozenset[str]) -> pd.DataFrame | None:
    rows = data.count(b"\n") - data.endswith(b"\n")
    if data.count(b",") != (rows + 1) * (len(names) - 1):  # pandas takes a short row as one with empty cells
        return None
    exact: dict[str, Any] = {} if _pandas_is_exact() else {"float_precision": "round_trip"}
    frame: pd.DataFrame = pd.read_csv(
        io.BytesIO(data),
        header=0,
        names=names,
        dtype={name: float if name in numbers else "str" for name in names},
        keep_default_na=False,
        na_values={name: sorted(MISSING_MARKERS) for name in numbers},
        quoting=3,
        skip_blank_lines=False,
        **exact,
    )
    for name in frame.columns.difference(list(numbers)):
        codes, kinds = pd.factorize(frame[name])
        frame[name] = pd.Categorical.from_codes(codes, pd.Index(kinds, dtype=object), validate=False)
    return frame


def _pandas_is_exact() -> bool:
    """Whether pandas reads the nearest number by default, as it does since 3.1."""
    return tuple(int(part) for part in pd.__version__.split(".")[:2]) >= (3, 1)


def _has_margins(cells: pd.Series[Any]) -> bool:
    """Whether a text begins or ends with a space, which the careful path takes away."""
    return any(text != text.strip() for text in cells.cat.categories)


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
