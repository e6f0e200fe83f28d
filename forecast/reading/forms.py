"""The forms in which people write times, and how each is read.

The idea: a form is a pattern of named parts (year, month, quarter, ...), and one calculation turns the parts of any
form into times of any year, also before 1678, where nanoseconds end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["DATE_FORMS", "NUMBER_FORMS", "PROPOSALS", "Form", "Reading", "read_form", "read_format", "read_whole"]

_PARTS = {
    "year": r"\d{4}",
    "month": r"\d{1,2}",
    "day": r"\d{1,2}",
    "word": r"[a-z]{3,9}",
    "quarter": r"[1-4]",
    "week": r"\d{1,2}",
    "sep": r"[-/.]",
    "century": r"[12]\d{3}",
    "clock": r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r" ?(?P<offset>Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?",
}
_WHOLE = re.compile(r"([+-]?\d{1,15})(?:\.0+)?", re.ASCII)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)


@dataclass(frozen=True)
class Form:
    """A way to write a time.

    Parameters
    ----------
    parts : str
        A pattern in which ``<year>``, ``<month>``, ... stand for the parts.
    format : str
        The strptime format of its date, where there is one to propose.
    """

    parts: str
    format: str = ""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The regular expression, with a named group for each part."""
        pattern = self.parts.replace("<clock>", _PARTS["clock"])
        for name in re.findall(r"(?<!P)<([a-z]+)>", pattern):
            group = "year" if name == "century" else name
            pattern = re.sub(rf"(?<!P)<{name}>", lambda _: f"(?P<{group}>{_PARTS[name]})", pattern, count=1)  # noqa: B023
        return re.compile(pattern, re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Reading:
    """What one form makes of some texts: times, which of them it understood, and the UTC offsets that stood there."""

    times: NDArray[Any]
    good: NDArray[np.bool_]
    offsets: tuple[str, ...] = ()

    @property
    def kinds(self) -> frozenset[str]:
        """The different offsets; "" stands for none."""
        return frozenset(self.offsets) or frozenset({""})

    @property
    def utc(self) -> NDArray[Any]:
        """The times less their offsets."""
        minutes = [int(f"{text[0]}1") * (60 * int(text[1:3]) + int(text[3:5])) if text else 0 for text in self.offsets]
        utc: NDArray[Any] = self.times - np.array(minutes, dtype="timedelta64[m]")
        return utc


DATE_FORMS = (
    Form("<year><sep><month>(?P=sep)<day><clock>", "%Y-%m-%d"),
    Form("<day><sep><month>(?P=sep)<year><clock>", "%d/%m/%Y"),
    Form("<month><sep><day>(?P=sep)<year><clock>", "%m/%d/%Y"),
    Form("<year>(?:[-/ ]|[-/ ]?M)<month>"),
    Form("<month>[-/ ]<year>"),
    Form("<year>[-/ ]?Q<quarter>"),
    Form("Q<quarter>[-/ ]?<year>"),
    Form("<year>[-/ ]?W<week>"),
    Form("<day>[-/. ]+<word>[-/., ]+<year><clock>"),
    Form(r"<word>\.? +<day>,? +<year><clock>"),
    Form("<word>[-/., ]+<year>"),
    Form("<year>[-/ ]+<word>"),
)
NUMBER_FORMS = (
    Form(r"<century>(?:\.0+)?"),
    Form(r"<century>(?P<month>\d\d)(?:\.0+)?"),
    Form(r"<century>(?P<month>\d\d)(?P<day>\d\d)(?:\.0+)?"),
)
"""Forms that are whole numbers too: years such as 1949, 194901 and 19490131."""

PROPOSALS = (
    *("%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%y-%m-%d", "%b-%y", "%b %y", "%d-%b-%y", "%d %b %y"),
    *("%d/%m/%Y %I:%M %p", "%m/%d/%Y %I:%M %p", "%Y-%m-%d %I:%M %p", "%Y%m%d %H:%M", "%Y%m%d%H%M", "%Y%m%d%H%M%S"),
)
"""Formats that are never taken unasked, for they leave the century or more open, but proposed where one fits."""


def read_form(texts: Sequence[str], form: Form) -> Reading:
    """Return what `form` makes of `texts`; NaT where it does not fit or there is no such day.

    Examples
    --------
    >>> read_form(["1949Q2", "1949Q9"], DATE_FORMS[5]).times.astype("datetime64[D]")
    array(['1949-04-01',        'NaT'], dtype='datetime64[D]')
    """
    pattern = form.pattern
    matches = [pattern.fullmatch(text) for text in texts]
    if not any(matches):
        never = np.full(len(matches), np.datetime64("NaT"), dtype="datetime64[us]")
        return Reading(never, np.zeros(len(matches), dtype=np.bool_), ("",) * len(matches))

    def part(name: str, default: int) -> NDArray[np.int64]:
        if name not in pattern.groupindex:
            return np.full(len(matches), default)
        found = [match and match[name] for match in matches]
        return np.array([_number(text, name) if text else default for text in found], dtype=np.int64)

    year, day = part("year", 0), part("day", 1)
    month = part("word" if "word" in pattern.groupindex else "month", 1)
    month = 3 * part("quarter", 1) - 2 if "quarter" in pattern.groupindex else month
    days, exists = _monday(year, part("week", 1)) if "week" in pattern.groupindex else _date(year, month, day)
    hour, minute, second = part("hour", 0), part("minute", 0), part("second", 0)
    good = exists & (year > 0) & (hour < 24) & (minute < 60) & (second < 60)
    micros = ((hour * 60 + minute) * 60 + second) * 1_000_000 + part("fraction", 0)
    times = days.astype("datetime64[us]") + micros.astype("timedelta64[us]")
    clocked = "offset" in pattern.groupindex
    offsets = tuple(_offset(match["offset"]) if match and clocked else "" for match in matches)
    return Reading(np.where(good, times, np.datetime64("NaT")), good, offsets)


def read_format(texts: Sequence[str], format: str) -> Reading:
    """Return what ``datetime.strptime`` with `format` makes of `texts`.

    Examples
    --------
    >>> read_format(["31.12.99"], "%d.%m.%y").times.astype("datetime64[D]")
    array(['1999-12-31'], dtype='datetime64[D]')
    """
    found = [_strptime(text, format) for text in texts]
    times = np.array([time and time.replace(tzinfo=None) for time in found], dtype="datetime64[us]")
    return Reading(times, ~np.isnat(times), tuple(f"{time:%z}"[:5] if time else "" for time in found))


def read_whole(texts: Sequence[str]) -> Reading:
    """Return `texts` as whole numbers; 0 where they are none."""
    matches = [_WHOLE.fullmatch(text) for text in texts]
    good = np.array([match is not None for match in matches], dtype=np.bool_)
    return Reading(np.array([int(match[1]) if match else 0 for match in matches], dtype=np.int64), good)


def _number(text: str, name: str) -> int:
    """Return the number that a part stands for; 0 for a word that is no month."""
    if name == "fraction":
        return int(text[:6].ljust(6, "0"))
    if name == "word":
        return next((i for i, month in enumerate(_MONTHS, 1) if month.startswith(text.lower())), 0)
    return int(text)


def _date(year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]) -> tuple[NDArray[Any], Any]:
    """Return the days, and which of them exist."""
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    return days, (month >= 1) & (month <= 12) & (days.astype("datetime64[M]") == months)


def _monday(year: NDArray[np.int64], week: NDArray[np.int64]) -> tuple[NDArray[Any], Any]:
    """Return the Mondays of ISO weeks, and which exist: the first week of a year holds 4 January."""
    fourth = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]") + 3
    monday = fourth - (fourth.astype(np.int64) + 3) % 7 + (week - 1) * 7
    return monday, (week >= 1) & ((monday + 3).astype("datetime64[Y]").astype(np.int64) + 1970 == year)


def _offset(text: str | None) -> str:
    """Return a UTC offset in one spelling: ``+0100``."""
    if not text:
        return ""
    return "+0000" if text.upper() in ("Z", "UTC") else text.replace(":", "").ljust(5, "0")


def _strptime(text: str, format: str) -> datetime | None:
    try:
        return datetime.strptime(text, format)  # noqa: DTZ007
    except (ValueError, re.error):
        return None
