"""The bytes of a plain text file to columns, by pyarrow where it is installed and by pandas where not.

The idea: the file goes by once in chunks, which are looked at while the engine splits the chunk before; what is not
plain stops the reading.
"""

from __future__ import annotations

import codecs
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd

from forecast.heap import give_back
from forecast.reading.quoting import QUOTE, Quotes
from forecast.reading.stretches import AT_ONCE, STRETCH, Stretch, code_type, read_in_stretches
from forecast.reading.table import MISSING_MARKERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Layout", "PlainFile", "head_of", "read_columns"]

BOM = codecs.BOM_UTF8


@dataclass(frozen=True)
class Layout:
    """How a file is written, and as what its columns are to be read.

    Parameters
    ----------
    names : tuple of str
        The columns.
    separator, decimal : str
        Between the cells of a row, and within a number.
    numbers : frozenset of str
        Columns to read as float64.
    cells : frozenset of str
        Columns to read as texts, cell by cell; all others become categorical texts.
    words : frozenset of str
        Columns with a text among the first that can be nothing else.
    """

    names: tuple[str, ...]
    separator: str
    decimal: str
    numbers: frozenset[str] = frozenset()
    cells: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()

    @property
    def kinds(self) -> frozenset[str]:
        """The columns of categorical texts."""
        return frozenset(self.names) - self.numbers - self.cells


class PlainFile(io.BufferedIOBase):
    """A file for an engine to read, looked at on the way.

    Reading raises ValueError when the file holds zero bytes, several kinds of line ends or quotes that do not stand
    around whole cells, or is not UTF-8.

    Parameters
    ----------
    file : binary file
        At its beginning.
    separator : str
        Between the cells of a row.
    counted : str
        Characters to count, of one byte each.
    """

    def __init__(self, file: BinaryIO, separator: str = ",", counted: str = "") -> None:
        self.counts = dict.fromkeys(counted, 0)
        self.size = 0
        self.quotes = Quotes(separator)
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._last = b""
        self._returns = self._windows_ends = 0

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes."""
        chunk = self._file.read(-1 if size is None else size)
        self._look(chunk)
        return chunk

    def read1(self, size: int = -1, /) -> bytes:
        """Return the next bytes."""
        return self.read(size)

    def _look(self, chunk: bytes) -> None:
        if b"\0" in chunk:
            raise ValueError("zero bytes")
        self.quotes.look(chunk)
        if b"\r" in chunk or self._last == b"\r":
            self._returns += chunk.count(b"\r")
            self._windows_ends += chunk.count(b"\r\n") + (self._last == b"\r" and chunk[:1] == b"\n")
            if self._returns > self._windows_ends + (chunk[-1:] == b"\r"):
                raise ValueError("several kinds of line ends")
        if not chunk.isascii() or self._decoder.getstate()[0]:
            self._decoder.decode(chunk, final=not chunk)
        for character in self.counts:
            self.counts[character] += int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == ord(character)))
        self._last = chunk[-1:] or self._last
        self.size += len(chunk)


def head_of(start: bytes, lines: int) -> bytes | None:
    """Return the first line and so many more of the beginning of a file, None where it is too short or not plain."""
    start = start.removeprefix(BOM)
    end = -1
    for _ in range(lines + 1):
        end = start.find(b"\n", end + 1)
        if end < 0:
            return None
    head = start[: end + 1]
    try:
        PlainFile(io.BytesIO(head.replace(QUOTE, b""))).read()
    except ValueError:
        return None
    return head


def read_columns(file: PlainFile, layout: Layout) -> pd.DataFrame | None:
    """Return the columns of a file; None where it is not plain, or a cell is no number where it should be.

    Every line is a row, the first the header.
    """
    engine = _by_arrow if find_spec("pyarrow") else _by_pandas
    try:
        return read_in_stretches(file, lambda stretch: engine(stretch, layout))
    except (ValueError, OSError, OverflowError):  # pyarrow's errors are ValueErrors
        return None
    finally:
        if file.size > STRETCH:
            give_back()


def _by_arrow(file: Stretch, layout: Layout) -> pd.DataFrame | None:
    import pyarrow as pa
    from pyarrow import csv

    types = {name: pa.float64() if name in layout.numbers else pa.string() for name in layout.names}
    table = csv.read_csv(
        pa.PythonFile(file, mode="r"),
        read_options=csv.ReadOptions(column_names=layout.names, skip_rows=1, block_size=AT_ONCE),
        parse_options=csv.ParseOptions(delimiter=layout.separator, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(
            column_types=types,
            null_values=sorted(MISSING_MARKERS),
            strings_can_be_null=False,
            true_values=[],
            decimal_point=layout.decimal,
            check_utf8=False,  # the file has looked
        ),
        memory_pool=pa.system_memory_pool(),
    )
    with ThreadPoolExecutor(2) as both:
        encoded = {name: both.submit(_encoded, table[name]) for name in layout.names if name in layout.kinds}
        numbers = {name: table[name].to_numpy() for name in layout.numbers}
        if any(np.isnan(found).sum() != table[name].null_count for name, found in numbers.items()):
            return None  # a NaN in a spelling that is no marker
        cells = {name: _stripped(table[name].to_numpy()) for name in layout.cells}
    kinds = {name: _categorical(*found.result()) for name, found in encoded.items()}
    columns: dict[str, Any] = {**numbers, **cells, **kinds}
    return pd.DataFrame({name: columns[name] for name in layout.names}, copy=False)


def _encoded(texts: Any) -> tuple[NDArray[Any], list[str]]:
    """Return the codes and the distinct texts of a column; one dictionary for all costs less than one a chunk."""
    import pyarrow as pa
    from pyarrow import compute

    found = compute.dictionary_encode(texts, memory_pool=pa.system_memory_pool())
    kinds = found.chunk(0).dictionary.to_pylist()
    codes = [chunk.indices.to_numpy() for chunk in found.chunks]
    return np.concatenate(codes, dtype=code_type(len(kinds)), casting="unsafe"), kinds


def _by_pandas(file: Stretch, layout: Layout) -> pd.DataFrame | None:
    file.counts |= {layout.separator: 0, "\n": 0}
    file.quotes = Quotes(layout.separator)
    exact: dict[str, Any] = {} if _pandas_is_exact() else {"float_precision": "round_trip"}
    types: dict[str, Any] = dict.fromkeys(layout.names, object)
    types |= dict.fromkeys(layout.numbers, float) | dict.fromkeys(layout.kinds & layout.words, "category")
    frame: pd.DataFrame = pd.read_csv(
        file,
        header=0,
        names=list(layout.names),
        sep=layout.separator,
        decimal=layout.decimal,
        dtype=types,
        keep_default_na=False,
        na_values={name: sorted(MISSING_MARKERS) for name in layout.numbers},
        skip_blank_lines=False,
        low_memory=False,  # in parts, whose categories it would unite one by one
        **exact,
    )
    between = file.counts[layout.separator] - file.quotes.separators
    if between != (len(frame) + 1) * (len(layout.names) - 1):
        return None  # pandas takes a short row as one with empty cells
    for name in layout.names:
        if name in layout.cells:
            frame[name] = _stripped(frame[name].to_numpy())
        elif name in layout.kinds - layout.words:  # categories would not stay texts
            frame[name] = _categorical(*pd.factorize(frame[name].to_numpy()))
        elif name in layout.kinds:
            texts = frame[name].cat.categories.tolist()
            if not all(isinstance(text, str) for text in texts):
                return None
            frame[name] = _categorical(frame[name].cat.codes.to_numpy(), texts)
    return frame


def _categorical(codes: NDArray[Any], texts: Any) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, pd.Index(texts, dtype=object), validate=False)


def _stripped(texts: NDArray[Any]) -> pd.Series[Any]:
    """Return the cells as the careful path does, without the spaces around them."""
    return pd.Series([text.strip() for text in texts], dtype="str")


def _pandas_is_exact() -> bool:
    """Whether pandas reads the nearest number by default, as it does since 3.1."""
    return tuple(int(part) for part in pd.__version__.split(".")[:2]) >= (3, 1)
