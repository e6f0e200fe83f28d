"""The files that commands write: tables by their suffix, JSON, and names that are safe in a spreadsheet.

The idea: a file with its final name is always complete, and whatever stands against writing it is said before any work.
"""

from __future__ import annotations

import errno
import json
import shlex
from importlib import import_module
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from forecast.errors import ConfigError, FileError, shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

__all__ = [
    *("FULL", "guard_names", "in_json", "names_as_they_were", "no_formulas"),
    *("require_free", "require_writable", "write_csv", "write_file", "write_json", "write_new"),
]

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says when there is no room for a file."""
PACKAGES = {"": ("", ""), ".csv": ("", ""), ".xlsx": ("openpyxl", "excel"), ".parquet": ("pyarrow", "parquet")}
"""What writes files with such suffixes, and the extra that brings it: a CSV takes no more than what is there."""
FORMULAS = tuple(mark + one for mark in ("", "'") for one in ("=", "+", "-", "@", "\t", "\r"))
"""What a cell begins with that a spreadsheet takes for a formula, or that looks as if it had been kept from that."""


def require_free(path: Path, *, overwrite: bool) -> None:
    """Check, before any work, that `path` can be written to.

    Raises
    ------
    ConfigError
        U101, when its suffix is that of no table.
    FileError
        F103, when it is there and may not be replaced; F104, when it is a folder, there is no folder for it or that
        cannot be written to, or no package that writes such files.
    """
    if path.exists() and not overwrite:
        raise FileError("F103", f"{path} exists", hint="--overwrite or another --output")
    if path.is_dir():
        raise FileError("F104", f"cannot write {path}: it is a folder", hint="another --output")
    if not path.parent.is_dir():
        what = f"cannot write {path}: no folder {shown(path.parent)}"
        raise FileError("F104", what, hint="another --output, or make that folder")
    _writer(path)
    require_writable(path, flag="--output")


def require_writable(path: Path, *, flag: str) -> None:
    """Check, before any work, that something can be made at `path`, by making and taking away a folder near it.

    Raises
    ------
    FileError
        F104, when the system forbids it; that a disk is full is said where the size of what it holds is known.
    """
    whole = path.absolute()
    try:
        place = next(folder for folder in whole.parents if folder.exists())
        TemporaryDirectory(prefix=".forecast-", dir=place).cleanup()
    except OSError as error:
        if error.errno not in FULL:
            raise FileError("F104", f"cannot write {path}: {error.strerror}", hint=f"another {flag}") from error


def write_file(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame to `path`, by its suffix as a workbook, as Parquet or else as CSV; it is there whole or not at all.

    Raises
    ------
    FileError
        F104, when it cannot be written; F105, when the disk is full.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        _writer(path)(frame, partial)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        if error.errno in FULL:
            raise FileError("F105", f"disk full while writing {path}", hint="free some space, then again") from error
        raise FileError("F104", f"cannot write {path}: {error.strerror}", hint="another --output") from error


def write_new(text: str, path: Path) -> None:
    """Write a text to a file that is not there yet.

    Raises
    ------
    FileError
        F103, when it is there; F104, when it cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise FileError("F103", f"{path} exists", hint="another --output, or - for standard output") from error
    except OSError as error:
        raise FileError("F104", f"cannot write {path}: {error.strerror}", hint="another --output") from error


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame with full precision, dates as short as they can be, the same bytes on every system."""
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def write_json(value: Any, path: Path) -> None:
    """Write plain values; NaN becomes null."""
    path.write_text(in_json(value), encoding="utf-8", newline="\n")


def in_json(value: Any) -> str:
    """Return plain values as the text of a JSON file; NaN becomes null.

    Examples
    --------
    >>> in_json([1.5, float("nan")]).split()
    ['[', '1.5,', 'null', ']']
    """
    return json.dumps(_plain(value), indent=1, ensure_ascii=False) + "\n"


def no_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose names of series a spreadsheet takes for texts: those that begin as formulas do get a ``'``.

    Examples
    --------
    >>> import pandas as pd
    >>> no_formulas(pd.DataFrame({"unique_id": ["=1+1", "store"]}))["unique_id"].tolist()
    ["'=1+1", 'store']
    """
    return _renamed(frame, FORMULAS, lambda names: "'" + names)


def names_as_they_were(frame: pd.DataFrame) -> pd.DataFrame:
    """Undo `no_formulas`."""
    return _renamed(frame, tuple("'" + one for one in FORMULAS), lambda names: names.str[1:])


def guard_names(folder: Path) -> None:
    """Write the tables of a run anew with `no_formulas`; `forecast.runs.load_run` reads the names as they were."""
    import pandas as pd

    for path in sorted(folder.glob("*.csv")):
        try:
            table = pd.read_csv(path, encoding="utf-8", dtype=str, keep_default_na=False)
        except pd.errors.EmptyDataError:
            continue
        write_csv(no_formulas(table), path)


def _renamed(frame: pd.DataFrame, first: tuple[str, ...], rename: Callable[[pd.Series], pd.Series]) -> pd.DataFrame:
    """Return a frame in which the names of series that begin so have another one."""
    found = frame
    for column in {"unique_id", "place"} & set(frame.columns):
        names = frame[column].astype(str)
        named = frame["by"] == "series" if column == "place" and "by" in frame else True
        found = found.assign(**{column: frame[column].where(~(names.str.startswith(first) & named), rename(names))})
    return found


def _writer(path: Path) -> Callable[[pd.DataFrame, Path], None]:
    """Return what writes a file with such a suffix."""
    if path.suffix.lower() not in PACKAGES:
        *others, last = filter(None, PACKAGES)
        what = f"cannot write {path}: its suffix should be {', '.join(others)} or {last}"
        raise ConfigError("U101", what, hint=f"--output {shlex.quote(str(path.with_suffix('.csv')))}")
    package, extra = PACKAGES[path.suffix.lower()]
    try:
        import_module(package or "csv")
    except ImportError as error:
        what = f"writing {path.name} takes {package}, which is not installed"
        raise FileError("F104", what, hint=f"pip install 'forecast[{extra}]'") from error
    return {"openpyxl": _write_workbook, "pyarrow": _write_parquet}.get(package, write_csv)


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path, index=False, engine="pyarrow")


def _write_workbook(frame: pd.DataFrame, path: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet("forecasts")

    def cell(value: Any) -> Any:
        if not isinstance(value, str):
            return value.to_pydatetime() if hasattr(value, "to_pydatetime") else value
        text = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value))
        text.data_type = "s"  # a name that begins with "=" is no formula
        return text

    sheet.append([cell(str(column)) for column in frame.columns])
    for row in zip(*(frame[column].astype(object).where(frame[column].notna(), None) for column in frame), strict=True):
        sheet.append([cell(value) for value in row])
    book.save(path)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and value != value else value
