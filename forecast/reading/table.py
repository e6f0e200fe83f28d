"""A table as it was read, before anyone knows what its columns mean.

The idea: a table remembers where each row stood and what it was called, so that every later message can name the line
of the file and a command that works.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecast.errors import DataError, nearest, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["ID_NAMES", "MISSING_MARKERS", "SEPARATORS", "TIME_NAMES", "Table", "coded", "distinct", "occurs_again"]

MISSING_MARKERS = frozenset({"", "NA", "NaN", "nan", "null", "None"})
"""The cells of a file that stand for a missing value."""

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
"""What may stand between the cells of a row, and its name."""

TIME_NAMES = frozenset(
    [
        "ds",
        "date",
        "datetime",
        "time",
        "timestamp",
        "year",
        "quarter",
        "month",
        "week",
        "day",
        "hour",
        "period",
        "t",
        "ts",
    ]
)
ID_NAMES = frozenset(["unique_id", "id", "series", "series_id"])

SHOWN_ROWS = 5
"""How many problems of one kind a message lists."""


@dataclass(frozen=True)
class Table:
    """Columns with the memory of where they came from.

    Parameters
    ----------
    frame : DataFrame
        The columns: text for a file, as they were for a frame.
    name : str
        What to call the source in a message, such as ``sales.csv``.
    fingerprint : str or callable
        The SHA-256 of the bytes of the file, or of the CSV of a frame; or what works it out.
    notes : tuple of str
        What was found out while reading, such as ``separator ";"``.
    decimal : str
        The decimal mark of the numbers: ``.`` or ``,``.
    source : str or None
        The file as the user named it; None for a frame.
    lines : ndarray, range or None
        The line of the file on which each row begins, the header counted; None for a frame.
    by_columns : bool
        Whether texts are categorical and numbers numbers (see `forecast.reading.bulk`); messages want the cells
        themselves.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> frame = pd.DataFrame({"sales": ["1", "n/a", "3"]})
    >>> table = Table(frame, "sales.csv", "", source="my sales.csv", lines=np.array([2, 3, 4]))
    >>> table.listed([1], "sales")
    'line 3 "n/a"'
    >>> table.retry(time="date")
    "forecast run 'my sales.csv' --time date"
    """

    frame: pd.DataFrame
    name: str
    fingerprint: str | Callable[[], str]
    notes: tuple[str, ...] = ()
    decimal: str = "."
    source: str | None = None
    lines: NDArray[np.int64] | range | None = None
    by_columns: bool = False

    @property
    def sha256(self) -> str:
        """The hash of what was read."""
        return self.fingerprint() if callable(self.fingerprint) else self.fingerprint

    def place(self, row: int) -> str:
        """Return where `row`, counted from 0, stands: ``line 14`` of a file, ``row 12`` of a frame."""
        return f"row {row}" if self.lines is None else f"line {self.lines[row]}"

    def listed(self, rows: Iterable[int], column: str | None = None) -> str:
        """Return the first places among `rows`, with what stands there in `column`, and how many more there are."""
        rows = [int(row) for row in rows]
        cells = None if column is None else self.frame[column]
        items = [
            self.place(row) if cells is None else f"{self.place(row)} {shown(cells.iloc[row])}"
            for row in rows[:SHOWN_ROWS]
        ]
        more = len(rows) - SHOWN_ROWS
        return ", ".join(items) + (f", ... and {more} more" if more > 0 else "")

    def retry(self, **settings: str) -> str:
        """Return what to type to read the same source with other `settings`: a command, or arguments for a frame."""
        if self.source is None:
            return ", ".join(f'{name}="{value}"' for name, value in settings.items())
        flags = [word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", value)]
        return shlex.join(["forecast", "run", self.source, *flags])

    def require(self, column: str, role: str, *, beside: Sequence[str] | None = None) -> None:
        """Check that `column`, which the user named as the `role` column, is there.

        Where a role may have several columns, those that were named are `beside`; then only a near name is proposed.

        Raises
        ------
        DataError
            D104, with the columns that are there and the nearest name.
        """
        if column in self.frame.columns:
            return
        columns = [str(name) for name in self.frame.columns]
        folded = {name.casefold(): name for name in columns}
        close = folded.get(nearest(column.casefold(), folded) or "")
        if beside is None:
            hint = self.retry(**{role: close or (columns[0] if role == "time" else columns[-1])})
        elif close:
            hint = self.retry(**{role: ",".join(close if name == column else name for name in beside)})
        else:
            hint = f"another column for --{role}, or none in place of {shown(column)}"
        raise DataError(
            "D104",
            f"no column {shown(column)} in {self.name}",
            found=", ".join(shown(name)[1:-1] for name in columns[:20]) + (", ..." if len(columns) > 20 else ""),
            hint=hint,
        )


def coded(cells: pd.Series[Any]) -> tuple[NDArray[Any], list[str]]:
    """Return the text of every cell as a code, a whole number of any size, and the distinct texts.

    Examples
    --------
    >>> import pandas as pd
    >>> coded(pd.Series(["b", "a", "b"]))
    (array([0, 1, 0]), ['b', 'a'])
    """
    import pandas as pd

    if isinstance(cells.dtype, pd.CategoricalDtype):
        return cells.array.codes, distinct(cells)
    codes, texts = pd.factorize(cells.astype(str))
    return codes, texts.tolist()


def distinct(cells: pd.Series[Any]) -> list[str]:
    """Return the distinct texts of the cells, as `coded` does.

    Examples
    --------
    >>> import pandas as pd
    >>> distinct(pd.Series(["b", "a", "b"]))
    ['b', 'a']
    """
    import pandas as pd

    if isinstance(cells.dtype, pd.CategoricalDtype):
        texts: list[str] = cells.cat.categories.tolist()  # of `bulk`, which makes categories of nothing but texts
        return texts
    return [str(text) for text in cells.astype(str).unique()]


def occurs_again(cells: pd.Series[Any]) -> bool:
    """Return whether two of the cells are the same; every category of categorical ones occurs.

    Examples
    --------
    >>> import pandas as pd
    >>> occurs_again(pd.Series(["b", "a", "b"])), occurs_again(pd.Series(["b", "a"]))
    (True, False)
    """
    import pandas as pd

    if isinstance(cells.dtype, pd.CategoricalDtype):
        return len(cells.cat.categories) < len(cells)
    return bool(cells.duplicated().any())
