"""What a run did and when, written down while it works: run.log of the run folder.

The idea: the journal listens as the terminal does and hands everything on, so that a person at a terminal and a later
reader are told the same; beside a failure of ours it keeps the whole trace.
"""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, TextIO

from forecast.errors import ForecastError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from forecast.results import Listener

__all__ = ["Journal"]

NAME = "run.log"


class Journal:
    """A listener that writes down what it hears, each line with the seconds since it was made.

    Parameters
    ----------
    listener : Listener
        Told everything, too.
    started : float
        When the run began, on the clock of `time.perf_counter`.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from forecast.results import Silent
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> journal = Journal(Silent(), started=perf_counter())
    >>> journal.say("12 steps ahead")
    >>> with journal.kept(folder, folder):
    ...     journal.progress(0, 8, "mlp")
    >>> [line.split(" s  ")[1] for line in (folder / "run.log").read_text().splitlines()]
    ['12 steps ahead', '1 of 8: mlp', 'done']
    """

    def __init__(self, listener: Listener, *, started: float) -> None:
        self._listener, self._started = listener, started
        self._early: list[str] = []
        self._file: TextIO | None = None

    def say(self, line: str) -> None:
        """Write a sentence down and hand it on."""
        self.note(line)
        self._listener.say(line)

    def progress(self, done: int, total: int, what: str) -> None:
        """Write down what is begun, and hand it on."""
        self.note(f"{min(done + 1, total)} of {total}: {what}")
        self._listener.progress(done, total, what)

    def note(self, text: str) -> None:
        """Write down what only a reader of the journal wants to know."""
        line = f"{perf_counter() - self._started:9.3f} s  {text}\n"
        if self._file is None:
            self._early.append(line)
        else:
            self._file.write(line)
            self._file.flush()

    @contextmanager
    def kept(self, aside: Path, folder: Path) -> Iterator[None]:
        """Write to run.log in the folder `aside` within the block.

        A failure that is no `ForecastError`, nor one of the system, is a bug: its trace is written down, and since the
        folder goes away the journal is put beside it, as ``<folder>.log``; a note of the error says so.
        """
        path = aside / NAME
        with path.open("w", encoding="utf-8", newline="\n") as self._file:
            self._file.writelines(self._early)
            try:
                yield
                self.note("done")
            except Exception as error:
                if not isinstance(error, ForecastError | OSError):  # the system's trouble is none of ours
                    self.note("".join(traceback.format_exception(error)).rstrip())
                    saved = folder.with_name(f"{folder.name}.log")
                    saved.write_text(path.read_text(encoding="utf-8"), encoding="utf-8", newline="\n")
                    error.add_note(f"details in {saved}")
                raise
            finally:
                self._file = None
