"""Every failure a user can meet, as one small tree of exceptions.

A message says what happened, where, what was found and what to type; the letter of its code decides the exit code
of the command line::

    ForecastError            any of the below; catch this one
    |-- ConfigError    U     a wrong flag, setting or call           exit 2
    |-- DataError      D     the data cannot be used as they are     exit 3
    |-- ModelError     M     a model could not be fitted or loaded   exit 4
    `-- FileError      F     a file or folder is in the way          exit 5

What is worth saying but stops nothing is a `Notice` (codes W...).
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ConfigError",
    "DataError",
    "FileError",
    "ForecastError",
    "ModelError",
    "Notice",
    "expected_kind",
    "nearest",
    "shown",
]


class ForecastError(Exception):
    """Something the user can mend.

    Parameters
    ----------
    code : str
        A letter and three digits, such as ``D104``.
    message : str
        What happened and where, in one line without a full stop.
    found : str, optional
        What was there instead.
    hint : str, optional
        One command or setting to try.

    Examples
    --------
    >>> print(DataError("D104", 'no column "ds" in sales.csv', found="date, sales").explain())
    error[D104]: no column "ds" in sales.csv
      found: date, sales
    """

    exit_code = 1

    def __init__(self, code: str, message: str, *, found: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.found = found
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.code, self.message, self.found, self.hint)

    def __str__(self) -> str:
        return f"{self.message}; try {self.hint}" if self.hint else self.message

    def explain(self) -> str:
        """Return the error as the command line prints it: two or three lines."""
        lines = [f"error[{self.code}]: {self.message}"]
        if self.found:
            lines.append(f"  found: {self.found}")
        if self.hint:
            lines.append(f"  try:   {self.hint}")
        return "\n".join(lines)


class ConfigError(ForecastError, ValueError):
    """A flag, setting or argument is wrong."""

    exit_code = 2


class DataError(ForecastError, ValueError):
    """The data cannot be used as they are."""

    exit_code = 3


class ModelError(ForecastError, RuntimeError):
    """A model could not be fitted, or does not fit the data."""

    exit_code = 4


class FileError(ForecastError, OSError):
    """A file or folder is missing, unreadable or in the way."""

    exit_code = 5


@dataclass(frozen=True)
class Notice:
    """Something worth saying that stops nothing: a code (``W203``) and one sentence."""

    code: str
    message: str

    def __str__(self) -> str:
        return f"warning[{self.code}]: {self.message}"


def shown(value: object, limit: int = 60) -> str:
    r"""Return a user's value as it may stand in a message: quoted, on one line, cut at `limit` characters.

    Examples
    --------
    >>> shown("a\x1b[31mb")
    '"a[31mb"'
    """
    text = "".join(c for c in str(value) if c.isprintable())
    return f'"{text if len(text) <= limit else text[: limit - 3] + "..."}"'


KINDS = {
    "a valid integer, unable to parse string as an integer": "a whole number",
    "a valid integer, got a number with a fractional part": "a whole number",
    "a valid integer": "a whole number",
    "a valid number, unable to parse string as a number": "a number",
    "a valid number": "a number",
    "a valid boolean, unable to interpret input": "true or false",
    "a valid string": "a text",
}
"""What pydantic says a value should be, and what we do."""


def expected_kind(message: str) -> str:
    """Return what a value should be, in our words, out of what pydantic says of it.

    Examples
    --------
    >>> expected_kind("Input should be a valid integer, unable to parse string as an integer")
    'a whole number'
    >>> expected_kind("Input should be greater than 0")
    'greater than 0'
    """
    said = message.removeprefix("Value error, ").removeprefix("Input should be ")
    return KINDS.get(said, said)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` was probably meant to be, or None.

    Examples
    --------
    >>> nearest("hiden_sizes", ["members", "hidden_sizes"])
    'hidden_sizes'
    """
    return next(iter(get_close_matches(word, list(known), n=1)), None)


def _rebuild(kind: type[ForecastError], code: str, message: str, found: str | None, hint: str | None) -> ForecastError:
    return kind(code, message, found=found, hint=hint)
