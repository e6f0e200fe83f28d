"""The bytes of a CSV to a table of text columns: encoding, separator, records, header.

The idea: what exactly one reading fits is used and said; what two readings fit, or none, is refused with the option
that decides.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from dataclasses import replace
from itertools import dropwhile, islice
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecast.errors import ConfigError, DataError, shown
from forecast.reading.table import SEPARATORS, Table
from forecast.reading.values import sniff_decimal

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["check_names", "read_delimited"]

SNIFFED_ROWS = 1000
"""How many rows decide on the separator."""

_NUMBER_OR_DATE = re.compile(r"[+-]?\d[\d\s.,:/TZQW+-]*", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+|[+-]?\d+")
_HEADER_HINT = "a first line with the names of the columns, such as ds,y, and a row for each time"


def read_delimited(
    data: bytes,
    *,
    name: str,
    source: str,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
) -> Table:
    r"""Return the table of any text file, every cell as it is written; the arguments are those of `readers.read_table`.

    Raises
    ------
    DataError
        D101, no rows; D102, not text in one encoding; D103, no or several separators fit; D105, a name twice;
        D106, rows of unequal length; D108, decimal or thousands commas.
    ConfigError
        U101, an option that is no separator or encoding.

    Examples
    --------
    >>> table = read_delimited(b"ds;y\n2024;2,5\n2025;3,5\n", name="x.csv", source="x.csv")
    >>> table.decimal, table.notes
    (',', ('separator ";"', 'decimal comma'))
    """
    text, used_encoding = _decode(data, name, source, encoding)
    if not text.strip():
        raise DataError("D101", f"{name} is empty", hint=_HEADER_HINT)
    asked = _named_separator(delimiter)
    empty = Table(pd.DataFrame(), name, hashlib.sha256(data).hexdigest(), source=source)
    separator = asked or _sniff_separator(text, empty)
    table = _from_rows(list(_iterate(text, separator, name, strict=True)), separator, empty)
    found = decimal or sniff_decimal(table, quoted=separator == ",")
    notes = (
        *([f"encoding {used_encoding}"] if used_encoding not in ("utf-8", encoding) else []),
        *([f"separator {_quoted(separator)}"] if separator not in (",", asked) and table.frame.shape[1] > 1 else []),
        *(["decimal comma"] if found == "," and decimal is None else []),
    )
    return replace(table, decimal=found, notes=notes)


def check_names(names: list[str], source: str) -> None:
    """Check that the names of columns differ.

    Raises
    ------
    DataError
        D105, with the name that comes again.
    """
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise DataError("D105", f"several columns of {source} are named {shown(twice)}", hint="rename all but one")


def _decode(data: bytes, name: str, source: str, encoding: str | None) -> tuple[str, str]:
    """Return the text and the encoding that reads it."""
    if encoding is not None:
        try:
            return data.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding), encoding
        except LookupError as error:
            raise ConfigError("U101", f"{shown(encoding)} is not an encoding", hint="--encoding cp1252") from error
        except UnicodeDecodeError as error:
            raise _undecodable(data, error, name, encoding, "leave out --encoding") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decode(data, name, source, "utf-16")[0], "utf-16"
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise DataError("D102", f"{name} is not text: line {line} holds a zero byte", hint="a file saved as CSV")
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError as error:
        # Latin-1 is cp1252 without the bytes 80 to 9F. Text that is UTF-8 in other places has two readings.
        mixed = any(character not in "\ufffd" and character > "\x7f" for character in data.decode("utf-8", "replace"))
        western = "cp1252" if re.search(rb"[\x80-\x9f]", data) else "latin-1"
        retry = Table(pd.DataFrame(), "", "", source=source).retry(encoding="latin-1")
        if mixed or re.search(rb"[\x81\x8d\x8f\x90\x9d]", data):
            raise _undecodable(data, error, name, "UTF-8", retry) from error
        return data.decode(western), western


def _undecodable(data: bytes, error: UnicodeDecodeError, name: str, encoding: str, hint: str) -> DataError:
    line = data.count(b"\n", 0, error.start) + 1
    return DataError("D102", f"line {line} of {name}, byte 0x{data[error.start]:02X} is not {encoding}", hint=hint)


def _named_separator(delimiter: str | None) -> str | None:
    """Return the separator a user named: a character, backslash t, or a word such as ``tab``."""
    words = {word: character for character, word in SEPARATORS.items()}
    separator = {"\\t": "\t", **words}.get(delimiter or "", delimiter)
    if separator is not None and (len(separator) != 1 or separator in '"\r\n\0 '):
        raise ConfigError("U101", f"{shown(delimiter)} is not a separator", hint='--delimiter ";" or --delimiter tab')
    return separator


def _iterate(text: str, separator: str, name: str, *, strict: bool) -> Iterator[tuple[int, list[str]]]:
    """Yield the line and the trimmed cells of each record; the cells of an empty line are []."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=strict)
    line = 1
    try:
        for cells in reader:
            yield line, [cell.strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            "D106", f"line {line} of {name} cannot be split into fields: {error}", hint='mend the quotes (")'
        ) from error


def _sniff_separator(text: str, empty: Table) -> str:
    """Return the separator that splits all rows into equally many columns, two or more; else refuse."""
    rows, widths = {}, {}
    for separator in SEPARATORS:
        records = (cells for _, cells in islice(_iterate(text, separator, empty.name, strict=False), SNIFFED_ROWS))
        rows[separator] = [cells for cells in records if any(cells)]
        widths[separator] = [len(cells) for cells in rows[separator]]
    if not all(rows.values()):
        raise DataError("D101", f"{empty.name} has no cell with anything in it", hint=_HEADER_HINT)
    splitting = [s for s, counts in widths.items() if counts[0] > 1]
    fitting = [s for s in splitting if len(set(widths[s])) == 1]
    if not splitting:
        return _separator_below_header(rows, widths)
    if len(fitting or splitting) == 1:
        return (fitting or splitting)[0]
    # A comma also stands in numbers and in prose, so at a tie it is the less likely one.
    likely = max(fitting or splitting, key=lambda s: (widths[s].count(widths[s][0]), s != ","))
    raise DataError(
        "D103",
        f"several separators fit {empty.name}" if fitting else f"no separator splits all rows of {empty.name} alike",
        found=", ".join(f"{_quoted(s)} ({widths[s][0]} columns)" for s in fitting or splitting),
        hint=empty.retry(delimiter="tab" if likely == "\t" else likely),
    )


def _separator_below_header(rows: dict[str, list[list[str]]], widths: dict[str, list[int]]) -> str:
    """Return the separator of a file whose header is one name: one that occurs in a row, but for decimal commas."""
    occurring = [s for s, counts in widths.items() if max(counts) > 1]
    if occurring == [","] and all(_DECIMAL_COMMA.fullmatch(",".join(cells)) for cells in rows[","][1:]):
        return ";"
    return (occurring or [","])[0]


def _from_rows(records: list[tuple[int, list[str]]], separator: str, empty: Table) -> Table:
    """Return the table of the records: all as long as the header, whose names differ."""
    records = list(dropwhile(lambda record: not any(record[1]), records))
    (_, header), body = records[0], records[1:]
    if len(header) > 1:
        body = [record for record in body if any(record[1])]
    while body and not any(body[-1][1]):  # in a single column an empty line is a missing value, but not at the end
        body.pop()
    if not body:
        raise DataError("D101", f"{empty.name} has a header but no rows", found=_listed(header), hint=_HEADER_HINT)
    rows = [cells or [""] for _, cells in body]
    lines = np.array([line for line, _ in body], dtype=np.int64)
    _check_widths(header, rows, replace(empty, lines=lines), separator)
    columns = dict(enumerate(zip(*rows, strict=True)))
    _check_header(header, columns, replace(empty, lines=lines))
    names = {i: header[i] or f"unnamed_{i + 1}" for i in columns if header[i] or any(columns[i])}
    frame = pd.DataFrame({name: pd.Series(columns[i], dtype="str") for i, name in names.items()})
    return replace(empty, frame=frame, lines=lines)


def _check_widths(header: list[str], rows: list[list[str]], table: Table, separator: str) -> None:
    """Check that no row is longer or shorter than the header, and that the separator asked for occurs at all."""
    hidden = next((s for s in SEPARATORS if len(header) == 1 and s in header[0]), None)
    if hidden:
        raise DataError(
            "D103",
            f"only one column in {table.name}, {shown(header[0])}. The separator looks like {_quoted(hidden)}",
            hint=table.retry(delimiter="tab" if hidden == "\t" else hidden),
        )
    ragged = [row for row, cells in enumerate(rows) if len(cells) != len(header)]
    if ragged:
        fields, wanted = len(rows[ragged[0]]), len(header)
        if header[0].startswith("#"):
            what = f"{table.name} begins with {shown(header[0])}, which is no header"
            raise DataError("D106", what, hint="remove the comment above the names of the columns")
        if len(header) == 1 and len({len(cells) for cells in rows if any(cells)}) == 1:
            what = f"{table.name} begins with {shown(header[0])}, and all rows below have {_fields(fields)}"
            raise DataError("D106", what, hint="remove what stands above the names of the columns")
        longer = f" (unquoted {SEPARATORS.get(separator, separator)}?)" if fields > wanted else ""
        others = f"; likewise {table.listed(ragged[1:])}" if len(ragged) > 1 else ""
        raise DataError(
            "D106",
            f"{table.place(ragged[0])} of {table.name} has {_fields(fields)}, header has {wanted}{longer}{others}",
            hint="write a separator at the end of the header too, or at the end of no row"
            if all(len(cells) == wanted + 1 and not cells[-1] for cells in rows)
            else "put a cell that holds the separator in double quotes, or name the separator with --delimiter",
        )


def _check_header(header: list[str], columns: dict[int, tuple[str, ...]], empty: Table) -> None:
    """Check that the first line is a header and that its names differ."""
    if re.fullmatch("sep=.?", header[0], re.IGNORECASE):
        raise DataError(
            "D106", f"{empty.name} begins with sep=, a note to Excel and no header", hint="remove that line"
        )
    named = [i for i, name in enumerate(header) if name]
    likely = [row for row, cell in enumerate(columns[named[0]]) if cell == header[named[0]]] if named else []
    again = [row for row in likely if all(columns[i][row] == header[i] for i in named)]
    if again and not all(_NUMBER_OR_DATE.fullmatch(header[i]) for i in named):
        what = f"the header of {empty.name} stands there again: {empty.listed(again)}"
        raise DataError("D101", what, hint="remove these lines")
    if all(_NUMBER_OR_DATE.fullmatch(header[i]) or header[i] in columns[i] for i in named):
        raise DataError("D101", f"{empty.name} has no header line", found=_listed(header), hint=_HEADER_HINT)
    check_names([header[i] for i in named], empty.name)


def _listed(names: list[str]) -> str:
    return ", ".join(shown(name) for name in names[:5]) + (", ..." if len(names) > 5 else "")


def _quoted(separator: str) -> str:
    return "tab" if separator == "\t" else shown(separator)


def _fields(count: int) -> str:
    return f"{count} field{'' if count == 1 else 's'}"
