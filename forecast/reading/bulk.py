"""Large plain CSV files, read by columns: texts as codes of their few distinct values, numbers as numbers.

The idea: this path takes only what it provably reads as the careful one in `readers` does, and gives everything else
back to it. Where numbers are wanted as they are written, to name one, only their columns are read cell by cell.
"""

from __future__ import annotations

import csv
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from forecast.errors import ForecastError
from forecast.reading.plain import Layout, PlainFile, head_of, read_columns
from forecast.reading.table import ID_NAMES, MISSING_MARKERS, SEPARATORS, TIME_NAMES, Table, distinct
from forecast.reading.values import GROUPED_BY_POINTS, is_missing, looks_decimal, meant_as_numbers, sniff_decimal

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["ENOUGH", "read_bulk"]

ENOUGH = 1_000_000
"""Bytes from which reading by columns is worth its preparation."""
HEAD = 200
"""Lines on which the careful path decides what the columns are."""


def read_bulk(
    file: BinaryIO,
    read_head: Callable[[bytes], Table],
    *,
    delimiter: str | None = None,
    decimal: str | None = None,
    texts: Container[str | None] = (),
    as_written: bool = False,
) -> Table | None:
    """Return the table of a large plain file, None where only the careful path can read it.

    Its fingerprint is that of the head.

    Parameters
    ----------
    file : binary file
        Open, and such that it can be read again from the start.
    read_head : callable
        Reads its first lines carefully.
    delimiter, decimal : str, optional
        What the user named.
    texts : container of str
        Columns that stay texts, numbers or not.
    as_written : bool
        Keep the cells of numbers as they are written, which happens anyway where one of them is none.

    Raises
    ------
    DataError
        D108, as `values.sniff_decimal`.
    """
    start = file.read(ENOUGH)
    head_bytes = head_of(start, HEAD)
    if head_bytes is None:
        return None
    try:
        head = read_head(head_bytes)
    except ForecastError:
        return None
    names = tuple(str(column) for column in head.frame.columns)
    first = head_bytes.partition(b"\n")[0].decode()
    separator = next((s for s in (*SEPARATORS, delimiter) if s and _cells(first, s) == names), None)
    if separator is None or len(names) < 2 or head.lines is None or head.lines[0] != 2 or separator == head.decimal:
        return None
    numbers = frozenset(
        name
        for name in names
        if name not in texts
        and name.casefold() not in TIME_NAMES | ID_NAMES
        and meant_as_numbers(head.frame[name], head.decimal)
    )
    words = frozenset(name for name in names if not _says_no_text(head.frame[name]))
    layout = Layout(names, separator, head.decimal, numbers=numbers, words=words)
    table = None if as_written else _by_numbers(file, layout, head, asked=decimal is not None)
    return table or _by_cells(file, replace(layout, numbers=frozenset(), cells=numbers), head, decimal)


def _cells(line: str, separator: str) -> tuple[str, ...]:
    """Return the cells of a line, none where it cannot be split by that."""
    if len(separator) != 1:
        return ()
    try:
        return tuple(cell.strip() for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True)))
    except csv.Error:  # a cell longer than any there may be
        return ()


def _says_no_text(cells: pd.Series[Any]) -> bool:
    """Whether pandas can take all cells that are not missing for numbers, or for true and false."""
    return all(text in MISSING_MARKERS or _can_be_number(text) for text in cells.tolist())


def _can_be_number(text: str) -> bool:
    if text.casefold() in ("true", "false"):
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True


def _by_numbers(file: BinaryIO, layout: Layout, head: Table, *, asked: bool) -> Table | None:
    """Return the table with numbers as numbers, None where a cell is none or the decimal mark is not sure."""
    file.seek(0)
    unsure = layout.separator != "," and layout.decimal == "."  # the points may stand between thousands
    with closing(PlainFile(file, layout.separator, "." if unsure else "")) as plain:
        frame = read_columns(plain, layout)
        if frame is None or not _is_table(frame, layout):
            return None
        if layout.separator != "," or plain.quotes.seen:  # else no cell has a comma
            other = "," if layout.decimal == "." else "."
            if not asked and any(
                other in text and looks_decimal(text, other) for name in layout.kinds for text in _kinds(frame, name)
            ):
                return None
            grouped = unsure and any(_may_be_thousands(head.frame[n], frame[n]) for n in layout.numbers)
            if grouped and plain.counts["."] > _points(frame, layout):
                return None
        lines = range(2, len(frame) + 2)
        return replace(head, frame=frame, lines=lines, by_columns=True)


def _by_cells(file: BinaryIO, layout: Layout, head: Table, decimal: str | None) -> Table | None:
    """Return the table with numbers as they are written."""
    file.seek(0)
    with closing(PlainFile(file, layout.separator)) as plain:
        frame = read_columns(plain, layout)
        if frame is None or not _is_table(frame, layout):
            return None
        table = replace(head, frame=frame, lines=range(2, len(frame) + 2))
    no_commas = layout.separator == "," and not plain.quotes.seen
    found = decimal or ("." if no_commas else sniff_decimal(table, quoted=layout.separator == ","))
    notes = [note for note in head.notes if note != "decimal comma"]
    comma = ["decimal comma"] if found == "," and decimal is None else []
    return replace(table, decimal=found, notes=(*notes, *comma))


def _is_table(frame: pd.DataFrame, layout: Layout) -> bool:
    """Whether the careful path makes these rows of the file: no spaces to take off, no second header, no empty row."""
    empty: dict[str, NDArray[np.bool_]] = {}
    for name in layout.kinds:
        kinds = _kinds(frame, name)
        if name in kinds or kinds != [text.strip() for text in kinds]:
            return False
        if "" in kinds:
            empty[name] = frame[name].cat.codes.to_numpy() == kinds.index("")
    for name in layout.cells:
        if (frame[name] == name).any():
            return False
    if layout.numbers & MISSING_MARKERS:
        return False
    if len(empty) < len(layout.kinds):
        return True
    for name in layout.cells | layout.numbers:
        empty[name] = (frame[name].isna() if name in layout.numbers else frame[name] == "").to_numpy()
    return not np.logical_and.reduce(list(empty.values())).any()


def _kinds(frame: pd.DataFrame, name: str) -> list[str]:
    return distinct(frame[name])


def _points(frame: pd.DataFrame, layout: Layout) -> int:
    """Return how many points stand in the header and in columns of texts."""
    total = sum(name.count(".") for name in layout.names)
    for name in layout.kinds:
        pointed = np.array([text.count(".") for text in _kinds(frame, name)])
        if pointed.any():
            total += int(pointed[frame[name].cat.codes.to_numpy()].sum())
    return total


def _may_be_thousands(head: pd.Series[Any], values: pd.Series[Any]) -> bool:
    """Whether every point of a column can have three digits behind it, as `series` warns of for the target."""
    if not head[~is_missing(head)].str.fullmatch(GROUPED_BY_POINTS).all():
        return False
    sizes = np.abs(values.dropna().to_numpy())
    if ((sizes >= 1_000) | ((sizes > 0) & (sizes < 1))).any():
        return False
    return bool((np.rint(sizes * 1_000) / 1_000 == sizes).all())
