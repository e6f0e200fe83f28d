"""A folder that is one process's at a time.

The idea: the operating system holds the lock and lets go of it when the process ends, however it ends; so a lock file
that somebody left behind locks nothing. The number of the process stands in it to be read by people.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Taken", "locked"]

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[str]) -> None:
        file.seek(2**30)  # beyond the text, which others may read
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Taken(Exception):
    """Another process has the lock; its number is the message."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock `path` within the block.

    Raises
    ------
    Taken
        Where another process holds it.
    OSError
        Where the file cannot be made.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "lock"
    >>> with locked(path):
    ...     path.read_text() == str(os.getpid())
    True
    """
    with path.open("a+", encoding="ascii") as file:
        try:
            _take(file)
            same = os.path.samestat(os.fstat(file.fileno()), path.stat())
        except OSError as error:  # taken, or taken away by whoever was done with it
            file.seek(0)
            raise Taken(file.read(20) or "?") from error
        if not same:
            raise Taken("?")
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
