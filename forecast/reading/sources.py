"""A name to the bytes of a file: found, read and unpacked, up to a limit.

The idea: whoever mistypes a name is told the nearest one there is, among the files beside it and the bundled sets.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import sys
import zipfile
import zlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import IO, BinaryIO, Self

import pandas as pd

from forecast.defaults import BUNDLED
from forecast.errors import ConfigError, DataError, FileError, nearest, shown
from forecast.reading.table import Table

__all__ = ["STANDARD_INPUT", "Fingerprint", "bundled_path", "find_file", "load_bytes", "load_standard_input"]

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
STANDARD_INPUT = "standard input"

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
    stems = {Path(name).stem: name for name in sorted(siblings, key=lambda name: Path(name).suffix == path.suffix)}
    close = stems.get(nearest(path.stem, stems) or "")
    guess = str(path.parent / close) if close else nearest(str(source), BUNDLED)
    raise FileError(
        "F101",
        f"no file {shown(source)}" + (f"; did you mean {shown(guess)}?" if guess else ""),
        hint=Table(pd.DataFrame(), "", "", source=guess or BUNDLED[0]).retry(),
    )


@dataclass(frozen=True)
class Fingerprint:
    """The SHA-256 of a large file, worked out when it is asked for: a run records it, and a check has no use for it.

    Parameters
    ----------
    path : Path
        Where the file is.
    state : tuple of int
        Which file that was, how long and when it was written last.

    Examples
    --------
    >>> with bundled_path("airline").open("rb") as file:
    ...     fingerprint = Fingerprint.of(file, bundled_path("airline"))
    >>> fingerprint()[:8]
    'd27dd74f'
    """

    path: Path
    state: tuple[int, ...]

    @classmethod
    def of(cls, file: BinaryIO, path: Path) -> Self:
        """Return what will know the file that was opened at a path."""
        return cls(path.absolute(), _state(file))

    def __call__(self) -> str:
        """Return the hash.

        Raises
        ------
        FileError
            F102, the file is not as it was, or not there any more.
        """
        try:
            with self.path.open("rb") as file:
                before = _state(file)
                found = hashlib.file_digest(file, "sha256").hexdigest()
                if before == _state(file) == self.state:
                    return found
        except OSError as error:
            raise FileError("F102", f"cannot read {self.path.name} again: {_reason(error)}") from error
        what = f"{self.path.name} has changed since it was read"
        raise FileError("F102", what, hint="the same command when nothing writes to the file")


def _state(file: BinaryIO) -> tuple[int, ...]:
    found = os.fstat(file.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def load_bytes(path: Path) -> bytes:
    """Return the bytes of a file, unpacked where it is gzipped or the only one in a zip archive.

    Raises
    ------
    FileError
        F102, it cannot be read.
    DataError
        D122, it holds more than `MAX_BYTES`.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
            file.seek(0)
            if magic[:2] != GZIP and magic != ZIP and path.stat().st_size <= MAX_BYTES:
                return file.read()
            return _unpacked(file, magic, path.name)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
        raise FileError("F102", f"cannot read {shown(path)}: {_reason(error)}") from error


def load_standard_input() -> bytes:
    """Return what comes through the pipe, unpacked likewise.

    Raises
    ------
    ConfigError
        U101, when nothing is piped in.
    FileError, DataError
        As `load_bytes`.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise ConfigError(
            "U101",
            f"standard input is {'closed' if sys.stdin is None else 'a terminal'}",
            hint="cat sales.csv | forecast run -",
        )
    try:
        data = io.BytesIO(_read_limited(sys.stdin.buffer, STANDARD_INPUT))
        return _unpacked(data, data.getvalue()[:4], STANDARD_INPUT)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
        raise FileError("F102", f"cannot read {STANDARD_INPUT}: {_reason(error)}") from error


def _unpacked(file: BinaryIO, magic: bytes, name: str) -> bytes:
    """Return the bytes of a file, or those of the one file packed in it."""
    if magic[:2] == GZIP:
        return _read_limited(gzip.open(file), name)
    if magic != ZIP or not zipfile.is_zipfile(file):
        file.seek(0)
        return _read_limited(file, name)
    with zipfile.ZipFile(file) as archive:
        members = [m for m in archive.namelist() if not m.endswith("/") and not m.startswith("__MACOSX/")]
        if "[Content_Types].xml" in members:  # a workbook, which is a table as it stands
            file.seek(0)
            return _read_limited(file, name)
        if len(members) != 1:
            listed = ", ".join(shown(member) for member in members[:5]) or "nothing"
            raise FileError("F102", f"{name} holds {len(members)} files: {listed}", hint="an archive with one file")
        if archive.getinfo(members[0]).file_size > MAX_BYTES:  # what it says of itself; it is counted all the same
            raise _too_large(name)
        with archive.open(members[0]) as member:
            return _read_limited(member, name)


def _read_limited(file: BinaryIO | gzip.GzipFile | IO[bytes], name: str) -> bytes:
    data = bytearray()
    while chunk := file.read(2**20):
        data += chunk
        if len(data) > MAX_BYTES:
            raise _too_large(name)
    return bytes(data)


def _too_large(name: str) -> DataError:
    return DataError(
        "D122",
        f"{name} holds more than {MAX_BYTES / 2**20:.0f} MB of text",
        hint="a file with fewer columns or rows: only time, value and id are needed",
    )


def _reason(error: Exception) -> str:
    """Return why the system could not read, without the path that the message names already."""
    return str(getattr(error, "strerror", None) or error).lower()
