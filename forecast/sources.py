"""A name to the bytes of a file: found, read and unpacked, up to a limit.

The idea: whoever mistypes a name is told the nearest one there is, among the files beside it and the bundled sets.
"""

from __future__ import annotations

import gzip
import zlib
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from forecast.defaults import BUNDLED
from forecast.errors import DataError, FileError, nearest, shown
from forecast.table import Table

__all__ = ["bundled_path", "find_file", "load_bytes"]

MAX_BYTES = 2**30
"""The largest file that is read, counted after unpacking."""


def bundled_path(name: str) -> Path:
    """Return the path of a bundled set: from the installed package, else from the checkout beside it.

    Raises
    ------
    FileError
        F101, when no bundled set has that name.

    Examples
    --------
    >>> bundled_path("nile").name
    'nile.csv'
    """
    package = Path(str(files("forecast")))
    for folder in (package / "data", package.parent / "data"):
        path = folder / f"{name}.csv"
        if name in BUNDLED and path.is_file():
            return path
    raise FileError("F101", f"no bundled set {shown(name)}", found=", ".join(BUNDLED), hint="forecast run airline")


def find_file(source: str | Path) -> Path:
    """Return the path of the file, or of the bundled set, that `source` names.

    Raises
    ------
    FileError
        F101, no such file; F102, its folder cannot be read.
    """
    path = Path(source)
    try:
        if path.exists() and not (str(source) in BUNDLED and path.is_dir()):
            return path
        siblings = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    except (OSError, ValueError) as error:  # a name too long, a null character, a folder that may not be listed
        raise FileError("F102", f"cannot read {shown(source)}: {_reason(error)}") from error
    if str(source) in BUNDLED:
        return bundled_path(str(source))
    close = nearest(path.name, siblings)
    guess = str(path.parent / close) if close else nearest(str(source), BUNDLED)
    raise FileError(
        "F101",
        f"no file {shown(source)}" + (f"; did you mean {shown(guess)}?" if guess else ""),
        hint=Table(pd.DataFrame(), "", "", source=guess or BUNDLED[0]).retry(),
    )


def load_bytes(path: Path) -> bytes:
    """Return the bytes of a file, unpacked where it is gzipped.

    Raises
    ------
    FileError
        F102, it cannot be read.
    DataError
        D122, it holds more than `MAX_BYTES`.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            if not packed and path.stat().st_size <= MAX_BYTES:
                return file.read()
            data = _read_limited(gzip.open(file) if packed else file, path)  # noqa: SIM115
    except (OSError, EOFError, zlib.error) as error:
        raise FileError("F102", f"cannot read {shown(path)}: {_reason(error)}") from error
    return data


def _read_limited(file: BinaryIO | gzip.GzipFile, path: Path) -> bytes:
    data = bytearray()
    while chunk := file.read(2**20):
        data += chunk
        if len(data) > MAX_BYTES:
            raise DataError(
                "D122",
                f"{path.name} holds more than {MAX_BYTES / 2**20:.0f} MB of text",
                hint="a file with fewer columns or rows: only time, value and id are needed",
            )
    return bytes(data)


def _reason(error: Exception) -> str:
    """Return why the system could not read, without the path that the message names already."""
    return str(getattr(error, "strerror", None) or error).lower()
